//! What the sources of frugal_bench share: frugal/testing/bench.hpp under short names.
#pragma once

#include <cstdint>
#include <string>

#include <frugal/testing/bench.hpp>

namespace bench {

using namespace frugal::testing;
using input = bench_input;
using output = bench_output;

//! Registers f(state, arguments...) as `name`/bytes for all sizes up to `largest`.
template <class F, class... Arguments>
void add(const std::string& name, std::int64_t largest, F f, Arguments... arguments) {
    add_benchmark(name, [=](benchmark::State& state) { f(state, arguments...); }, largest);
}

void add_bits();
void add_kernels();
void add_compressors();
void add_levels();
void add_nearest_codeword();

}  // namespace bench
