//! Vectors of bits and how to count them: what each instruction set makes of XOR and popcount.
//!
//! A vector holds `lanes` words of 32 bits. `count` gives partial counts of its bits, which `add` sums up in place, for
//! at most `steps` vectors; `widen` then makes one count for each lane. Bytes hold partial counts of up to 8 a vector,
//! hence 31 steps; where an instruction counts whole lanes nothing has to be widened.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <frugal/kernels/batch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

//! The counting operations in plain arithmetic, for any type of integer lanes that has shifts (Warren, Hacker's
//! Delight, 2nd ed. 2012, sec. 5-1).
template <class Vector>
struct portable_bit_counts {
    static constexpr std::size_t steps = 31;

    static Vector count(const Vector& x) {
        const Vector pairs = x - (x >> 1 & every(0x55555555));
        const Vector fours = (pairs & every(0x33333333)) + (pairs >> 2 & every(0x33333333));
        return (fours + (fours >> 4)) & every(0x0F0F0F0F);
    }
    static Vector widen(const Vector& x) {
        const Vector halves = (x & every(0x00FF00FF)) + (x >> 8 & every(0x00FF00FF));
        return (halves & every(0x0000FFFF)) + (halves >> 16 & every(0x0000FFFF));
    }
    static Vector exclusive_or(const Vector& a, const Vector& b) { return a ^ b; }
    static Vector masked_exclusive_or(const Vector& a, const Vector& b, const Vector& mask) { return (a ^ b) & mask; }
    static Vector add(const Vector& a, const Vector& b) { return a + b; }
    static Vector every(std::uint32_t word) {
        if constexpr (sizeof(Vector) == 8) {
            return static_cast<Vector>(word * 0x1'0000'0001u);
        } else {
            return Vector(word);
        }
    }
};

//! Bit l is x_l >= y_l, for as many l as there are lanes.
template <std::size_t lanes, class T>
std::uint32_t compare_lanes(const T* x, const T* y) {
    std::uint32_t bits = 0;
    for (std::size_t l = 0; l < lanes; ++l) {
        bits |= static_cast<std::uint32_t>(x[l] >= y[l]) << l;
    }
    return bits;
}

//! out_l = +1 where bit l is set, -1 elsewhere.
template <std::size_t lanes>
void store_lane_signs(std::uint32_t bits, float* out) {
    for (std::size_t l = 0; l < lanes; ++l) {
        out[l] = (bits >> l & 1u) != 0 ? 1.0f : -1.0f;
    }
}

//! The operations on vectors of Arch; rows x columns vectors of sums are what its registers hold in a product of
//! matrices.
template <class Arch>
struct portable_bit_lanes;

//! Two lanes in a word.
template <>
struct portable_bit_lanes<scalar_arch> : portable_bit_counts<std::uint64_t> {
    using vector = std::uint64_t;
    static constexpr const char* name = "portable words";
    static constexpr std::size_t lanes = 2;
    static constexpr std::size_t rows = 4;
    static constexpr std::size_t columns = 1;

    static vector zero() { return 0; }
    static vector load(const void* p) {
        vector x;
        std::memcpy(&x, p, sizeof x);
        return x;
    }
    static vector broadcast(std::uint32_t word) { return every(word); }
    static void store(vector x, std::uint32_t* p) { std::memcpy(p, &x, sizeof x); }
    template <class T>
    static std::uint32_t at_least(const T* x, const T* y) {
        return compare_lanes<lanes>(x, y);
    }
    static void store_signs(std::uint32_t bits, float* out) { store_lane_signs<lanes>(bits, out); }
};

#if defined(FRUGAL_HAS_SIMD)

//! In vectors of any architecture that xsimd knows.
template <SimdArch Arch>
struct portable_bit_lanes<Arch> : portable_bit_counts<word_batch<Arch>> {
    using vector = word_batch<Arch>;
    static constexpr const char* name = "portable vectors";
    static constexpr std::size_t lanes = lanes_of<Arch>;
    static constexpr std::size_t rows = 4;
    static constexpr std::size_t columns = 1;

    static vector zero() { return vector(0u); }
    static vector load(const void* p) { return vector::load_unaligned(static_cast<const std::uint32_t*>(p)); }
    static vector broadcast(std::uint32_t word) { return vector(word); }
    static void store(const vector& x, std::uint32_t* p) { x.store_unaligned(p); }
    template <class T>
    static std::uint32_t at_least(const T* x, const T* y) {
        return compare_lanes<lanes>(x, y);
    }
    static void store_signs(std::uint32_t bits, float* out) { store_lane_signs<lanes>(bits, out); }
};

#endif

template <class Arch>
struct bit_lanes : portable_bit_lanes<Arch> {};

//! How Arch counts bits, for benchmarks and tests to say.
template <class Arch = default_arch>
constexpr const char* popcount_path() {
    return bit_lanes<Arch>::name;
}

}  // namespace frugal::kernels

#if defined(FRUGAL_HAS_SIMD) && defined(__AVX2__)
#include <frugal/kernels/bit_lanes_x86.hpp>
#elif defined(FRUGAL_HAS_SIMD) && defined(__aarch64__)
#include <frugal/kernels/bit_lanes_neon.hpp>
#endif

FRUGAL_KERNELS_END
