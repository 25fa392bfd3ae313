//! frugal_bench: names are `operation/variant/bytes of float input`; `variant-naive` is the textbook scalar loop.
//! `bench/report` makes tables of its JSON output (`--benchmark_format=json`).

#include <frugal/kernels/bit_lanes.hpp>
#include "setup.hpp"

int main(int argc, char** argv) {
    benchmark::AddCustomContext("frugal_popcount", frugal::kernels::popcount_path());
    bench::add_kernels();
    bench::add_compressors();
    bench::add_nearest_codeword();
    bench::add_bits();
    return bench::run_benchmarks(argc, argv);
}
