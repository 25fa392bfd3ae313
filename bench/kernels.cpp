//! Kernels alone: norms, random words, selection, elementwise sums, against memcpy.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/hadamard.hpp>
#include <frugal/kernels/normals.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/kernels/philox.hpp>
#include <frugal/kernels/quantize.hpp>
#include <frugal/kernels/select.hpp>
#include <frugal/quantize/dithered.hpp>
#include "setup.hpp"

namespace bench {
namespace {

//! A number from a vector.
template <class F>
void reduce(benchmark::State& state, F f, std::span<const float> pool = normal_pool()) {
    input x(state, pool);
    benchmark::DoNotOptimize(f(x.next()));  // allocates, where f has scratch
    for (auto _ : state) {
        benchmark::DoNotOptimize(f(x.next()));
    }
    count_bytes(state);
}

//! A vector from a vector.
template <class F>
void map(benchmark::State& state, F f) {
    input x(state);
    output y(state);
    for (auto _ : state) {
        const auto to = y.next();
        f(x.next(), to);
        benchmark::DoNotOptimize(to.data());
        benchmark::ClobberMemory();
    }
    count_bytes(state);
}

float max_abs_naive(std::span<const float> x) {
    float m = 0;
    for (const float v : x) {
        m = std::max(m, std::fabs(v));
    }
    return m;
}
double sum_abs_naive(std::span<const float> x) {
    double s = 0;
    for (const float v : x) {
        s += double(std::fabs(v));
    }
    return s;
}
double sum_squares_naive(std::span<const float> x) {
    double s = 0;
    for (const float v : x) {
        s += double(v) * double(v);
    }
    return s;
}

void random_words(benchmark::State& state) {
    std::vector<std::uint32_t> words(8192);
    const std::size_t n = static_cast<std::size_t>(state.range(0)) / 4;
    const frugal::random_stream stream({.seed = 1});
    for (auto _ : state) {
        for (std::size_t at = 0; at < n; at += words.size()) {
            frugal::kernels::random_words(stream, at, std::min(words.size(), n - at), words.data());
            benchmark::DoNotOptimize(words.data());
            benchmark::ClobberMemory();
        }
    }
    count_bytes(state);
}
void random_words_naive(benchmark::State& state) {
    std::vector<std::uint32_t> words(8192);
    const std::size_t n = static_cast<std::size_t>(state.range(0)) / 4;
    const frugal::random_stream stream({.seed = 1});
    for (auto _ : state) {
        for (std::size_t at = 0; at < n; at += words.size()) {
            for (std::size_t i = 0; i < std::min(words.size(), n - at); ++i) {
                words[i] = stream.word(at + i);
            }
            benchmark::DoNotOptimize(words.data());
            benchmark::ClobberMemory();
        }
    }
    count_bytes(state);
}

//! Symbols only, to a buffer in the first-level cache.
void quantize(benchmark::State& state) {
    input x(state);
    std::vector<std::uint8_t> symbols(8192);
    const frugal::random_stream dither({.seed = 1});
    for (auto _ : state) {
        const auto from = x.next();
        for (std::size_t at = 0; at < from.size(); at += symbols.size()) {
            frugal::kernels::quantize(frugal::dithered{.levels = 1},
                                      from.subspan(at, std::min(symbols.size(), from.size() - at)), 0.2f, dither, at,
                                      symbols.data());
            benchmark::DoNotOptimize(symbols.data());
            benchmark::ClobberMemory();
        }
    }
    count_bytes(state);
}

template <class Arch>
void normals(benchmark::State& state) {
    std::vector<float> x(8192);
    const std::size_t n = static_cast<std::size_t>(state.range(0)) / 4;
    std::uint64_t round = 0;
    for (auto _ : state) {
        for (std::size_t at = 0; at < n; at += x.size()) {
            frugal::kernels::fill_normal<Arch>(frugal::random_stream({.seed = 1, .round = round++}),
                                               std::span(x).first(std::min(x.size(), n - at)));
            benchmark::DoNotOptimize(x.data());
            benchmark::ClobberMemory();
        }
    }
    count_bytes(state);
}
//! In place, again and again: no instruction takes longer for what has overflowed.
template <class F>
void in_place(benchmark::State& state, F f) {
    output y(state);
    for (auto _ : state) {
        const auto x = y.next();
        f(x);
        benchmark::DoNotOptimize(x.data());
        benchmark::ClobberMemory();
    }
    count_bytes(state);
}
void hadamard_naive(std::span<float> x, std::size_t block) {
    for (std::size_t at = 0; at < x.size(); at += block) {
        for (std::size_t h = block / 2; h > 0; h /= 2) {
            for (std::size_t i = at; i < at + block; i += 2 * h) {
                for (std::size_t j = i; j < i + h; ++j) {
                    const float a = x[j];
                    x[j] = a + x[j + h];
                    x[j + h] = a - x[j + h];
                }
            }
        }
    }
}

void top_k(benchmark::State& state, std::span<const float> (*pool)()) {
    std::vector<std::uint32_t> indices;
    reduce(
        state, [&](std::span<const float> x) { return frugal::kernels::select_top_k(x, x.size() / 100, indices); },
        pool());
}
void top_k_naive(benchmark::State& state) {
    std::vector<std::uint32_t> indices;
    reduce(state, [&](std::span<const float> x) {
        indices.resize(x.size());
        std::iota(indices.begin(), indices.end(), 0u);
        const auto k = static_cast<std::ptrdiff_t>(x.size() / 100);
        std::nth_element(indices.begin(), indices.begin() + k, indices.end(), [&](std::uint32_t a, std::uint32_t b) {
            const float p = std::fabs(x[a]);
            const float q = std::fabs(x[b]);
            return p > q || (p == q && a < b);
        });
        std::sort(indices.begin(), indices.begin() + k);
        return indices.front();
    });
}

}  // namespace

void add_kernels() {
    namespace k = frugal::kernels;
    using vector = std::span<const float>;
    const auto add_reduction = [](const std::string& name, auto fast, auto naive) {
        add(name + "/-", all_sizes, [=](benchmark::State& state) { reduce(state, fast); });
        add(name + "/--naive", naive_sizes, [=](benchmark::State& state) { reduce(state, naive); });
    };
    add_reduction("max_abs", [](vector x) { return k::max_abs(x); }, max_abs_naive);
    add_reduction(
        "l2", [](vector x) { return std::sqrt(k::sum_squares(x)); },
        [](vector x) { return std::sqrt(sum_squares_naive(x)); });
    add_reduction(
        "mean_abs", [](vector x) { return k::sum_abs(x) / static_cast<double>(x.size()); },
        [](vector x) { return sum_abs_naive(x) / static_cast<double>(x.size()); });
    add("axpy/-", all_sizes,
        [](benchmark::State& state) { map(state, [](vector x, std::span<float> y) { k::axpy(0.5f, x, y); }); });
    add("axpy/--naive", naive_sizes, [](benchmark::State& state) {
        map(state, [](vector x, std::span<float> y) { k::axpy<frugal::scalar_arch>(0.5f, x, y); });
    });
    add("mean_of/4", all_sizes, [](benchmark::State& state) {
        map(state, [](vector x, std::span<float> y) {
            const std::size_t n = y.size() / 4;
            const float* const parts[] = {x.data(), x.data() + n, x.data() + 2 * n, x.data() + 3 * n};
            k::mean_of(parts, y.first(n));
        });
    });
    for (const std::size_t block : {std::size_t{64}, std::size_t{4096}}) {
        const std::string name = "hadamard/" + std::to_string(block);
        const auto in_blocks = [block](auto transform) {
            return [=](benchmark::State& state) {
                in_place(state, [&](std::span<float> x) { transform(x.first(x.size() / block * block), block); });
            };
        };
        add(name, all_sizes, in_blocks([](std::span<float> x, std::size_t n) { k::hadamard(x, n); }));
        add(name + "-naive", naive_sizes, in_blocks(hadamard_naive));
    }
    add("random/signs", naive_sizes, [](benchmark::State& state) {
        map(state,
            [](vector x, std::span<float> y) { k::random_signs(frugal::random_stream({.seed = 1}), 0, 0.5f, x, y); });
    });
    add("random/philox", naive_sizes, random_words);
    add("random/philox-naive", naive_sizes, random_words_naive);
    add("random/normal", naive_sizes, normals<frugal::default_arch>);
    add("random/normal-naive", naive_sizes, normals<frugal::scalar_arch>);
    add("quantize/dithered-1", naive_sizes, quantize);
    add("top_k/0.01", all_sizes, top_k, normal_pool);
    add("top_k/0.01-sparse", naive_sizes, top_k, sparse_pool);
    add("top_k/0.01-naive", naive_sizes, top_k_naive);
}

}  // namespace bench
