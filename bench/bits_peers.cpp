//! What packed bits are measured against: a BLAS, and FAISS's index for Hamming distances where it is installed.

#include <cstdint>
#include <memory>
#include <vector>

#include <frugal/data/dataset.hpp>
#include <frugal/model/blas.hpp>
#include <frugal/objective/mlp.hpp>
#include "bit_samples.hpp"
#include "setup.hpp"

#if defined(FRUGAL_BENCH_FAISS)
#include <faiss/IndexBinaryFlat.h>
#include <omp.h>
#endif

namespace bench {
namespace {

void float_product(benchmark::State& state) {
    const auto [rows, columns, depth] = gemm_shape;
    const auto pool = normal_pool();
    const auto a = pool.first(rows * depth);
    const auto b = pool.subspan(rows * depth, columns * depth);
    std::vector<float> c(rows * columns);
    frugal::blas::use_one_thread_per_call();
    const auto size = [](std::size_t n) { return static_cast<int>(n); };
    for (auto _ : state) {
        frugal::blas::call(CblasNoTrans, CblasTrans, size(rows), size(columns), size(depth), a.data(), size(depth),
                           b.data(), size(depth), 0.0f, c.data(), size(columns));
        benchmark::DoNotOptimize(c.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * gemm_shape.operations());
}

//! Scores of a multilayer perceptron. range(0): samples at once.
void float_inference(benchmark::State& state) {
    const auto samples = static_cast<std::size_t>(state.range(0));
    const auto pool = normal_pool();
    const auto x = pool.first(samples * network_widths[0]);
    const frugal::dataset data({x.begin(), x.end()}, std::vector<std::uint32_t>(samples), network_widths[0],
                               network_widths[3]);
    frugal::mlp network(data, {network_widths[1], network_widths[2]});
    const auto w = pool.first(network.dimension());
    std::vector<float> scores(samples * network_widths[3]);
    network.logits(w, {}, scores);
    for (auto _ : state) {
        network.logits(w, {}, scores);
        benchmark::DoNotOptimize(scores.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

#if defined(FRUGAL_BENCH_FAISS)
//! The nearest of `columns` vectors for each of `rows`.
void hamming_index(benchmark::State& state) {
    const auto [rows, columns, depth] = gemm_shape;
    const frugal::bit_matrix a = random_bits(rows, depth, 1);
    const frugal::bit_matrix b = random_bits(columns, depth, 2);
    const auto bytes = [](const frugal::bit_matrix& m) {
        return reinterpret_cast<const std::uint8_t*>(m.words().data());
    };
    omp_set_num_threads(1);
    faiss::IndexBinaryFlat index(static_cast<faiss::IndexBinary::idx_t>(depth));
    index.add(static_cast<faiss::IndexBinary::idx_t>(columns), bytes(b));
    std::vector<std::int32_t> distances(rows);
    std::vector<faiss::IndexBinary::idx_t> labels(rows);
    for (auto _ : state) {
        index.search(static_cast<faiss::IndexBinary::idx_t>(rows), bytes(a), 1, distances.data(), labels.data());
        benchmark::DoNotOptimize(distances.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * gemm_shape.operations());
    state.SetLabel("FAISS " + std::to_string(FAISS_VERSION_MAJOR) + "." + std::to_string(FAISS_VERSION_MINOR) + "." +
                   std::to_string(FAISS_VERSION_PATCH));
}
#endif

//! This file is only built where there is a BLAS, so it makes itself known.
[[maybe_unused]] const bool registered = [] {
    benchmark::RegisterBenchmark(("sgemm/" + gemm_shape.name()).c_str(), float_product);
    benchmark::RegisterBenchmark((std::string("mlp_inference/") + network_name).c_str(), float_inference)
        ->Arg(1)
        ->Arg(256);
#if defined(FRUGAL_BENCH_FAISS)
    benchmark::RegisterBenchmark(("hamming-faiss/" + gemm_shape.name()).c_str(), hamming_index);
#endif
    return true;
}();

}  // namespace
}  // namespace bench
