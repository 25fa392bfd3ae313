//! Conversion between floats and 16-bit floats, the same bits on every instruction set.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include <frugal/core/half.hpp>
#include <frugal/kernels/batch.hpp>
#if defined(FRUGAL_HAS_SIMD) && defined(__F16C__)
#include <immintrin.h>
#endif
#if defined(FRUGAL_HAS_SIMD) && defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

namespace detail {

// Without branches, so that compilers turn the loops below into vectors.

inline std::uint32_t chosen(bool condition, std::uint32_t a, std::uint32_t b) {
    const std::uint32_t mask = 0u - static_cast<std::uint32_t>(condition);
    return (a & mask) | (b & ~mask);
}
inline float to_float(float16 h) {
    const std::uint32_t magnitude = h.bits & 0x7FFFu;
    // Exact, and right for subnormal numbers, too.
    const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
    const std::uint32_t special = 0x7F800000u | magnitude << 13 | static_cast<std::uint32_t>(magnitude > 0x7C00u) << 22;
    const std::uint32_t bits = chosen(magnitude >= 0x7C00u, special, std::bit_cast<std::uint32_t>(scaled));
    return std::bit_cast<float>(bits | (h.bits & 0x8000u) << 16);
}
inline float to_float(bfloat16 h) {
    return std::bit_cast<float>(std::uint32_t{h.bits} << 16);
}
inline float16 to_half(float x, float16) {
    constexpr std::uint32_t largest = 0x477FE000u, infinity = 0x7F800000u, smallest_normal = 0x38800000u;
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), magnitude = bits & 0x7FFFFFFFu;
    const std::uint32_t finite = chosen(magnitude > largest, largest, magnitude);
    const std::uint32_t normal = (finite + 0xFFFu + (finite >> 13 & 1u) - (112u << 23)) >> 13;
    // The unit in the last place of 1/2 is the smallest subnormal number.
    const float shifted = std::bit_cast<float>(chosen(finite < smallest_normal, finite, 0u)) + 0.5f;
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(shifted) - 0x3F000000u;
    const std::uint32_t nan = 0x7E00u | (magnitude >> 13 & 0x3FFu);
    const std::uint32_t half = chosen(magnitude > infinity, nan, chosen(finite < smallest_normal, subnormal, normal));
    return {static_cast<std::uint16_t>(half | (bits >> 16 & 0x8000u))};
}
inline bfloat16 to_half(float x, bfloat16) {
    constexpr std::uint32_t largest = 0x7F7F0000u, infinity = 0x7F800000u;
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), magnitude = bits & 0x7FFFFFFFu;
    const std::uint32_t finite = chosen(magnitude > largest, largest, magnitude);
    const std::uint32_t rounded = (finite + 0x7FFFu + (finite >> 16 & 1u)) >> 16;
    const std::uint32_t half = chosen(magnitude > infinity, magnitude >> 16 | 0x40u, rounded);
    return {static_cast<std::uint16_t>(half | (bits >> 16 & 0x8000u))};
}

//! How many of the first elements the instruction set has converted.
template <class Arch, class Format>
std::size_t convert_lanes([[maybe_unused]] std::span<const std::byte> halves, [[maybe_unused]] float* out) {
    std::size_t i = 0;
    if constexpr (SimdArch<Arch> && std::is_same_v<Format, float16>) {
#if defined(FRUGAL_HAS_SIMD) && defined(__F16C__)
        for (; i + 8 <= halves.size() / 2; i += 8) {
            const __m128i h = _mm_loadu_si128(reinterpret_cast<const __m128i*>(halves.data() + 2 * i));
            _mm256_storeu_ps(out + i, _mm256_cvtph_ps(h));
        }
#elif defined(FRUGAL_HAS_SIMD) && defined(__ARM_NEON) && defined(__aarch64__)
        for (; i + 4 <= halves.size() / 2; i += 4) {
            uint16x4_t h;
            std::memcpy(&h, halves.data() + 2 * i, sizeof h);
            vst1q_f32(out + i, vcvt_f32_f16(vreinterpret_f16_u16(h)));
        }
#endif
    }
    return i;
}
template <class Arch, class Format>
std::size_t convert_lanes([[maybe_unused]] const float* x, [[maybe_unused]] std::span<std::byte> halves) {
    std::size_t i = 0;
    if constexpr (SimdArch<Arch> && std::is_same_v<Format, float16>) {
#if defined(FRUGAL_HAS_SIMD) && defined(__F16C__)
        const __m256 largest = _mm256_set1_ps(65504.0f), smallest = _mm256_set1_ps(-65504.0f);
        for (; i + 8 <= halves.size() / 2; i += 8) {
            // NaN stays: of a NaN and a number, these return the second.
            const __m256 v = _mm256_max_ps(smallest, _mm256_min_ps(largest, _mm256_loadu_ps(x + i)));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(halves.data() + 2 * i),
                             _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
        }
#elif defined(FRUGAL_HAS_SIMD) && defined(__ARM_NEON) && defined(__aarch64__)
        const float32x4_t largest = vdupq_n_f32(65504.0f), smallest = vdupq_n_f32(-65504.0f);
        for (; i + 4 <= halves.size() / 2; i += 4) {
            const float32x4_t v = vmaxq_f32(smallest, vminq_f32(largest, vld1q_f32(x + i)));
            const uint16x4_t h = vreinterpret_u16_f16(vcvt_f16_f32(v));
            std::memcpy(halves.data() + 2 * i, &h, sizeof h);
        }
#endif
    }
    return i;
}

}  // namespace detail

//! out[i] = x[i], exactly; NaN stays NaN. Spans of one size. O(n).
template <class Arch = default_arch, class H>
    requires HalfFloat<std::remove_const_t<H>>
void to_floats(std::span<H> x, std::span<float> out) {
    using format = typename half_format<std::remove_const_t<H>>::type;
    for (std::size_t i = detail::convert_lanes<Arch, format>(std::as_bytes(x), out.data()); i < out.size(); ++i) {
        out[i] = detail::to_float(std::bit_cast<format>(x[i]));
    }
}

//! out[i] = x[i], rounded to the nearest, ties to even; beyond the largest finite number (65504, 3.39e38), that one. NaN
//! stays NaN. Spans of one size. O(n).
template <class Arch = default_arch, HalfFloat H>
void to_halves(std::span<const float> x, std::span<H> out) {
    using format = typename half_format<H>::type;
    for (std::size_t i = detail::convert_lanes<Arch, format>(x.data(), std::as_writable_bytes(out)); i < x.size();
         ++i) {
        out[i] = std::bit_cast<H>(detail::to_half(x[i], format{}));
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
