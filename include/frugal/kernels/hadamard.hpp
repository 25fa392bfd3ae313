//! The Walsh-Hadamard transform, and random signs: the two halves of a randomized rotation.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <frugal/core/random.hpp>
#include <frugal/kernels/batch.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/philox.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {
namespace detail {

//! (a, b) becomes (a + b, a - b).
template <class T>
[[gnu::always_inline]] inline void butterfly(T& a, T& b) {
    const T sum = a + b;
    b = a - b;
    a = sum;
}

//! Strides n / 2 to `last` of blocks of n.
inline void hadamard_scalar(float* x, std::size_t n, std::size_t last = 1) {
    for (std::size_t h = n / 2; h >= last; h /= 2) {
        for (std::size_t at = 0; at < n; at += 2 * h) {
            for (std::size_t i = at; i < at + h; ++i) {
                butterfly(x[i], x[i + h]);
            }
        }
    }
}

#if defined(FRUGAL_HAS_SIMD)

//! Radix many vectors v: strides Radix / 2 to 1. Written as folds, as a loop over arrays of vectors would keep them in
//! memory.
template <std::size_t Radix>
struct vector_butterflies {
    template <std::size_t H, class Batch, std::size_t... i>
    [[gnu::always_inline]] static void stage(Batch (&v)[Radix], std::index_sequence<i...>) {
        (butterfly(v[i / H * 2 * H + i % H], v[i / H * 2 * H + i % H + H]), ...);
    }
    template <std::size_t H = Radix / 2, class Batch>
    [[gnu::always_inline]] static void all(Batch (&v)[Radix]) {
        if constexpr (H > 0) {
            stage<H>(v, std::make_index_sequence<Radix / 2>{});
            all<H / 2>(v);
        }
    }
};

//! The strides below a vector's length. A product with 1 or -1 is exact, so it does not matter whether it is
//! contracted.
template <class Arch>
struct lane_butterflies {
    using batch = float_batch<Arch>;
    static constexpr std::size_t size = batch::size;

    template <std::size_t H, std::size_t... i>
    [[gnu::always_inline]] static batch swapped(const batch& v, std::index_sequence<i...>) {
        return batch(__builtin_shufflevector(v.data, v.data, int(i ^ H)...));
    }
    template <std::size_t H>
    static batch signs() {
        alignas(64) float sign[size];
        for (std::size_t i = 0; i < size; ++i) {
            sign[i] = (i & H) != 0 ? -1.0f : 1.0f;
        }
        return batch::load_aligned(sign);
    }
    template <std::size_t H = size / 2>
    [[gnu::always_inline]] static void all(batch& v) {
        if constexpr (H > 0) {
            v = swapped<H>(v, std::make_index_sequence<size>{}) + v * signs<H>();
            all<H / 2>(v);
        }
    }
};

//! How many elements later a line of memory is asked for: far enough, and in order, which the strides of the first pass
//! over a block are not.
inline constexpr std::size_t hadamard_ahead = 4096;

//! Vectors that a pass keeps in registers.
template <class Arch>
inline constexpr std::size_t hadamard_radix = lanes_of<Arch> == 16 ? 16 : 8;

//! Strides `stride` Radix / 2 to `stride`, and where Last those within vectors too (stride is then their length).
template <class Arch, std::size_t Radix, bool Last>
void hadamard_pass(float* x, std::size_t n, std::size_t stride) {
    using batch = float_batch<Arch>;
    for (std::size_t at = 0; at < n; at += Radix * stride) {
        for (float* p = x + at; p < x + at + stride; p += batch::size) {
            batch v[Radix];
            [&]<std::size_t... i>(std::index_sequence<i...>) __attribute__((always_inline)) {
                ((v[i] = batch::load_unaligned(p + i * stride)), ...);
                vector_butterflies<Radix>::all(v);
                if constexpr (Last) {
                    (__builtin_prefetch(p + i * stride + hadamard_ahead, 1), ...);
                    (lane_butterflies<Arch>::all(v[i]), ...);
                }
                (v[i].store_unaligned(p + i * stride), ...);
            }(std::make_index_sequence<Radix>{});
        }
    }
}

//! n: a power of two, at least a vector's length.
template <class Arch, std::size_t Radix = hadamard_radix<Arch>>
void hadamard_vectors(float* x, std::size_t n) {
    constexpr std::size_t lanes = lanes_of<Arch>;
    if (n < Radix * lanes) {
        if constexpr (Radix > 1) {
            hadamard_vectors<Arch, Radix / 2>(x, n);
        }
        return;
    }
    if (n == Radix * lanes) {
        hadamard_pass<Arch, Radix, true>(x, n, lanes);
        return;
    }
    const std::size_t part = std::max(n / Radix, Radix * lanes);  // so that the last pass is a full one
    switch (n / part) {
        case 2:
            hadamard_pass<Arch, 2, false>(x, n, part);
            break;
        case 4:
            hadamard_pass<Arch, 4, false>(x, n, part);
            break;
        case 8:
            hadamard_pass<Arch, 8, false>(x, n, part);
            break;
        default:
            hadamard_pass<Arch, Radix, false>(x, n, part);
            break;
    }
    for (std::size_t at = 0; at < n; at += part) {
        hadamard_vectors<Arch, Radix>(x + at, part);
    }
}

#endif

}  // namespace detail

//! x <- H x for each `block` consecutive elements, H the symmetric matrix of Sylvester with entries 1 and -1 (not
//! normalised: H H = block times the identity). block: a power of two that divides x.size().
//!
//! Additions only, of strides block / 2, ..., 2, 1 in this order, so every architecture has the same bits. In place,
//! O(n log block) time. Finite inputs of magnitude up to FLT_MAX / block stay finite.
template <class Arch = default_arch>
void hadamard(std::span<float> x, std::size_t block) {
    for (std::size_t at = 0; at < x.size(); at += block) {
#if defined(FRUGAL_HAS_SIMD)
        if constexpr (SimdArch<Arch>) {
            if (block >= lanes_of<Arch>) {
                detail::hadamard_vectors<Arch>(x.data() + at, block);
                continue;
            }
        }
#endif
        detail::hadamard_scalar(x.data() + at, block);
    }
}

//! out[i] = factor x[i] or -factor x[i], by a random bit of coordinate first + i: bit (i / 16) % 32 of word
//! 16 (i / 512) + i % 16 of the stream. out may be x. Fastest where first is a multiple of 16. O(n).
template <class Arch = default_arch>
void random_signs(const random_stream& stream, std::uint64_t first, float factor, std::span<const float> x,
                  std::span<float> out) {
    constexpr std::size_t lanes = random_stream::lanes;
    constexpr std::size_t of_words = 32 * lanes;                           // coordinates that 16 words serve
    constexpr std::size_t step = random_stream::group / lanes * of_words;  // and a group of words
    std::uint32_t words[random_stream::group];
    const auto flipped = [](float v, std::uint32_t bit) {
        return std::bit_cast<float>(std::bit_cast<std::uint32_t>(v) ^ (bit << 31));
    };
    for (std::size_t done = 0; done < x.size();) {
        const std::uint64_t at = first + done;
        const std::size_t n = std::min<std::size_t>(x.size() - done, step - at % step);
        random_words<Arch>(stream, at / step * random_stream::group, random_stream::group, words);
        const float* const from = x.data() + done;
        float* const to = out.data() + done;
        std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
        if constexpr (SimdArch<Arch>) {
            if (at % lanes == 0) {
                using batch = float_batch<Arch>;
                const batch scale(factor);
                const word_batch<Arch> sign(0x80000000u);
                for (; i + lanes <= n; i += lanes) {
                    const auto offset = static_cast<std::size_t>((at + i) % step);
                    const auto shift = static_cast<int>(31 - offset % of_words / lanes);
                    for (std::size_t l = 0; l < lanes; l += batch::size) {
                        const auto word = word_batch<Arch>::load_unaligned(words + offset / of_words * lanes + l);
                        const batch v = batch::load_unaligned(from + i + l) * scale;
                        same_bits<float>(same_bits<std::uint32_t>(v) ^ ((word << shift) & sign))
                            .store_unaligned(to + i + l);
                    }
                }
            }
        }
#endif
        for (; i < n; ++i) {
            const auto offset = static_cast<std::size_t>((at + i) % step);
            const std::uint32_t word = words[offset / of_words * lanes + offset % lanes];
            to[i] = flipped(from[i] * factor, word >> (offset % of_words / lanes) & 1u);
        }
        done += n;
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
