//! The SIMD vocabulary of the kernels: architectures, batches, and what xsimd's releases spell differently.
//!
//! A kernel is `template <class Arch = default_arch>`. `Arch` is one of xsimd's tags, or `scalar_arch`, whose kernels
//! are plain loops: the reference that every other architecture must equal bit for bit. With `FRUGAL_ARCH_SCALAR`
//! defined, or on a machine that xsimd does not know, `scalar_arch` is all there is and xsimd is not included. Compiles
//! with xsimd 8 (Debian 12) to 14.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

// GCC 12 takes the deliberately undefined operands inside its AVX-512 intrinsics for mistakes of the functions that
// they are inlined into. Silenced where they are defined, and, should someone have included them before, around our
// loops.
#if defined(__GNUC__) && !defined(__clang__)
#define FRUGAL_KERNELS_BEGIN                                                             \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wuninitialized\"") \
        _Pragma("GCC diagnostic ignored \"-Wmaybe-uninitialized\"")
#define FRUGAL_KERNELS_END _Pragma("GCC diagnostic pop")
#else
#define FRUGAL_KERNELS_BEGIN
#define FRUGAL_KERNELS_END
#endif

// Writes out the loop that follows at -O2, too: arrays of vectors that are indexed by its counter stay in registers.
#if defined(__clang__)
#define FRUGAL_UNROLL _Pragma("unroll")
#else
#define FRUGAL_UNROLL _Pragma("GCC unroll 16")
#endif

#if !defined(FRUGAL_ARCH_SCALAR)
FRUGAL_KERNELS_BEGIN
#include <xsimd/xsimd.hpp>
FRUGAL_KERNELS_END
#if XSIMD_VERSION_MAJOR * 100 + XSIMD_VERSION_MINOR < 801
#error "frugal needs xsimd 8.1 or newer: install one, or define FRUGAL_ARCH_SCALAR to do without"
#endif
#if !defined(XSIMD_NO_SUPPORTED_ARCHITECTURE)
#define FRUGAL_HAS_SIMD 1
#endif
#endif

namespace frugal {

//! The architecture without vectors.
struct scalar_arch {
    static constexpr const char* name() { return "scalar"; }
};

#if defined(FRUGAL_HAS_SIMD)

//! AVX, but not AVX2.
template <class Arch>
concept AvxWithoutAvx2 = std::derived_from<Arch, xsimd::avx> && !std::derived_from<Arch, xsimd::avx2>;

//! What to use in place of Arch. AVX without AVX2 has no integers of 256 bits: vectors of 128 are faster there. NEON of
//! 32-bit machines has no doubles, and flushes denormals.
template <class Arch>
struct usable_arch {
    using type = Arch;
};
//! Vectors of 128 bits in place of AVX.
template <AvxWithoutAvx2 Arch>
struct usable_arch<Arch> {
    using type = xsimd::sse4_2;
};
//! None in place of 32-bit NEON.
template <>
struct usable_arch<xsimd::neon> {
    using type = scalar_arch;
};

//! The best that the compiler was allowed to use.
using default_arch = usable_arch<xsimd::default_arch>::type;

#else

using default_arch = scalar_arch;

#endif

//! Not `scalar_arch`: an architecture of xsimd.
template <class Arch>
concept SimdArch = !std::same_as<Arch, scalar_arch>;

}  // namespace frugal

#if defined(FRUGAL_HAS_SIMD)

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

template <class Arch>
using float_batch = xsimd::batch<float, Arch>;
template <class Arch>
using double_batch = xsimd::batch<double, Arch>;
template <class Arch>
using int_batch = xsimd::batch<std::int32_t, Arch>;
template <class Arch>
using word_batch = xsimd::batch<std::uint32_t, Arch>;

//! Lanes of 32 bits in a batch. Kernels assume that they divide 16.
template <class Arch>
inline constexpr std::size_t lanes_of = float_batch<Arch>::size;

//! Has it 32 vector registers, or 16 only?
template <class Arch>
inline constexpr bool many_registers =
#if defined(__aarch64__)
    true;
#else
    lanes_of<Arch> >= 16;
#endif

//! The same bits as lanes of another type of the same size. (The argument of xsimd's own cast changed in release 10.)
template <class To, class From, class Arch>
xsimd::batch<To, Arch> same_bits(const xsimd::batch<From, Arch>& x) {
    if constexpr (requires {
                      { xsimd::bitwise_cast<To>(x) } -> std::same_as<xsimd::batch<To, Arch>>;
                  }) {
        return xsimd::bitwise_cast<To>(x);
    } else {
        return xsimd::bitwise_cast<xsimd::batch<To, Arch>>(x);
    }
}

//! What xsimd does not offer, in portable form; specialised for instruction sets in batch_x86.hpp and batch_neon.hpp.
//!
//! words: as many 32-bit words as a batch has lanes, in the layout in which 32 x 32 -> 64 bit products are cheapest.
template <class Arch>
struct portable_lanes {
    static constexpr std::size_t size = lanes_of<Arch>;
    //! How many sets of words to work on at once: as many as registers allow.
    static constexpr std::size_t sets = 1;
    using words = word_batch<Arch>;

    //! first, first + 1, first + 2, ...
    static words count_from(std::uint32_t first) {
        alignas(64) std::uint32_t lane[size];
        for (std::size_t i = 0; i < size; ++i) {
            lane[i] = first + static_cast<std::uint32_t>(i);
        }
        return words::load_unaligned(lane);
    }
    //! high and low halves of a * m, lane by lane.
    static void multiply(const words& a, std::uint32_t m, words& high, words& low) {
        const words mask(0xFFFFu);
        const words a0 = a & mask;
        const words a1 = a >> 16;
        const words m0(m & 0xFFFFu);
        const words m1(m >> 16);
        const words mid = a1 * m0 + ((a0 * m0) >> 16);
        const words mid_low = a0 * m1 + (mid & mask);
        high = a1 * m1 + (mid >> 16) + (mid_low >> 16);
        low = a * words(m);
    }
    //! a < b ? a : b, so b where a is no number.
    static float_batch<Arch> smaller(const float_batch<Arch>& a, const float_batch<Arch>& b) {
#if defined(__x86_64__)
        return xsimd::min(a, b);  // MINPS is defined so
#else
        return xsimd::select(a < b, a, b);
#endif
    }
    //! Correctly rounded, which xsimd's own are not everywhere.
    static float_batch<Arch> quotient(const float_batch<Arch>& a, const float_batch<Arch>& b) { return a / b; }
    static float_batch<Arch> square_root(const float_batch<Arch>& a) { return xsimd::sqrt(a); }
    //! a * b + c with one rounding or two, whatever is faster.
    static float_batch<Arch> multiply_add(const float_batch<Arch>& a, const float_batch<Arch>& b,
                                          const float_batch<Arch>& c) {
        return xsimd::fma(a, b, c);
    }
    //! Is there one of integers, too? Of pairs of 16 bits, lane by lane of 32: c + a_0 b_0 + a_1 b_1.
    static constexpr bool multiplies_pairs = false;
    //! Bit i: lane i of a is at least that of b.
    static std::uint32_t lanes_at_least(const float_batch<Arch>& a, const float_batch<Arch>& b) {
        alignas(64) float left[size];
        alignas(64) float right[size];
        a.store_unaligned(left);
        b.store_unaligned(right);
        std::uint32_t mask = 0;
        for (std::size_t i = 0; i < size; ++i) {
            mask |= static_cast<std::uint32_t>(left[i] >= right[i]) << i;
        }
        return mask;
    }
    static words exclusive_or(const words& a, std::uint32_t k) { return a ^ words(k); }
    static words exclusive_or(const words& a, const words& b, std::uint32_t k) { return a ^ b ^ words(k); }
    static word_batch<Arch> joined(const words& a) { return a; }

    //! Four batches of v - lowest, saturated to 0..255, to bytes; batch w goes to out + 16 w. |lowest| <= 32768, v <
    //! 32768.
    static void store_saturated(const int_batch<Arch> (&v)[4], int lowest, std::uint8_t* out) {
        for (std::size_t w = 0; w < 4; ++w) {
            alignas(64) std::int32_t lane[size];
            v[w].store_unaligned(lane);
            for (std::size_t i = 0; i < size; ++i) {
                const int symbol = std::max(lane[i], -32768) - lowest;
                out[16 * w + i] = static_cast<std::uint8_t>(std::clamp(symbol, 0, 255));
            }
        }
    }
    static int_batch<Arch> load_bytes(const std::uint8_t* in) {
        alignas(64) std::int32_t lane[size];
        for (std::size_t i = 0; i < size; ++i) {
            lane[i] = in[i];
        }
        return int_batch<Arch>::load_unaligned(lane);
    }
    //! The next size / 2 floats.
    static double_batch<Arch> load_doubles(const float* x) {
        alignas(64) double lane[size / 2];
        for (std::size_t i = 0; i < size / 2; ++i) {
            lane[i] = static_cast<double>(x[i]);
        }
        return double_batch<Arch>::load_unaligned(lane);
    }
    //! Appends index first + i and magnitude for each lane i that is at least `bound`; returns how many. May write
    //! `size` elements to either output.
    static std::size_t append_at_least(const int_batch<Arch>& magnitude, std::int32_t bound, std::uint32_t first,
                                       std::uint32_t* indices, std::uint32_t* magnitudes) {
        alignas(64) std::int32_t lane[size];
        magnitude.store_unaligned(lane);
        std::size_t count = 0;
        for (std::size_t i = 0; i < size; ++i) {
            indices[count] = first + static_cast<std::uint32_t>(i);
            magnitudes[count] = static_cast<std::uint32_t>(lane[i]);
            count += static_cast<std::size_t>(lane[i] >= bound);
        }
        return count;
    }
    //! The same from a mask of the lanes, for when few of them are.
    static std::size_t append_lanes(std::uint32_t mask, const int_batch<Arch>& magnitude, std::uint32_t first,
                                    std::uint32_t* indices, std::uint32_t* magnitudes) {
        if (mask == 0) [[likely]] {
            return 0;
        }
        alignas(64) std::int32_t lane[size];
        magnitude.store_unaligned(lane);
        std::size_t count = 0;
        for (; mask != 0; mask &= mask - 1, ++count) {
            const auto i = static_cast<std::uint32_t>(std::countr_zero(mask));
            indices[count] = first + i;
            magnitudes[count] = static_cast<std::uint32_t>(lane[i]);
        }
        return count;
    }
};

template <class Arch>
struct lane_operations : portable_lanes<Arch> {};

}  // namespace frugal::kernels

#if defined(__x86_64__)
#include <frugal/kernels/batch_x86.hpp>
#elif defined(__aarch64__)
#include <frugal/kernels/batch_neon.hpp>
#endif

FRUGAL_KERNELS_END

#endif
