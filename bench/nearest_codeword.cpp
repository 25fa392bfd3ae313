//! The search for the nearest codeword, against FAISS's and against the machine's multiply-adds; names are
//! `nearest_codeword/dimension-codewords`. Items are vectors, or multiply-adds.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <frugal/kernels/batch.hpp>
#include <frugal/kernels/codebook_search.hpp>
#include <frugal/kernels/normals.hpp>
#include "setup.hpp"

#if defined(FRUGAL_BENCH_FAISS)
#include <faiss/IndexFlat.h>
#include <faiss/utils/utils.h>
#include <omp.h>
#endif

namespace bench {
namespace {

constexpr std::size_t vectors = 8192;

std::vector<float> codebook(std::size_t dimension, std::size_t codewords) {
    std::vector<float> rows(dimension * codewords);
    frugal::kernels::fill_normal(frugal::random_stream({.seed = 3, .purpose = frugal::purposes::data}), rows);
    return rows;
}

void nearest(benchmark::State& state, std::size_t dimension, std::size_t codewords) {
    frugal::kernels::search_codebook c;
    c.assign_nearest(codebook(dimension, codewords), dimension);
    std::vector<std::uint32_t> best(vectors);
    for (auto _ : state) {
        frugal::kernels::search(c, normal_pool().first(vectors * dimension), best);
        benchmark::DoNotOptimize(best.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(vectors));
}

void nearest_naive(benchmark::State& state, std::size_t dimension, std::size_t codewords) {
    const auto rows = codebook(dimension, codewords);
    std::vector<std::uint32_t> best(vectors);
    for (auto _ : state) {
        const float* x = normal_pool().data();
        for (std::size_t i = 0; i < vectors; ++i, x += dimension) {
            float least = 0;
            for (std::size_t m = 0; m < codewords; ++m) {
                float distance = 0;
                for (std::size_t j = 0; j < dimension; ++j) {
                    const float e = x[j] - rows[m * dimension + j];
                    distance += e * e;
                }
                if (m == 0 || distance < least) {
                    least = distance;
                    best[i] = static_cast<std::uint32_t>(m);
                }
            }
        }
        benchmark::DoNotOptimize(best.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(vectors));
}

#if defined(FRUGAL_BENCH_FAISS)

void nearest_faiss(benchmark::State& state, std::size_t dimension, std::size_t codewords) {
    omp_set_num_threads(1);
    faiss::IndexFlatL2 index(static_cast<std::int64_t>(dimension));
    index.add(static_cast<std::int64_t>(codewords), codebook(dimension, codewords).data());
    std::vector<float> distances(vectors);
    std::vector<std::int64_t> best(vectors);
    for (auto _ : state) {
        index.search(vectors, normal_pool().data(), 1, distances.data(), best.data());
        benchmark::DoNotOptimize(best.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(vectors));
}

#endif

//! As many independent multiply-adds as hide their latency: what the machine can do at most.
void peak(benchmark::State& state) {
    constexpr int sums = 12;
    constexpr int rounds = 1000;
    std::size_t lanes = 1;
    [[maybe_unused]] const auto run = [&]<int... i>(std::integer_sequence<int, i...>, auto zero, auto multiply_add) {
        auto value = zero;
        decltype(zero) sum[sums] = {((void)i, zero)...};
        for (auto _ : state) {
            benchmark::DoNotOptimize(value);
            for (int k = 0; k < rounds; ++k) {
                ((sum[i] = multiply_add(sum[i], value, value)), ...);
            }
            ((benchmark::DoNotOptimize(sum[i])), ...);
        }
    };
    if constexpr (frugal::SimdArch<frugal::default_arch>) {
#if defined(FRUGAL_HAS_SIMD)
        using operations = frugal::kernels::lane_operations<frugal::default_arch>;
        using batch = frugal::kernels::float_batch<frugal::default_arch>;
        lanes = batch::size;
        run(std::make_integer_sequence<int, sums>{}, batch(0.5f),
            [](const batch& a, const batch& b, const batch& c) { return operations::multiply_add(a, b, c); });
#endif
    } else {
        run(std::make_integer_sequence<int, sums>{}, 0.5f, [](float a, float b, float c) { return a * b + c; });
    }
    state.SetItemsProcessed(state.iterations() * std::int64_t{rounds} * sums * static_cast<std::int64_t>(lanes));
}

}  // namespace

void add_nearest_codeword() {
#if defined(FRUGAL_BENCH_FAISS)
    benchmark::AddCustomContext("faiss", std::to_string(FAISS_VERSION_MAJOR) + '.' +
                                             std::to_string(FAISS_VERSION_MINOR) + '.' +
                                             std::to_string(FAISS_VERSION_PATCH) + ' ' + faiss::get_compile_options());
#endif
    benchmark::RegisterBenchmark("multiply_add/peak", peak);
    for (const auto& [d, m] : {std::pair{8, 256}, std::pair{16, 1024}, std::pair{16, 8192}}) {
        const auto dimension = static_cast<std::size_t>(d);
        const auto codewords = static_cast<std::size_t>(m);
        const std::string size = '/' + std::to_string(d) + '-' + std::to_string(m);
        benchmark::RegisterBenchmark(("nearest_codeword" + size).c_str(), nearest, dimension, codewords);
#if defined(FRUGAL_BENCH_FAISS)
        benchmark::RegisterBenchmark(("nearest_codeword-faiss" + size).c_str(), nearest_faiss, dimension, codewords);
#endif
        if (m <= 1024) {
            benchmark::RegisterBenchmark(("nearest_codeword-naive" + size).c_str(), nearest_naive, dimension,
                                         codewords);
        }
    }
}

}  // namespace bench
