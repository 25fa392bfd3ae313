//! frugal_bench: names are `operation/variant/bytes of float input`; `variant-naive` is the textbook scalar loop.
//! `bench/report` makes tables of its JSON output (`--benchmark_format=json`).

#include <benchmark/benchmark.h>

#include <frugal/kernels/batch.hpp>
#include "setup.hpp"

#if defined(__linux__)
#include <sched.h>
#endif

int main(int argc, char** argv) {
#if defined(__linux__)
    // One core for the whole run: caches stay where the data is.
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(sched_getcpu()), &set);
    sched_setaffinity(0, sizeof set, &set);
#endif
    benchmark::AddCustomContext("frugal_architecture", frugal::default_arch::name());
    bench::add_kernels();
    bench::add_compressors();
    bench::add_nearest_codeword();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
        return 1;
    }
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
