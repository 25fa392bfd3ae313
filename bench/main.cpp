//! frugal_bench: names are `operation/variant/bytes of float input`; `variant-naive` is the textbook scalar loop.
//! `bench/report` makes tables of its JSON output (`--benchmark_format=json`).

#include "setup.hpp"

int main(int argc, char** argv) {
    bench::add_kernels();
    bench::add_compressors();
    return bench::run_benchmarks(argc, argv);
}
