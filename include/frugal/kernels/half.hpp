//! Conversion between floats and 16-bit floats, the same bits on every instruction set.
#pragma once

#include <bit>
#include <cstddef>
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
        out[i] = to_float(std::bit_cast<format>(x[i]));
    }
}

//! out[i] = x[i], rounded to the nearest, ties to even; beyond the largest finite number (65504, 3.39e38), that one.
//! NaN stays NaN. Spans of one size. O(n).
template <class Arch = default_arch, HalfFloat H>
void to_halves(std::span<const float> x, std::span<H> out) {
    using format = typename half_format<H>::type;
    for (std::size_t i = detail::convert_lanes<Arch, format>(x.data(), std::as_writable_bytes(out)); i < x.size();
         ++i) {
        out[i] = std::bit_cast<H>(to_half(x[i], format{}));
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
