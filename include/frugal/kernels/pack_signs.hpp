//! Numbers to packed bits by comparison with a threshold, and bits back to {-1, +1}.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frugal/core/bit_matrix.hpp>
#include <frugal/kernels/bit_lanes.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

namespace detail {

//! out_i = x_i >= y_i, where the next 64 of y are y_stride further on.
template <class Arch, class T>
void pack_comparisons(const T* x, const T* y, std::size_t y_stride, bit_span out) {
    using lanes = bit_lanes<Arch>;
    const auto words = out.words();
    const std::size_t whole = out.size() / 64;
    for (std::size_t i = 0; i < whole; ++i) {
        std::uint64_t word = 0;
        for (std::size_t l = 0; l < 64; l += lanes::lanes) {
            word |= std::uint64_t{lanes::at_least(x + 64 * i + l, y + y_stride * i + l)} << l;
        }
        words[i] = word;
    }
    if (whole < words.size()) {
        std::uint64_t word = 0;
        for (std::size_t l = 0; l < out.size() % 64; ++l) {
            word |= static_cast<std::uint64_t>(x[64 * whole + l] >= y[y_stride * whole + l]) << l;
        }
        words[whole] = word;
    }
}

}  // namespace detail

//! out_i = x_i >= threshold_i. T: float or std::int32_t. What is no number is not at least anything: it becomes 0 (-1).
template <class T, class Arch = default_arch>
void pack_at_least(std::span<const T> x, std::span<const T> threshold, bit_span out) {
    assert(x.size() == out.size() && threshold.size() == out.size());
    detail::pack_comparisons<Arch>(x.data(), threshold.data(), 64, out);
}

//! out_i = x_i >= threshold, the same for all.
template <class T, class Arch = default_arch>
void pack_at_least(std::span<const T> x, T threshold, bit_span out) {
    assert(x.size() == out.size());
    std::array<T, 64> repeated;
    repeated.fill(threshold);
    detail::pack_comparisons<Arch>(x.data(), repeated.data(), 0, out);
}

//! out_i = x_i >= 0, so that zeros of both signs are +1.
template <class Arch = default_arch>
void pack_signs(std::span<const float> x, bit_span out) {
    pack_at_least<float, Arch>(x, 0.0f, out);
}

//! out_i = x_i.
inline void pack_bools(std::span<const bool> x, bit_span out) {
    assert(x.size() == out.size());
    std::fill(out.words().begin(), out.words().end(), std::uint64_t{0});
    for (std::size_t i = 0; i < x.size(); ++i) {
        out.words()[i / 64] |= std::uint64_t{x[i]} << (i % 64);
    }
}

//! out_i = +1 where x_i is set, -1 elsewhere.
template <class Arch = default_arch>
void unpack_signs(bit_view x, std::span<float> out) {
    assert(x.size() == out.size());
    using lanes = bit_lanes<Arch>;
    const std::size_t whole = out.size() / 64;
    for (std::size_t i = 0; i < whole; ++i) {
        const std::uint64_t word = x.words()[i];
        for (std::size_t l = 0; l < 64; l += lanes::lanes) {
            lanes::store_signs(static_cast<std::uint32_t>(word >> l), out.data() + 64 * i + l);
        }
    }
    for (std::size_t i = 64 * whole; i < out.size(); ++i) {
        out[i] = x[i] ? 1.0f : -1.0f;
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
