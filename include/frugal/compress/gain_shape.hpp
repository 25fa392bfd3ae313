//! Gain-shape vector quantization (Sabin and Gray 1984): of each bucket a length on few bits and a direction by a code.
//! What spherical StoVoQ, hyper-sphere quantization, the cross-polytope and the dual quantizer have in common.
//!
//! | compressor         | direction                                    | unbiased | choose it when                   |
//! |--------------------|----------------------------------------------|----------|----------------------------------|
//! | spherical_stovoq{} | nearest of random codewords nobody sends     | yes      | norms of buckets differ much     |
//! | hsq_greedy{}       | nearest of a fixed codebook                  | no       | one worker: the least error      |
//! | hsq_span{}         | drawn, in proportion to coefficients         | yes      | to compare with                  |
//! | cross_polytope{}   | drawn vertices; no codebook                  | yes      | cheap encoding                   |
//! | dual{}             | drawn vertex of the Delaunay simplex around  | yes      | buckets of 1 to 4 coordinates    |
//!
//! Payload, for each group of buckets: its largest gain (32 bits; nothing more where it is 0), then for each bucket its
//! gain, rounded at random without bias onto 2^gain_bits levels from 0 to the largest, and the code of its shape. The
//! last bucket of x is padded with zeros that are not decoded.
//!
//! Encoding searches or weighs all codewords for each bucket, and decoding makes those that occur again: arithmetic,
//! which takes longer than twenty copies of the vector.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <frugal/compress/scale/scales.hpp>
#include <frugal/core/bits.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {

//! A compressor C of this family is an aggregate with `dimension`, `gain_bits` and `group`, and makes for each message
//! an object `c.shapes(key, how_many_buckets)` with
//!
//!     code_bits()                              bits of a code, at most 48
//!     limit()                                  a decoded coordinate is at most that many times the gain
//!     measure(buckets, gains)                  the gain of each bucket, D floats each
//!     encode(buckets, gains, first, codes)     the code of each bucket; first: the number of the first one in x. Where
//!                                              gain_bits is 0, gains are what will be decoded
//!     decode(code, gain, bucket)               writes D floats; throws `malformed_message` for a code that cannot be
namespace gain_shape {

inline constexpr std::uint32_t codebook_purpose = 1;
inline constexpr std::uint32_t gain_purpose = 2;
inline constexpr std::uint32_t choice_purpose = 3;

//! Coordinates of a group: whole buckets, at least one.
template <class C>
std::size_t group_size(const C& c) {
    return static_cast<std::size_t>(c.dimension * std::max(1, c.group / c.dimension));
}

namespace detail {

//! Some groups on their way into a message.
struct batch {
    static constexpr std::size_t capacity = 512;  // buckets, unless one group has more

    std::vector<float> buckets;
    std::vector<float> gains;
    std::vector<float> sent;
    std::vector<std::uint32_t> levels;
    std::vector<std::uint64_t> codes;
};

inline float gain_of_level(std::uint32_t level, int bits, float largest) {
    return bits == 0 ? largest : largest * (static_cast<float>(level) / static_cast<float>((1u << bits) - 1));
}

inline std::uint32_t level_of_gain(float gain, float largest, int bits, float u) {
    if (bits == 0) {
        return 0;
    }
    const auto top = static_cast<float>((1u << bits) - 1);
    const float t = std::min(gain / largest * top, top);
    const float below = std::floor(t);
    return static_cast<std::uint32_t>(below) + static_cast<std::uint32_t>(u <= t - below);
}

}  // namespace detail

template <class C>
void encode(const C& c, std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) {
    c.validate();
    const auto d = static_cast<std::size_t>(c.dimension);
    const std::size_t size = group_size(c);
    const std::size_t per_group = size / d;
    const auto shapes = c.shapes(k, (x.size() + d - 1) / d);
    const random_stream dither(k.for_purpose(gain_purpose));
    const float limit = std::numeric_limits<float>::max() / (2 * shapes.limit());
    const workspace<detail::batch> scratch;
    auto& b = *scratch;
    const std::size_t step = size * std::max<std::size_t>(1, detail::batch::capacity / per_group);
    for (std::size_t first = 0; first < x.size(); first += step) {
        const auto part = x.subspan(first, std::min(step, x.size() - first));
        const std::size_t count = (part.size() + d - 1) / d;
        b.buckets.assign(count * d, 0.0f);
        std::ranges::copy(part, b.buckets.begin());
        b.gains.resize(count);
        b.sent.resize(count);
        b.levels.resize(count);
        b.codes.resize(count);
        shapes.measure(b.buckets, std::span(b.gains));
        for (std::size_t l = 0; l < count; l += per_group) {
            const auto gains = std::span(b.gains).subspan(l, std::min(per_group, count - l));
            float largest = 0;
            for (const float gain : gains) {
                largest = std::max(largest, frugal::detail::checked_norm(gain, x));
            }
            expect(largest <= limit, "the norm of the input exceeds the range of float when decoded: scale it down");
            for (std::size_t i = l; i < l + gains.size(); ++i) {
                const bool none = largest == 0;
                b.levels[i] =
                    none ? 0 : detail::level_of_gain(b.gains[i], largest, c.gain_bits, dither.uniform(first / d + i));
                b.sent[i] = none ? 0 : detail::gain_of_level(b.levels[i], c.gain_bits, largest);
                b.gains[i] = c.gain_bits == 0 ? b.sent[i] : b.gains[i];
            }
        }
        shapes.encode(b.buckets, std::span(b.gains), first / d, std::span(b.codes));
        for (std::size_t l = 0; l < count; ++l) {
            if (l % per_group == 0) {
                const auto sent = std::span(b.sent).subspan(l, std::min(per_group, count - l));
                // The largest gain is a level itself, so that it is among those sent.
                const float largest = *std::ranges::max_element(sent);
                w.number(largest);
                if (largest == 0) {
                    if (!echo.empty()) {
                        std::ranges::fill(echo.subspan(first + l * d, std::min(size, part.size() - l * d)), 0.0f);
                    }
                    l += sent.size() - 1;
                    continue;
                }
            }
            w.bits(b.codes[l] << c.gain_bits | b.levels[l], shapes.code_bits() + static_cast<unsigned>(c.gain_bits));
            if (!echo.empty()) {
                std::array<float, 64> bucket;
                shapes.decode(b.codes[l], b.sent[l], std::span(bucket).first(d));
                const auto to = echo.subspan(first + l * d, std::min(d, part.size() - l * d));
                std::copy_n(bucket.begin(), to.size(), to.begin());
            }
        }
    }
}

//! use(i, value) for every coordinate i below `size`, in order; those of groups of zeros are left out.
template <class C, class Use>
void decode(const C& c, payload_reader& r, random_key k, std::size_t size, Use use) {
    c.validate();
    const auto d = static_cast<std::size_t>(c.dimension);
    const auto shapes = c.shapes(k, (size + d - 1) / d);
    const float limit = std::numeric_limits<float>::max() / (2 * shapes.limit());
    const unsigned bits = shapes.code_bits() + static_cast<unsigned>(c.gain_bits);
    std::array<float, 64> bucket;
    for (std::size_t first = 0; first < size; first += group_size(c)) {
        const float largest = r.number();
        expect_message(largest >= 0 && largest <= limit, "a message holds a gain out of range: it was altered");
        const std::size_t n = std::min(group_size(c), size - first);
        for (std::size_t at = 0; at < n && largest > 0; at += d) {
            const std::uint64_t word = r.bits(bits);
            const auto level = static_cast<std::uint32_t>(word & ((std::uint64_t{1} << c.gain_bits) - 1));
            shapes.decode(word >> c.gain_bits, detail::gain_of_level(level, c.gain_bits, largest),
                          std::span(bucket).first(d));
            for (std::size_t j = 0; j < std::min(d, n - at); ++j) {
                use(first + at + j, bucket[j]);
            }
        }
    }
}
template <class C>
void decode(const C& c, payload_reader& r, random_key k, std::span<float> y) {
    std::ranges::fill(y, 0.0f);
    decode(c, r, k, y.size(), [&](std::size_t i, float value) { y[i] = value; });
}
template <class C>
void decode_add(const C& c, payload_reader& r, random_key k, float weight, std::span<float> acc) {
    decode(c, r, k, acc.size(), [&](std::size_t i, float value) { acc[i] = multiply_add(weight, value, acc[i]); });
}

//! E||C(x) - x||^2 / ||x||^2 at most, where with exact gains it is at most omega and C(x) is unbiased: a gain rounded
//! onto levels a step apart has a variance of at most step^2 / 4, and one bucket of a group has the largest gain.
template <class C>
double variance(const C& c, std::size_t d, double omega) {
    const std::size_t n = std::min(std::max<std::size_t>(d, 1), group_size(c));
    const double others = static_cast<double>((n - 1) / static_cast<std::size_t>(c.dimension));
    const double top = std::ldexp(1.0, c.gain_bits) - 1;
    return (1 + omega) * (1 + others / (4 * top * top)) - 1;
}

//! ||bucket|| for each bucket of d floats.
inline void norms(std::span<const float> buckets, std::size_t d, std::span<float> gains) {
    const auto exact = borrow<double>(gains.size());
    kernels::norms_of_rows(buckets, d, exact);
    std::ranges::transform(exact, gains.begin(), [](double norm) { return static_cast<float>(norm); });
}

}  // namespace gain_shape
}  // namespace frugal
