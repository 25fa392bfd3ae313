//! Inner products of floats with {-1, +1}: real weights on truth values.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include <frugal/kernels/batch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

namespace detail {

inline constexpr std::size_t sign_dot_lanes = 32;

//! lane[l] += the sum of w_i s_i over i = l mod 32, i < whole, a multiple of 32.
template <class Arch>
void add_sign_products(const float* w, const float* s, std::size_t whole, float* lane) {
#if defined(FRUGAL_HAS_SIMD)
    if constexpr (SimdArch<Arch>) {
        using batch = float_batch<Arch>;
        [&]<std::size_t... c>(std::index_sequence<c...>) {
            batch sum[] = {batch::load_unaligned(lane + c * batch::size)...};
            for (std::size_t i = 0; i < whole; i += sign_dot_lanes) {
                ((sum[c] = sum[c] + batch::load_unaligned(w + i + c * batch::size) *
                                        batch::load_unaligned(s + i + c * batch::size)),
                 ...);
            }
            (sum[c].store_unaligned(lane + c * batch::size), ...);
        }(std::make_index_sequence<sign_dot_lanes / batch::size>{});
        return;
    }
#endif
    for (std::size_t i = 0; i < whole; i += sign_dot_lanes) {
        for (std::size_t l = 0; l < sign_dot_lanes; ++l) {
            lane[l] += w[i + l] * s[i + l];
        }
    }
}

}  // namespace detail

//! sum of w_i s_i, i < n, for s_i of {-1, +1}, in single precision. Element i belongs to lane i mod 32, then a fixed
//! tree; a product with a sign is exact, so the bits are the same on every instruction set, fused or not.
template <class Arch = default_arch>
float sign_dot(const float* w, const float* s, std::size_t n) {
    std::array<float, detail::sign_dot_lanes> lane{};
    const std::size_t whole = n - n % lane.size();
    detail::add_sign_products<Arch>(w, s, whole, lane.data());
    for (std::size_t l = 0; l < n - whole; ++l) {
        lane[l] += w[whole + l] * s[whole + l];
    }
    for (std::size_t width = lane.size() / 2; width > 0; width /= 2) {
        for (std::size_t l = 0; l < width; ++l) {
            lane[l] += lane[l + width];
        }
    }
    return lane[0];
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
