//! frugal_bench: names are `operation/variant/bytes of float input`; `variant-naive` is the textbook scalar loop.
//! `bench/report` makes tables of its JSON output (`--benchmark_format=json`).

#include <string>

#include <frugal/dispatch.hpp>
#include <frugal/kernels/bit_lanes.hpp>
#include "setup.hpp"

int main(int argc, char** argv) {
    benchmark::AddCustomContext("frugal_popcount", frugal::kernels::popcount_path());
    benchmark::AddCustomContext("frugal_level", std::string(frugal::level_name(frugal::dispatch_level())));
    bench::add_kernels();
    bench::add_compressors();
    bench::add_levels();
    bench::add_nearest_codeword();
    bench::add_bits();
    return bench::run_benchmarks(argc, argv);
}
