//! Numbers to packed bits by comparison with a threshold, and bits back to {-1, +1}.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frugal/core/bit_matrix.hpp>
#include <frugal/kernels/batch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

namespace detail {

//! The bits of word i are bit(64 i + 0), bit(64 i + 1), ...
template <class Bit>
void pack_words_of(bit_span out, Bit bit) {
    const auto words = out.words();
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::size_t n = std::min<std::size_t>(64, out.size() - 64 * i);
        std::uint64_t word = 0;
        for (std::size_t j = 0; j < n; ++j) {
            word |= static_cast<std::uint64_t>(bit(64 * i + j)) << j;
        }
        words[i] = word;
    }
}

}  // namespace detail

//! out_i = x_i >= threshold_i. T: float, or a 32-bit integer. No number is not at least anything: it becomes 0 (-1).
template <class T>
void pack_at_least(std::span<const T> x, std::span<const T> threshold, bit_span out) {
    assert(x.size() == out.size() && threshold.size() == out.size());
    detail::pack_words_of(out, [&](std::size_t i) { return x[i] >= threshold[i]; });
}

//! out_i = x_i >= 0, so that zeros of both signs are +1.
inline void pack_signs(std::span<const float> x, bit_span out) {
    assert(x.size() == out.size());
    detail::pack_words_of(out, [&](std::size_t i) { return x[i] >= 0.0f; });
}

//! out_i = x_i.
inline void pack_bools(std::span<const bool> x, bit_span out) {
    assert(x.size() == out.size());
    detail::pack_words_of(out, [&](std::size_t i) { return x[i]; });
}

//! out_i = +1 where x_i is set, -1 elsewhere.
inline void unpack_signs(bit_view x, std::span<float> out) {
    assert(x.size() == out.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = x[i] ? 1.0f : -1.0f;
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
