//! Packed bits: products of matrices and of vectors, and the rate at which this machine counts bits in registers.

#include <cstring>
#include <utility>
#include <vector>

#include <frugal/boolean/inference.hpp>
#include <frugal/core/bit_matrix.hpp>
#include <frugal/kernels/bit_dot.hpp>
#include <frugal/kernels/bit_gemm.hpp>
#include "bit_samples.hpp"
#include "setup.hpp"

namespace bench {
namespace {

namespace k = frugal::kernels;

//! XOR, count and add, on as many independent sums as hide their latency, and nothing else.
template <std::size_t... c>
void count_peak(benchmark::State& state, std::index_sequence<c...>) {
    using lanes = k::bit_lanes<frugal::default_arch>;
    constexpr std::size_t repeats = 31 * 64;
    auto x = lanes::broadcast(0x12345678u);
    const typename lanes::vector y[] = {lanes::broadcast(static_cast<std::uint32_t>(c))...};
    typename lanes::vector sum[] = {((void)c, lanes::zero())...};
    for (auto _ : state) {
        for (std::size_t i = 0; i < repeats; ++i) {
            x = frugal::rounded(x);  // for all the compiler knows, another
            ((sum[c] = lanes::add(sum[c], lanes::count(lanes::exclusive_or(x, y[c])))), ...);
        }
        (benchmark::DoNotOptimize(sum[c]), ...);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(repeats * sizeof...(c) * lanes::lanes * 64));
}

//! f(a, b, c) for `rows` x depth and `columns` x depth matrices; two operations for each pair of bits.
template <class B, class F>
void product(benchmark::State& state, const B& b, F f) {
    const frugal::bit_matrix a = random_bits(gemm_shape.rows, gemm_shape.depth, 1);
    std::vector<std::int32_t> c(gemm_shape.rows * gemm_shape.columns);
    for (auto _ : state) {
        f(a, b, c);
        benchmark::DoNotOptimize(c.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * gemm_shape.operations());
}

void boolean_product(benchmark::State& state) {
    product(state, random_bits(gemm_shape.columns, gemm_shape.depth, 2),
            [](const auto& a, const auto& b, auto& c) { k::boolean_gemm(a, b, c); });
}
void prepared_product(benchmark::State& state) {
    const frugal::bit_matrix b = random_bits(gemm_shape.columns, gemm_shape.depth, 2);
    product(state, k::bit_panels(b), [](const auto& a, const auto& panels, auto& c) { k::boolean_gemm(a, panels, c); });
}
void ternary_product(benchmark::State& state) {
    const frugal::bit_matrix nonzero = random_bits(gemm_shape.columns, gemm_shape.depth, 2);
    const frugal::bit_matrix positive = random_bits(gemm_shape.columns, gemm_shape.depth, 3);
    frugal::ternary_matrix b(gemm_shape.columns, gemm_shape.depth);
    for (std::size_t i = 0; i < b.rows(); ++i) {
        for (std::size_t j = 0; j < b.columns(); ++j) {
            b.set(i, j, !nonzero(i, j) ? 0 : positive(i, j) ? 1 : -1);
        }
    }
    product(state, b, [](const auto& a, const auto& t, auto& c) { k::ternary_gemm(a, t, c); });
}

//! Textbook: a word at a time.
void boolean_product_naive(benchmark::State& state) {
    product(state, random_bits(gemm_shape.columns, gemm_shape.depth, 2), [](const auto& a, const auto& b, auto& c) {
        for (std::size_t i = 0; i < a.rows(); ++i) {
            for (std::size_t j = 0; j < b.rows(); ++j) {
                int differing = 0;
                for (std::size_t w = 0; w < a.stride(); ++w) {
                    differing += std::popcount(a.row(i).words()[w] ^ b.row(j).words()[w]);
                }
                c[i * b.rows() + j] = static_cast<std::int32_t>(a.columns()) - 2 * differing;
            }
        }
    });
}

//! Both vectors count as bytes read; cycles through as many pairs as memcpy/- cycles through vectors.
void dot(benchmark::State& state) {
    const std::int64_t bytes = state.range(0);
    const std::size_t count = rotation(bytes);
    const frugal::bit_matrix x = random_bits(2 * count, static_cast<std::size_t>(bytes) * 4, 5);
    std::size_t at = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(k::xnor_dot(x.row(2 * at), x.row(2 * at + 1)));
        at = at + 1 < count ? at + 1 : 0;
    }
    count_bytes(state);
}

//! A network as it is exported: levels for the pixels, hidden Boolean layers, a real last one. range(0): samples at
//! once.
void inference(benchmark::State& state) {
    frugal::boolean_network network;
    network.stages.push_back(frugal::threshold_stage{std::vector<float>(network_widths[0])});
    for (std::size_t i = 1; i + 1 < std::size(network_widths); ++i) {
        const frugal::bit_matrix bits =
            random_bits(network_widths[i], 64 * frugal::words_for(network_widths[i - 1]), i);
        frugal::boolean_stage stage{frugal::bit_matrix(network_widths[i], network_widths[i - 1]),
                                    std::vector<std::int32_t>(network_widths[i]),
                                    frugal::bit_vector(network_widths[i])};
        for (std::size_t r = 0; r < stage.outputs(); ++r) {
            for (std::size_t c = 0; c < stage.inputs(); ++c) {
                stage.weight.set(r, c, bits(r, c));
            }
        }
        network.stages.push_back(std::move(stage));
    }
    const std::size_t last = std::size(network_widths) - 1;
    const auto weights = normal_pool().first(network_widths[last] * network_widths[last - 1]);
    network.stages.push_back(frugal::real_stage{.width = network_widths[last - 1],
                                                .weight{weights.begin(), weights.end()},
                                                .bias = std::vector<float>(network_widths[last])});
    const frugal::boolean_inference run(std::move(network));
    const auto samples = static_cast<std::size_t>(state.range(0));
    std::vector<float> scores(samples * run.classes());
    for (auto _ : state) {
        run.scores(normal_pool().first(samples * run.inputs()), scores);
        benchmark::DoNotOptimize(scores.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace

void add_bits() {
    const auto add_one = [](const std::string& operation, const std::string& variant, auto f) {
        return benchmark::RegisterBenchmark((operation + '/' + variant).c_str(), f);
    };
    add_one("popcount_peak", k::popcount_path(),
            [](benchmark::State& state) { count_peak(state, std::make_index_sequence<12>{}); });
    add_one("boolean_gemm", gemm_shape.name(), boolean_product);
    add_one("boolean_gemm-prepared", gemm_shape.name(), prepared_product);
    add_one("boolean_gemm-naive", gemm_shape.name(), boolean_product_naive);
    add_one("ternary_gemm", gemm_shape.name(), ternary_product);
    add_one("xnor_dot", "1Mbit", dot)->Arg(262144);
    add_one("boolean_inference", network_name, inference)->Arg(1)->Arg(256);
}

}  // namespace bench
