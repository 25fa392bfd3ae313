//! PowerSGD's arithmetic beside the BLAS calls that it consists of: rounds of one node, whose exchanges cost nothing.

#include <cstddef>
#include <vector>

#include <frugal/algorithm/decentralized.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/power_sgd.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/model/blas.hpp>
#include "setup.hpp"

namespace bench {
namespace {

constexpr std::size_t rows = 4096;
constexpr std::size_t cols = 1024;
constexpr std::size_t rank = 2;

void power_sgd(benchmark::State& state) {
    constexpr std::uint64_t rounds = 20;  // the engine's start and end are shared by so many
    using exchange = frugal::power_sgd<frugal::all_gather<>>;
    using node = frugal::averaging_node<exchange>;
    const auto x = normal_pool().first(rows * cols);
    for (auto _ : state) {
        frugal::population<node> nodes(1, 1, [&](std::uint32_t) {
            return node(exchange(frugal::all_gather{}, rows, cols, rank), std::vector<float>(x.begin(), x.end()));
        });
        frugal::run(frugal::tbb_engine{.threads = 1}, nodes, frugal::rounds{rounds});
        benchmark::DoNotOptimize(nodes[0].parameters().data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(rounds * rows * cols * sizeof(float)));
}

//! M += X;  P = M Q;  Q = M' P;  X = P Q';  M -= P Q': one call each, an addition first.
void blas_calls(benchmark::State& state) {
    frugal::blas::use_one_thread_per_call();
    const auto pool = normal_pool();
    std::vector<float> x(pool.begin(), pool.begin() + rows * cols), m(rows * cols), p(rows * rank),
        q(cols * rank, 1.0f);
    for (auto _ : state) {
        frugal::kernels::add(m, x, m);
        frugal::blas::call(CblasNoTrans, CblasNoTrans, rows, rank, cols, m.data(), cols, q.data(), rank, 0, p.data(),
                           rank);
        frugal::kernels::scale(1e-6f, p, p);  // stands for the orthonormal columns
        frugal::blas::call(CblasTrans, CblasNoTrans, cols, rank, rows, m.data(), cols, p.data(), rank, 0, q.data(),
                           rank);
        frugal::blas::call(CblasNoTrans, CblasTrans, rows, cols, rank, p.data(), rank, q.data(), rank, 0, x.data(),
                           cols);
        frugal::kernels::scale(-1.0f, p, p);
        frugal::blas::call(CblasNoTrans, CblasTrans, rows, cols, rank, p.data(), rank, q.data(), rank, 1, m.data(),
                           cols);
        benchmark::DoNotOptimize(m.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(rows * cols * sizeof(float)));
}

// Here and not in main, as this file is left out where there is no BLAS.
const bool registered = [] {
    benchmark::RegisterBenchmark("power_sgd/2-4096x1024/16777216", power_sgd);
    benchmark::RegisterBenchmark("power_sgd-blas/2-4096x1024/16777216", blas_calls);
    return true;
}();

}  // namespace
}  // namespace bench
