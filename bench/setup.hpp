//! What all benchmarks share: the sizes, the input and its rotation.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/random.hpp>
#include <frugal/kernels/normals.hpp>

namespace bench {

//! Bytes of float input: a small vector, within the second-level cache, beyond it, the reference size, and beyond most
//! caches.
inline constexpr std::int64_t sizes[] = {4000, 262144, 4194304, 16777216, 134217728};

//! Normal numbers of variance 1, enough for the largest size; made on first use.
inline std::span<const float> normal_pool() {
    static const std::vector<float> pool = [] {
        std::vector<float> x(static_cast<std::size_t>(*std::max_element(std::begin(sizes), std::end(sizes))) / 4);
        frugal::kernels::fill_normal(frugal::random_stream({.seed = 1, .purpose = frugal::purposes::data}), x);
        return x;
    }();
    return pool;
}

//! How many vectors of `bytes` a benchmark cycles through: 32 MiB of them, so that one vector that fits a cache does
//! not
//! stay there from one iteration to the next.
inline std::size_t rotation(std::int64_t bytes) {
    return static_cast<std::size_t>(std::max<std::int64_t>(1, (std::int64_t{32} << 20) / bytes));
}

//! The same for the sizes up to 16 MiB, with 99 of 100 elements replaced by 0.
inline std::span<const float> sparse_pool() {
    static const std::vector<float> pool = [] {
        const auto normal = normal_pool();
        std::vector<float> x(normal.begin(), normal.begin() + (std::ptrdiff_t{32} << 18));
        const frugal::random_stream stream({.seed = 2, .purpose = frugal::purposes::data});
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = stream.below(100, i) == 0 ? x[i] : 0.0f;
        }
        return x;
    }();
    return pool;
}

//! Cycles through vectors of state.range(0) bytes, by default normal ones.
class input {
public:
    explicit input(const benchmark::State& state, std::span<const float> pool = normal_pool())
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
class output {
public:
    explicit output(const benchmark::State& state)
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

//! Registers `name`/bytes for all sizes up to `largest`.
template <class F, class... Arguments>
void add(const std::string& name, std::int64_t largest, F f, Arguments... arguments) {
    auto* b = benchmark::RegisterBenchmark(name.c_str(), f, arguments...);
    for (const std::int64_t bytes : sizes) {
        if (bytes <= largest) {
            b->Arg(bytes);
        }
    }
}
inline constexpr std::int64_t all_sizes = sizes[4];
//! Textbook loops are slow; the largest size tells nothing new about them.
inline constexpr std::int64_t naive_sizes = sizes[3];

void add_kernels();
void add_compressors();
void add_nearest_codeword();

}  // namespace bench
