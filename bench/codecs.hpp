//! What is measured both as this program is built and as it is compiled for each level of the instruction set.
#pragma once

#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/coder/rans.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/block_scales.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/minifloat.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>

namespace bench {

//! f(variant, make) for each of them, where make() returns the Compressor.
template <class F>
void for_each_codec_of_levels(F f) {
    using namespace frugal;
    f("dithered-1-packed", [] { return scalar_compressor{dithered{.levels = 1}, max_norm{}, packed{}}; });
    f("dithered-1-packed-feedback",
      [] { return error_feedback{scalar_compressor{dithered{.levels = 1}, max_norm{}, packed{}}}; });
    f("dithered-1-rans", [] { return scalar_compressor{dithered{.levels = 1}, max_norm{}, rans{}}; });
    f("dqsg", [] { return scalar_compressor{dithered{.levels = 3}, max_norm{}, radix{}}; });
    f("stochastic-4-packed", [] { return scalar_compressor{stochastic{.levels = 4}, l2_norm{}, packed{}}; });
    f("sign-packed", [] { return scalar_compressor{sign{}, mean_abs{}, packed{}}; });
    f("mxfp4", [] { return scalar_compressor{minifloat{2, 1}, shared_exponent{32}}; });
    f("top_k-0.01", [] { return sparse_compressor{top_k{.fraction = 0.01}}; });
}

}  // namespace bench
