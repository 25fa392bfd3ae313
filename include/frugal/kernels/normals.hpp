//! Standard normal numbers of a stream in bulk: four from each Philox block.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include <frugal/core/exact.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/batch.hpp>
#include <frugal/kernels/philox.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

#if defined(FRUGAL_HAS_SIMD)

namespace detail {

//! `exact_log` of floats of (0, 1], lane by lane, with the same operations in the same order.
template <class Arch>
[[gnu::always_inline]] inline float_batch<Arch> exact_logs(const float_batch<Arch>& x) {
    using real = float_batch<Arch>;
    using whole = int_batch<Arch>;
    const whole shifted = same_bits<std::int32_t>(x) - whole(0x3F3504F3);
    const real exponent = xsimd::to_float(shifted >> 23);
    const real f = same_bits<float>((shifted & whole(0x007FFFFF)) + whole(0x3F3504F3)) - real(1.0f);
    const real s = lane_operations<Arch>::quotient(f, real(2.0f) + f);
    const real z = rounded(s * s);
    real p = multiply_add(z, real(0.22222222f), real(0.28571430f));
    p = multiply_add(z, p, real(0.4f));
    p = multiply_add(z, p, real(0.66666667f));
    const real tail = rounded(rounded(s * z) * p);
    return rounded(exponent * real(0.69314718f)) + (rounded(real(2.0f) * s) + tail);
}

//! `exact_sine_cosine_of_turns`, lane by lane, with the same operations in the same order.
template <class Arch>
[[gnu::always_inline]] inline void exact_sines_cosines_of_turns(const float_batch<Arch>& t, float_batch<Arch>& sine,
                                                                float_batch<Arch>& cosine) {
    using real = float_batch<Arch>;
    using whole = int_batch<Arch>;
    const whole sign_bit(std::numeric_limits<std::int32_t>::min());
    const real half = same_bits<float>(same_bits<std::int32_t>(real(0.5f)) | (same_bits<std::int32_t>(t) & sign_bit));
    const whole quarter = xsimd::to_int(t * real(4.0f) + half);
    const real r = rounded((t - xsimd::to_float(quarter) * real(0.25f)) * real(6.2831853f));
    const real z = rounded(r * r);
    real s = multiply_add(z, real(-1.9515296e-4f), real(8.3321609e-3f));
    s = multiply_add(z, s, real(-1.6666655e-1f));
    s = multiply_add(rounded(z * s), r, r);
    real c = multiply_add(z, real(2.4433157e-5f), real(-1.3887316e-3f));
    c = multiply_add(z, c, real(4.1666646e-2f));
    c = multiply_add(rounded(z * z), c, real(1.0f) - real(0.5f) * z);
    const auto odd = same_bits<float>((quarter << 31) | same_bits<std::int32_t>(real(1.0f))) < real(0.0f);
    const auto negative_if = [&](const real& v, const whole& bit_1) {
        return same_bits<float>(same_bits<std::int32_t>(v) ^ ((bit_1 << 30) & sign_bit));
    };
    sine = negative_if(xsimd::select(odd, c, s), quarter);
    cosine = negative_if(xsimd::select(odd, s, c), quarter + whole(1));
}

}  // namespace detail

#endif

//! out[i] = stream.normal(i), to the bit. O(n).
template <class Arch = default_arch>
void fill_normal(const random_stream& stream, std::span<float> out) {
    constexpr std::size_t lanes = random_stream::lanes;
    constexpr std::size_t group = random_stream::group;
    const philox_schedule schedule(stream);
    float normals[group];
    for (std::size_t first = 0; first < out.size(); first += group) {
        const std::size_t n = std::min(out.size() - first, group);
        float* const to = n == group ? out.data() + first : normals;
        if constexpr (!SimdArch<Arch>) {
            std::uint32_t words[group];
            philox_group(schedule, first / group, words);
            for (std::size_t pair = 0; pair < group; pair += 2 * lanes) {
                for (std::size_t i = pair; i < pair + lanes; ++i) {
                    const float radius = std::sqrt(-2.0f * exact_log(unit_from_word(words[i])));
                    const auto turn = exact_sine_cosine_of_turns(centered_from_word(words[i + lanes]));
                    to[i] = rounded(radius * turn.cosine);
                    to[i + lanes] = rounded(radius * turn.sine);
                }
            }
        }
#if defined(FRUGAL_HAS_SIMD)
        if constexpr (SimdArch<Arch>) {
            using real = float_batch<Arch>;
            const std::uint64_t block = first / group * lanes;
            const auto shared = schedule.share(static_cast<std::uint32_t>(block >> 32));
            for (std::size_t part = 0; part < lanes; part += lanes_of<Arch>) {
                word_batch<Arch> words[1][4];
                philox_blocks<Arch>(schedule, shared, static_cast<std::uint32_t>(block + part), words);
                for (std::size_t pair = 0; pair < 4; pair += 2) {
                    const int_batch<Arch> unit = same_bits<std::int32_t>(words[0][pair] >> 8) + int_batch<Arch>(1);
                    const real radius = lane_operations<Arch>::square_root(
                        real(-2.0f) * detail::exact_logs<Arch>(xsimd::to_float(unit) * real(0x1p-24f)));
                    real sine, cosine;
                    detail::exact_sines_cosines_of_turns<Arch>(centered_from_words<Arch>(words[0][pair + 1]), sine,
                                                               cosine);
                    (radius * cosine).store_unaligned(to + pair * lanes + part);
                    (radius * sine).store_unaligned(to + (pair + 1) * lanes + part);
                }
            }
        }
#endif
        if (n < group) {
            std::copy_n(normals, n, out.begin() + static_cast<std::ptrdiff_t>(first));
        }
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
