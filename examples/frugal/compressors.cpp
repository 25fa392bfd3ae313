//! The compressors of the command line: leaf factories and combinators over the type-erased models.
#include <frugal/compress/alternating.hpp>
#include <frugal/compress/codebook.hpp>
#include <frugal/compress/coder/elias.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/coder/rans.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/compress/stovoq.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/natural.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "registries.hpp"

namespace frugal::driver {
namespace {

constexpr std::int64_t most_levels = 1 << 20;
constexpr double most = 1e30;

template <class Q>
any_compressor scalar_of(Q q, any_scale s, any_coder c) {
    return scalar_compressor<Q, any_scale, any_coder>(std::move(q), std::move(s), std::move(c));
}

int integer(const arguments& a, std::string_view name, std::int64_t low, std::int64_t high) {
    return static_cast<int>(a.integer(name, low, high));
}

std::size_t bucket_of(const arguments& a) {
    return static_cast<std::size_t>(a.integer("bucket", 0, 1 << 30));
}

//! fraction or count, exactly one of them.
template <class Selector>
Selector with_amount(const arguments& a, Selector s) {
    if (a.given("count")) {
        if (a.given("fraction")) {
            fail_at(a["count"], "give either fraction or count, not both");
        }
        s.count = static_cast<std::size_t>(a.integer("count", 1, std::int64_t{1} << 40));
        s.fraction = 0;
    } else {
        s.fraction = a.number("fraction", 1e-12, 1);
    }
    return s;
}

}  // namespace

const registry<any_scale>& scales() {
    static const registry<any_scale> r(
        "scale", {{"max_norm", "max |x_i|", {}, [](const arguments&) { return any_scale(max_norm{}); }},
                  {"l2_norm", "Euclidean norm", {}, [](const arguments&) { return any_scale(l2_norm{}); }},
                  {"mean_abs", "mean |x_i|", {}, [](const arguments&) { return any_scale(mean_abs{}); }},
                  {"fixed",
                   "an agreed step",
                   {{"kappa", "", "the step"}},
                   [](const arguments& a) {
                       return any_scale(fixed{.kappa = static_cast<float>(a.number("kappa", 1e-30, most))});
                   }},
                  {"bucketed",
                   "a scale per bucket of consecutive coordinates",
                   {{"scale", "max_norm", "the scale of a bucket"}, {"size", "4096", "coordinates per bucket"}},
                   [](const arguments& a) {
                       return any_scale(bucketed<any_scale>{scales().build(a["scale"]),
                                                            static_cast<std::size_t>(a.integer("size", 1, 1 << 30))});
                   }}});
    return r;
}

const registry<any_coder>& coders() {
    static const registry<any_coder> r(
        "coder",
        {{"packed", "whole bits per symbol", {}, [](const arguments&) { return any_coder(packed{}); }},
         {"radix",
          "dense: 5 trits a byte, 17 symbols of 7 in 48 bits",
          {},
          [](const arguments&) { return any_coder(radix{}); }},
         {"range_coder", "adaptive arithmetic coding", {}, [](const arguments&) { return any_coder(range_coder{}); }},
         {"rans", "static interleaved rANS, fast", {}, [](const arguments&) { return any_coder(rans{}); }},
         {"elias", "Elias codes of run lengths and levels (QSGD)", {}, [](const arguments&) {
              return any_coder(elias{});
          }}});
    return r;
}

const registry<any_compressor, any_scale, any_coder>& quantizers() {
    static const registry<any_compressor, any_scale, any_coder> r(
        "quantizer",
        {{"dithered",
          "uniform with subtractive dither (DQSG)",
          {{"levels", "1", "levels on each side of zero"}},
          [](const arguments& a, any_scale s, any_coder c) {
              return scalar_of(dithered{.levels = integer(a, "levels", 1, most_levels)}, std::move(s), std::move(c));
          }},
         {"one_bit_dithered",
          "one bit with subtractive dither",
          {},
          [](const arguments&, any_scale s, any_coder c) {
              return scalar_of(one_bit_dithered{}, std::move(s), std::move(c));
          }},
         {"half_dithered",
          "dithered, not subtracted by the receiver",
          {{"levels", "1", "levels on each side of zero"}, {"dithers", "1", "1 uniform or 2 triangular"}},
          [](const arguments& a, any_scale s, any_coder c) {
              return scalar_of(
                  half_dithered{.levels = integer(a, "levels", 1, most_levels), .dithers = integer(a, "dithers", 1, 2)},
                  std::move(s), std::move(c));
          }},
         {"nested_dithered",
          "coarse cell left to the receiver's side information (NDQSG)",
          {{"fine", "1/3", "fine step relative to the scale"},
           {"coarse", "1", "coarse step relative to the scale"},
           {"shrink", "1", "shrink factor a in (0, 1]"}},
          [](const arguments& a, any_scale s, any_coder c) {
              return scalar_of(nested_dithered{.fine = a.number("fine", 1e-6, 1e6),
                                               .coarse = a.number("coarse", 1e-6, 1e6),
                                               .shrink = a.number("shrink", 1e-6, 1)},
                               std::move(s), std::move(c));
          }},
         {"stochastic",
          "stochastic rounding (QSGD; l2_norm for the original form)",
          {{"levels", "1", "levels on each side of zero"}},
          [](const arguments& a, any_scale s, any_coder c) {
              return scalar_of(stochastic{.levels = integer(a, "levels", 1, most_levels)}, std::move(s), std::move(c));
          }},
         {"ternary",
          "TernGrad",
          {},
          [](const arguments&, any_scale s, any_coder c) { return scalar_of(ternary{}, std::move(s), std::move(c)); }},
         {"sign",
          "one bit; use mean_abs and error feedback",
          {},
          [](const arguments&, any_scale s, any_coder c) { return scalar_of(sign{}, std::move(s), std::move(c)); }},
         {"natural",
          "unbiased rounding to powers of two",
          {{"levels", "8", "powers of two below the scale"}},
          [](const arguments& a, any_scale s, any_coder c) {
              return scalar_of(natural{.levels = integer(a, "levels", 1, 64)}, std::move(s), std::move(c));
          }},
         {"dorefa",
          "DoReFa's uniform gradient quantizer",
          {{"bits", "2", "bits per coordinate"}},
          [](const arguments& a, any_scale s, any_coder c) {
              return scalar_of(dorefa{.bits = integer(a, "bits", 1, 16)}, std::move(s), std::move(c));
          }}});
    return r;
}

const registry<any_compressor, any_compressor>& selectors() {
    static const registry<any_compressor, any_compressor> r(
        "selector", {{"top_k",
                      "the largest magnitudes",
                      {{"fraction", "0.01", "share of the coordinates"}, {"count", "0", "or their number"}},
                      [](const arguments& a, any_compressor v) -> any_compressor {
                          return sparse_compressor{with_amount(a, top_k{}), std::move(v)};
                      }},
                     {"random_k",
                      "coordinates drawn from the shared seed, without indices on the wire",
                      {{"fraction", "0.01", "share of the coordinates"},
                       {"count", "0", "or their number"},
                       {"unbiased", "true", "scale by d/k"}},
                      [](const arguments& a, any_compressor v) -> any_compressor {
                          auto s = with_amount(a, random_k{});
                          s.unbiased = a.flag("unbiased");
                          return sparse_compressor{s, std::move(v)};
                      }},
                     {"threshold",
                      "magnitudes of at least `value`",
                      {{"value", "", "the threshold"}},
                      [](const arguments& a, any_compressor v) -> any_compressor {
                          return sparse_compressor{threshold{.value = static_cast<float>(a.number("value", 0, most))},
                                                   std::move(v)};
                      }},
                     {"variance_budget",
                      "unbiased sparsification of relative variance epsilon",
                      {{"epsilon", "1", "the budget"}},
                      [](const arguments& a, any_compressor v) -> any_compressor {
                          return sparse_compressor{
                              variance_budget{.epsilon = static_cast<float>(a.number("epsilon", 1e-6, most))},
                              std::move(v)};
                      }}});
    return r;
}

const registry<any_compressor>& compressors() {
    static const registry<any_compressor> r(
        "compressor",
        {{"identity",
          "no compression, 32 bits a coordinate",
          {},
          [](const arguments&) -> any_compressor { return identity{}; }},
         {"scalar",
          "a scale per message or bucket, a symbol per coordinate",
          {{"quantizer", "", "see quantizers"}, {"scale", "max_norm", "see scales"}, {"coder", "packed", "see coders"}},
          [](const arguments& a) {
              return quantizers().build(a["quantizer"], scales().build(a["scale"]), coders().build(a["coder"]));
          }},
         {"sparse",
          "some coordinates, their values by an inner compressor",
          {{"selector", "", "top_k, random_k, threshold or variance_budget"}, {"values", "identity", "a compressor"}},
          [](const arguments& a) { return selectors().build(a["selector"], compressors().build(a["values"])); }},
         {"one_bit",
          "sign with the mean of each class (1-bit SGD); use with error feedback",
          {{"coder", "packed", "see coders"}, {"bucket", "0", "coordinates that share two means; 0 for all"}},
          [](const arguments& a) -> any_compressor {
              return codebook_compressor<one_bit, any_coder>(one_bit{}, coders().build(a["coder"]), bucket_of(a));
          }},
         {"lloyd_max",
          "the best deterministic codebook for each vector",
          {{"levels", "4", "codewords"},
           {"coder", "packed", "see coders"},
           {"bucket", "0", "coordinates that share a codebook; 0 for all"}},
          [](const arguments& a) -> any_compressor {
              return codebook_compressor<lloyd_max, any_coder>(lloyd_max{.levels = integer(a, "levels", 2, 256)},
                                                               coders().build(a["coder"]), bucket_of(a));
          }},
         {"stovoq",
          "unbiased vector quantization with a codebook regenerated from the seed",
          {{"dimension", "8", "coordinates per codeword"},
           {"codewords", "256", "codebook size, a power of two"},
           {"bias_bits", "3", "bits of the radial correction"}},
          [](const arguments& a) -> any_compressor {
              return stovoq{.dimension = integer(a, "dimension", 1, 64),
                            .codewords = integer(a, "codewords", 2, 1 << 20),
                            .bias_bits = integer(a, "bias_bits", 0, 16)};
          }},
         {"error_feedback",
          "adds what each message lost to the next",
          {{"compressor", "", "the compressor to correct"}},
          [](const arguments& a) -> any_compressor { return error_feedback{compressors().build(a["compressor"])}; }},
         {"alternating",
          "one compressor for even nodes, another for odd",
          {{"even", "", "for nodes 0, 2, 4, ..."}, {"odd", "", "for nodes 1, 3, 5, ..."}},
          [](const arguments& a) -> any_compressor {
              return alternating{compressors().build(a["even"]), compressors().build(a["odd"])};
          }},
         {"dqsg", "7 levels, dithered", "scalar(dithered(levels=3),max_norm,radix)"},
         {"ndqsg", "half dithered, half nested, steps 1/3 and 1",
          "alternating(scalar(dithered(levels=3),max_norm,radix),scalar(nested_dithered(fine=1/"
          "3,coarse=1),max_norm,radix))"},
         {"qsgd", "7 levels, stochastic rounding, max norm", "scalar(stochastic(levels=3),max_norm,radix)"},
         {"terngrad", "three levels, stochastic rounding", "scalar(ternary,max_norm,radix)"},
         {"signsgd", "sign and mean magnitude with error feedback", "error_feedback(scalar(sign,mean_abs,packed))"},
         {"one_bit_sgd", "sign and class means with error feedback", "error_feedback(one_bit)"},
         {"topk", "the largest 1 % with error feedback", "error_feedback(sparse(top_k(fraction=0.01)))"}});
    return r;
}

}  // namespace frugal::driver
