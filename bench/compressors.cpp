//! Whole messages: `encode/...` is compress (header and checksum included), `decode_add/...` is decompress_add.

#include <cmath>
#include <string>
#include <vector>

#include <frugal/compress/blocked.hpp>
#include <frugal/compress/codebook.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/coder/rans.hpp>
#include <frugal/compress/compressive_sampling.hpp>
#include <frugal/compress/cross_polytope.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/block_scales.hpp>
#include <frugal/compress/selector/chunked_top_k.hpp>
#include <frugal/compress/selector/random_k.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/compress/spherical_stovoq.hpp>
#include <frugal/compress/stovoq.hpp>
#include <frugal/compress/transform/hadamard.hpp>
#include <frugal/compress/transformed.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/e8.hpp>
#include <frugal/quantize/minifloat.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>
#include "codecs.hpp"
#include "setup.hpp"

namespace bench {
namespace {

template <class Make>
void add_codec(const std::string& variant, Make make, std::int64_t largest = all_sizes) {
    bench_compressor(variant, make, largest);
}

//! The dithered quantizer as one would write it down: one element after another, two bits each.
void encode_dithered_naive(benchmark::State& state) {
    input x(state);
    std::vector<std::byte> bytes;
    std::uint64_t round = 0;
    for (auto _ : state) {
        const auto from = x.next();
        const frugal::random_stream dither(bench_key(round++));
        float norm = 0;
        for (const float v : from) {
            norm = std::max(norm, std::fabs(v));
        }
        bytes.clear();
        frugal::payload_writer w(bytes);
        w.number(norm);
        for (std::size_t i = 0; i < from.size(); ++i) {
            const float index = std::floor(from[i] / norm + dither.centered(i) + 0.5f);
            w.bits(static_cast<std::uint64_t>(std::clamp(index, -1.0f, 1.0f) + 1.0f), 2);
        }
        w.align();
        benchmark::DoNotOptimize(bytes.data());
    }
    count_bytes(state);
}

void decode_add_dithered_naive(benchmark::State& state) {
    frugal::scalar_compressor compressor{frugal::dithered{.levels = 1}, frugal::max_norm{}, frugal::packed{}};
    input x(state);
    output y(state);
    frugal::message m;
    compressor.compress(x.next(), bench_key(0), m);
    for (auto _ : state) {
        const auto acc = y.next();
        const frugal::random_stream dither(bench_key(0));
        frugal::payload_reader r(m.payload());
        const float norm = r.number();
        for (std::size_t i = 0; i < acc.size(); ++i) {
            acc[i] += 0.25f * norm * (static_cast<float>(r.bits(2)) - 1.0f - dither.centered(i));
        }
        benchmark::ClobberMemory();
    }
    count_bytes(state);
}

void encode_sign_naive(benchmark::State& state) {
    input x(state);
    std::vector<std::byte> bytes;
    for (auto _ : state) {
        const auto from = x.next();
        double sum = 0;
        for (const float v : from) {
            sum += double(std::fabs(v));
        }
        bytes.clear();
        frugal::payload_writer w(bytes);
        w.number(static_cast<float>(sum / static_cast<double>(from.size())));
        for (const float v : from) {
            w.bits(v >= 0 ? 1 : 0, 1);
        }
        w.align();
        benchmark::DoNotOptimize(bytes.data());
    }
    count_bytes(state);
}

}  // namespace

void add_compressors() {
    using namespace frugal;
    for_each_codec_of_levels([](const char* variant, auto make) { add_codec(variant, make); });
    add_codec("identity", [] { return identity{}; });
    add("encode/dithered-1-packed-naive", naive_sizes, encode_dithered_naive);
    add("decode_add/dithered-1-packed-naive", naive_sizes, decode_add_dithered_naive);
    add_codec("dithered-1-packed-blocked",
              [] { return blocked{scalar_compressor{dithered{.levels = 1}, max_norm{}, packed{}}}; });
    add_codec("dithered-1-radix", [] { return scalar_compressor{dithered{.levels = 1}, max_norm{}, radix{}}; });
    add_codec("dithered-7-packed", [] { return scalar_compressor{dithered{.levels = 7}, max_norm{}, packed{}}; });
    add_codec("dithered-1-packed-16", [] {
        return scalar_compressor{dithered{.levels = 1, .bits = dither_bits::sixteen}, max_norm{}, packed{}};
    });
    add_codec("stochastic-4-packed-16", [] {
        return scalar_compressor{stochastic{.levels = 4, .bits = dither_bits::sixteen}, l2_norm{}, packed{}};
    });
    add("encode/sign-packed-naive", naive_sizes, encode_sign_naive);
    add_codec("sign-packed-feedback", [] { return error_feedback{scalar_compressor{sign{}, mean_abs{}, packed{}}}; });
    add_codec("chunked_top_k-64-4096",
              [] { return sparse_compressor{chunked_top_k{}, codebook_compressor{lloyd_max{}}, rice_indices{}}; });
    add_codec("top_k-0.01-feedback", [] { return error_feedback{sparse_compressor{top_k{.fraction = 0.01}}}; });
    add_codec("one_bit-packed", [] { return codebook_compressor{one_bit{}}; });
    add_codec("one_bit-packed-feedback", [] { return error_feedback{codebook_compressor{one_bit{}}}; });
    add_codec("nested-3-packed", [] { return scalar_compressor{nested_dithered{.fine = 1.0 / 3, .coarse = 1}}; });
    add_codec("random_k-0.01", [] { return sparse_compressor{random_k{.fraction = 0.01}}; });
    add_codec("random_k-0.1", [] { return sparse_compressor{random_k{.fraction = 0.1}}; });
    add_codec("stovoq-8-256", [] { return stovoq{.dimension = 8, .codewords = 256, .bias_bits = 3}; });
    add_codec("mxfp8", [] { return scalar_compressor{minifloat{4, 3}, shared_exponent{32}}; });
    add_codec("nvfp4", [] { return scalar_compressor{minifloat{2, 1}, shared_e4m3{16}}; });
    add_codec("stovoq-16-8192", [] { return stovoq{.dimension = 16, .codewords = 8192}; }, naive_sizes);
    add_codec("spherical_stovoq-8-256", [] { return spherical_stovoq{.dimension = 8, .codewords = 256}; }, naive_sizes);
    add_codec("cross_polytope-16", [] { return cross_polytope{}; }, naive_sizes);
    add_codec("dithered_e8-4-packed", [] { return scalar_compressor{dithered_e8{4}, bucketed{max_norm{}, 512}}; });
    add_codec("rotated-sign", [] {
        return transformed{hadamard{.size = 4096}, scalar_compressor{sign{}, bucketed{mean_abs{}, 4096}}};
    });
    add_codec("qcs-256-256-1", [] { return compressive_sampling{.size = 256, .levels = 1}; });
    add_codec("qcs-256-110-2", [] { return compressive_sampling{.size = 256, .kept = 110, .levels = 2}; });
    add_codec("qcs-4096-1024-2", [] { return compressive_sampling{.size = 4096, .kept = 1024, .levels = 2}; });
    add_codec(
        "dithered-1-range_coder", [] { return scalar_compressor{dithered{.levels = 1}, max_norm{}, range_coder{}}; },
        naive_sizes);
}

}  // namespace bench
