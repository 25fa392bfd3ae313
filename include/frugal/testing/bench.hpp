//! Google Benchmarks of a quantizer, compressor or kernel of one's own, as `frugal_bench` measures the library's: a
//! program of five lines whose JSON output `bench/report` reads. Links Google Benchmark.
//!
//!     int main(int argc, char** argv) {
//!         using namespace frugal::testing;
//!         bench_quantizer("mid_rise", [] { return mid_rise{}; });
//!         bench_twin("dqsg");
//!         return run_benchmarks(argc, argv);
//!     }
//!
//! Names are operation/variant/bytes of float input: `encode/mid_rise/16777216` is compress (header and checksum
//! included), `decode_add/...` decompress_add. `run_benchmarks` adds `memcpy/-/...`, what speeds are compared with.
//! Each benchmark cycles through more vectors than caches hold, allocates before it is timed, and counts bytes of float
//! input.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

#include <frugal/catalogue.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/batch.hpp>
#include <frugal/kernels/normals.hpp>

namespace frugal::testing {

//! Bytes of float input: a small vector, within the second-level cache, beyond it, the reference size, and beyond most
//! caches.
inline constexpr std::int64_t bench_sizes[] = {4000, 262144, 4194304, 16777216, 134217728};
inline constexpr std::int64_t all_sizes = bench_sizes[4];
//! For what is slow: the largest size tells nothing new about it.
inline constexpr std::int64_t naive_sizes = bench_sizes[3];

//! Normal numbers of variance 1, enough for the largest size; made on first use.
inline std::span<const float> normal_pool() {
    static const std::vector<float> pool = [] {
        std::vector<float> x(static_cast<std::size_t>(all_sizes) / sizeof(float));
        kernels::fill_normal(random_stream({.seed = 1, .purpose = purposes::data}), x);
        return x;
    }();
    return pool;
}

//! How many vectors of `bytes` a benchmark cycles through: 32 MiB of them, so that one vector that fits a cache does
//! not stay there from one iteration to the next.
inline std::size_t rotation(std::int64_t bytes) {
    return static_cast<std::size_t>(std::max<std::int64_t>(1, (std::int64_t{32} << 20) / bytes));
}

//! Normal numbers for the sizes up to 16 MiB, with 99 of 100 elements replaced by 0.
inline std::span<const float> sparse_pool() {
    static const std::vector<float> pool = [] {
        const auto normal = normal_pool();
        std::vector<float> x(normal.begin(), normal.begin() + (std::ptrdiff_t{32} << 18));
        const random_stream stream({.seed = 2, .purpose = purposes::data});
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = stream.below(100, i) == 0 ? x[i] : 0.0f;
        }
        return x;
    }();
    return pool;
}

//! Cycles through vectors of state.range(0) bytes, by default normal ones.
class bench_input {
public:
    explicit bench_input(const benchmark::State& state, std::span<const float> pool = normal_pool())
        : pool_(pool), n_(static_cast<std::size_t>(state.range(0)) / 4), count_(rotation(state.range(0))) {}
    std::size_t size() const { return n_; }
    std::size_t count() const { return count_; }
    std::span<const float> vector(std::size_t i) const { return pool_.subspan(i % count_ * n_, n_); }
    std::span<const float> next() { return vector(at_++); }

private:
    std::span<const float> pool_;
    std::size_t n_;
    std::size_t count_;
    std::size_t at_ = 0;
};

//! Cycles through vectors to write to, as many as there are inputs; each page has been touched.
class bench_output {
public:
    explicit bench_output(const benchmark::State& state)
        : n_(static_cast<std::size_t>(state.range(0)) / 4),
          count_(rotation(state.range(0))),
          values_(n_ * count_, 1.0f) {}
    std::span<float> next() { return std::span(values_).subspan(at_++ % count_ * n_, n_); }

private:
    std::size_t n_;
    std::size_t count_;
    std::vector<float> values_;
    std::size_t at_ = 0;
};

//! Bytes per second means bytes of float input.
inline void count_bytes(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

//! Registers `name`/bytes for all sizes up to `largest`; f(benchmark::State&) does everything itself.
template <class F>
void add_benchmark(const std::string& name, F f, std::int64_t largest = all_sizes) {
    auto* b = benchmark::RegisterBenchmark(name.c_str(), f);
    for (const std::int64_t bytes : bench_sizes) {
        if (bytes <= largest) {
            b->Arg(bytes);
        }
    }
}

//! Of the message in that iteration.
inline random_key bench_key(std::uint64_t round) {
    return {.seed = 1, .round = round};
}

namespace detail {

inline void report_size(benchmark::State& state, const message& m) {
    count_bytes(state);
    state.counters["bits_per_element"] =
        8.0 * static_cast<double>(m.bytes().size()) / static_cast<double>(m.dimension());
}

template <class Make>
void encode(benchmark::State& state, Make make) {
    auto compressor = make();
    bench_input x(state);
    message m;
    std::uint64_t round = 0;
    compressor.compress(x.next(), bench_key(round++), m);  // allocates
    for (auto _ : state) {
        compressor.compress(x.next(), bench_key(round++), m);
        benchmark::DoNotOptimize(m.bytes().data());
    }
    report_size(state, m);
}

template <class Make>
void decode_add(benchmark::State& state, Make make) {
    auto compressor = make();
    bench_input x(state);
    bench_output y(state);
    std::vector<message> messages(x.count());
    for (std::size_t i = 0; i < messages.size(); ++i) {
        compressor.compress(x.next(), bench_key(i), messages[i]);
    }
    compressor.decompress_add(messages[0], bench_key(0), 0.25f, y.next());  // allocates
    std::size_t at = 0;
    for (auto _ : state) {
        const std::size_t i = at++ % messages.size();
        compressor.decompress_add(messages[i], bench_key(i), 0.25f, y.next());
        benchmark::ClobberMemory();
    }
    report_size(state, messages.front());
}

inline void copy(benchmark::State& state) {
    bench_input x(state);
    bench_output y(state);
    for (auto _ : state) {
        const auto to = y.next();
        std::memcpy(to.data(), x.next().data(), to.size_bytes());
        benchmark::DoNotOptimize(to.data());
        benchmark::ClobberMemory();
    }
    count_bytes(state);
}

}  // namespace detail

//! `encode/variant` and `decode_add/variant` of make(), a Compressor.
template <class Make>
void bench_compressor(const std::string& variant, Make make, std::int64_t largest = all_sizes) {
    static_assert(Compressor<std::invoke_result_t<Make>>, "bench_compressor: make() must return a Compressor");
    add_benchmark("encode/" + variant, [=](benchmark::State& state) { detail::encode(state, make); }, largest);
    add_benchmark("decode_add/" + variant, [=](benchmark::State& state) { detail::decode_add(state, make); }, largest);
}

//! The same of make(), a Quantizer, with its default scale and packed.
template <class Make>
void bench_quantizer(const std::string& variant, Make make, std::int64_t largest = all_sizes) {
    static_assert(Quantizer<std::invoke_result_t<Make>>, "bench_quantizer: make() must return a Quantizer");
    bench_compressor(variant, [=] { return scalar_compressor(make()); }, largest);
}

//! `operation/variant` of a kernel: f(x, y), which fills y from x, or f(x), which returns a number. Each run calls
//! a copy of f, which may keep scratch.
template <class F>
void bench_kernel(const std::string& operation, const std::string& variant, F f, std::int64_t largest = all_sizes,
                  std::span<const float> (*pool)() = normal_pool) {
    add_benchmark(
        operation + "/" + variant,
        [=](benchmark::State& state) {
            bench_input x(state, pool());
            F call = f;
            if constexpr (std::is_invocable_v<F&, std::span<const float>, std::span<float>>) {
                bench_output y(state);
                for (auto _ : state) {
                    const auto to = y.next();
                    call(x.next(), to);
                    benchmark::DoNotOptimize(to.data());
                    benchmark::ClobberMemory();
                }
            } else {
                benchmark::DoNotOptimize(call(x.next()));  // allocates, where f has scratch
                for (auto _ : state) {
                    benchmark::DoNotOptimize(call(x.next()));
                }
            }
            count_bytes(state);
        },
        largest);
}

//! A compressor of the catalogue beside one's own: `bench_twin("scalar(sign)")`. A program that calls this contains all
//! of them. In the benchmark's name a '/' of the expression is ':'.
inline void bench_twin(std::string_view expression, std::int64_t largest = all_sizes) {
    std::string variant(expression);
    std::ranges::replace(variant, '/', ':');
    const any_compressor twin = parse<any_compressor>(expression);
    bench_compressor(variant, [twin] { return twin; }, largest);
}

//! Adds memcpy and runs what was registered, on one core, as the arguments of Google Benchmark say. Returns the exit
//! status.
inline int run_benchmarks(int argc, char** argv) {
#if defined(__linux__)
    cpu_set_t set;  // one core for the whole run: caches stay where the data is
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(sched_getcpu()), &set);
    sched_setaffinity(0, sizeof set, &set);
#endif
    benchmark::AddCustomContext("frugal_architecture", default_arch::name());
    add_benchmark("memcpy/-", detail::copy);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 1;
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}

}  // namespace frugal::testing
