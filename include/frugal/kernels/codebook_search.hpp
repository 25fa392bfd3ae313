//! The best of many codewords for each of many short vectors: the nearest, or the one of largest inner product.
//!
//! Promise: best[i] is the codeword for which a plain loop in double finds the least sum over j of (x_j - c_j)^2 (or the
//! largest sum of x_j c_j), coordinates in order, every operation rounded, and of several such the lowest. That is the
//! same index on every machine, with any compiler and any vector width, with fused multiply-add and without.
//!
//! How that costs no more than single precision: scores <x, c> - ||c||^2 / 2 are computed in float, by whatever
//! arithmetic the machine is fastest at, with a bound on their error. What cannot be best is left out; what remains is
//! one codeword nearly always, and is compared in double otherwise (about one of 10,000 Gaussian vectors).
//!
//! Shape: like a small matrix product whose result is reduced in registers. A tile holds some vectors, one in each lane,
//! against four codewords at a time; of each block of 16 codewords only the largest score is kept, for a block that wins
//! is looked at again at the end.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <frugal/core/exact.hpp>
#include <frugal/kernels/batch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

//! Codewords in blocks of 16, transposed within a block, so that any vector width loads consecutive numbers.
//!
//! Row m, coordinate j is at blocks[(m / 16 * dimension + j) * 16 + m % 16]. Rows that fill up the last block score
//! lowest. Reused from codebook to codebook without allocation.
struct search_codebook {
    static constexpr std::size_t width = 16;
    static constexpr std::size_t largest_dimension = 64;

    std::size_t dimension = 0;
    std::size_t count = 0;
    bool nearest = true;  //!< by distance, not by inner product
    std::vector<float> blocks;
    std::vector<float> offsets;
    float largest_norm = 0;  //!< at least that of every row

    //! Takes `rows` (count x dimension, row-major, finite), for the search of the nearest. O(count dimension).
    void assign_nearest(std::span<const float> rows, std::size_t row_length) { assign(rows, row_length, true); }
    //! The same for the search of the largest inner product.
    void assign(std::span<const float> rows, std::size_t row_length) { assign(rows, row_length, false); }

    //! Where row m begins; its coordinates are `width` apart.
    const float* row(std::size_t m) const { return blocks.data() + m / width * width * dimension + m % width; }

private:
    void assign(std::span<const float> rows, std::size_t row_length, bool by_distance) {
        nearest = by_distance;
        dimension = row_length;
        count = rows.size() / row_length;
        const std::size_t padded = (count + width - 1) / width * width;
        blocks.resize(padded * dimension);
        offsets.resize(padded);
        double largest = 0;
        for (std::size_t first = 0; first < count; first += width) {
            const std::size_t n = std::min(width, count - first);
            float* const to = blocks.data() + first * dimension;
            double square[width] = {};
            for (std::size_t j = 0; j < dimension; ++j) {
                for (std::size_t i = 0; i < n; ++i) {
                    const float c = rows[(first + i) * dimension + j];
                    to[j * width + i] = c;
                    square[i] += double{c} * double{c};
                }
                std::fill(to + j * width + n, to + (j + 1) * width, 0.0f);
            }
            for (std::size_t i = 0; i < width; ++i) {
                largest = std::max(largest, square[i]);
                offsets[first + i] = i >= n    ? -std::numeric_limits<float>::infinity()
                                     : nearest ? static_cast<float>(-0.5 * square[i])
                                               : 0.0f;
            }
        }
        largest_norm = static_cast<float>(std::sqrt(largest) * 1.000001);
    }
};

namespace detail {

//! What the search needs of a vector of floats; this one has one lane. Fusing and order are left to the machine.
template <class Arch>
struct search_lanes {
    using value = float;
    static constexpr std::size_t count = 1;
    static constexpr std::size_t sets = 2;
    static value load(const float* p) { return *p; }
    static void store(float* p, value x) { *p = x; }
    static value multiply_add(value a, value b, value c) { return a * b + c; }
    static value larger(value a, value b) { return a > b ? a : b; }
    static value smaller(value a, value b) { return a < b ? a : b; }
    static value where_greater(value a, value b, value yes, value no) { return a > b ? yes : no; }
    static std::uint32_t lanes_at_least(value a, value b) { return static_cast<std::uint32_t>(a >= b); }
};

#if defined(FRUGAL_HAS_SIMD)
template <SimdArch Arch>
struct search_lanes<Arch> {
    using value = float_batch<Arch>;
    static constexpr std::size_t count = value::size;
    static constexpr std::size_t sets = many_registers<Arch> ? 4 : 2;  // 4 times that many sums are held
    static value load(const float* p) { return value::load_unaligned(p); }
    static void store(float* p, value x) { x.store_unaligned(p); }
    static value multiply_add(value a, value b, value c) { return lane_operations<Arch>::multiply_add(a, b, c); }
    static value larger(value a, value b) { return xsimd::max(a, b); }
    static value smaller(value a, value b) { return xsimd::min(a, b); }
    static value where_greater(value a, value b, value yes, value no) { return xsimd::select(a > b, yes, no); }
    static std::uint32_t lanes_at_least(value a, value b) { return lane_operations<Arch>::lanes_at_least(a, b); }
};
#endif

//! The largest score of a block for each vector of a tile, the largest of all other blocks, and which block it was.
template <std::size_t vectors>
struct block_scores {
    alignas(64) float highest[vectors];
    alignas(64) float second[vectors];
    alignas(64) float block[vectors];  // exact below 2^24
};

//! `columns` has coordinate j of vector i at j sets V::count + i. `dimension` is the codebook's, or 0 where the compiler
//! is not to know it. Written out by `s...` and `i...`: a loop over arrays of vectors would keep them in memory.
template <class V, std::size_t dimension, std::size_t sets, std::size_t... s, std::size_t... i>
[[gnu::always_inline]] inline void scan_blocks(const search_codebook& codebook, const float* columns,
                                               block_scores<sets * V::count>& out, std::index_sequence<s...>,
                                               std::index_sequence<i...>) {
    using value = typename V::value;
    constexpr std::size_t width = search_codebook::width;
    constexpr std::size_t rows = sizeof...(i) / sets;
    const std::size_t d = dimension == 0 ? codebook.dimension : dimension;
    const value lowest(-std::numeric_limits<float>::infinity());
    ((V::store(out.highest + s * V::count, lowest), V::store(out.second + s * V::count, lowest),
      V::store(out.block + s * V::count, value(0.0f))),
     ...);
    const std::size_t blocks = codebook.offsets.size() / width;
    for (std::size_t b = 0; b < blocks; ++b) {
        const float* const block = codebook.blocks.data() + b * width * d;
        const float* const offset = codebook.offsets.data() + b * width;
        value top[sets] = {((void)s, lowest)...};
        for (std::size_t first = 0; first < width; first += rows) {
            value sum[rows * sets] = {value(offset[first + i / sets])...};
            for (std::size_t j = 0; j < d; ++j) {
                // `rounded` keeps them in registers: compilers would load them anew for each product.
                const value x[sets] = {rounded(V::load(columns + (j * sets + s) * V::count))...};
                const float* const c = block + j * width + first;
                ((sum[i] = V::multiply_add(value(c[i / sets]), x[i % sets], sum[i])), ...);
            }
            ((top[i % sets] = V::larger(top[i % sets], sum[i])), ...);
        }
        const value here(static_cast<float>(b));
        const auto note = [&](std::size_t at, value score) {
            const value highest = V::load(out.highest + at);
            const value second = V::load(out.second + at);
            V::store(out.block + at, V::where_greater(score, highest, here, V::load(out.block + at)));
            V::store(out.second + at, V::larger(second, V::smaller(score, highest)));
            V::store(out.highest + at, V::larger(score, highest));
        };
        (note(s * V::count, top[s]), ...);
    }
}

//! Larger is better: what decides, in double.
inline double exact_preference(const search_codebook& codebook, const float* x, std::size_t m) {
    const float* const c = codebook.row(m);
    double sum = 0;
    for (std::size_t j = 0; j < codebook.dimension; ++j) {
        const double a = x[j];
        const double b = c[j * search_codebook::width];
        sum = codebook.nearest ? sum - rounded((a - b) * (a - b)) : sum + rounded(a * b);
    }
    return sum;
}

//! Which codewords of block b score at least `least` with x: bit i for row 16 b + i.
template <class V, std::size_t dimension>
[[gnu::always_inline]] inline std::uint32_t candidates_of_block(const search_codebook& codebook, const float* x,
                                                                float least, std::size_t b) {
    using value = typename V::value;
    constexpr std::size_t width = search_codebook::width;
    constexpr std::size_t parts = width / V::count;
    const std::size_t d = dimension == 0 ? codebook.dimension : dimension;
    const float* const block = codebook.blocks.data() + b * width * d;
    value sum[parts];
    for (std::size_t p = 0; p < parts; ++p) {
        sum[p] = V::load(codebook.offsets.data() + b * width + p * V::count);
    }
    for (std::size_t j = 0; j < d; ++j) {
        const value xj(x[j]);
        for (std::size_t p = 0; p < parts; ++p) {
            sum[p] = V::multiply_add(V::load(block + j * width + p * V::count), xj, sum[p]);
        }
    }
    std::uint32_t candidates = 0;
    for (std::size_t p = 0; p < parts; ++p) {
        candidates |= V::lanes_at_least(sum[p], value(least)) << (p * V::count);
    }
    return candidates;
}

//! The best of all rows that score at least `least`.
template <class V, std::size_t dimension>
[[gnu::noinline]] std::uint32_t best_of_candidates(const search_codebook& codebook, const float* x, float least,
                                                   std::size_t first, std::size_t last) {
    std::size_t best = codebook.count;
    double preference = 0;
    for (std::size_t b = first; b < last; ++b) {
        auto candidates = candidates_of_block<V, dimension>(codebook, x, least, b);
        for (; candidates != 0; candidates &= candidates - 1) {
            const std::size_t m = b * search_codebook::width + static_cast<std::size_t>(std::countr_zero(candidates));
            const double p = exact_preference(codebook, x, m);
            if (best == codebook.count || p > preference) {
                best = m;
                preference = p;
            }
        }
    }
    return static_cast<std::uint32_t>(best);
}

//! Where scores in float may be infinite or no number at all.
inline std::uint32_t best_of_all(const search_codebook& codebook, const float* x) {
    std::size_t best = 0;
    double preference = exact_preference(codebook, x, 0);
    for (std::size_t m = 1; m < codebook.count; ++m) {
        const double p = exact_preference(codebook, x, m);
        best = p > preference ? m : best;
        preference = std::max(p, preference);
    }
    return static_cast<std::uint32_t>(best);
}

//! least: the score in float that the best codeword of each of V::count vectors cannot fall short of, where `highest` is
//! the largest. magnitude: infinite or NaN where scores may be.
//!
//! A score differs from <x, c> - ||c||^2 / 2 by (D + 2) 2^-24 (||x|| ||c|| + ||c||^2 / 2) at most, in any order of
//! operations (Higham 2002, section 3.1); a distance in double by D 2^-52 (||x|| + ||c||)^2; and something is lost to
//! underflow. Twice that may separate the highest score from that of the best codeword.
template <class V>
[[gnu::always_inline]] inline void lowest_of_best(const search_codebook& codebook, const float* columns,
                                                  std::size_t stride, std::size_t d, typename V::value highest,
                                                  float* least, float* magnitude) {
    using value = typename V::value;
    value largest(0.0f);
    for (std::size_t j = 0; j < d; ++j) {
        const value x = V::load(columns + j * stride);
        largest = V::larger(largest, V::larger(x, -x));
    }
    const float c = codebook.largest_norm;
    const value norm = largest * value(std::sqrt(static_cast<float>(d)) * 1.00001f);
    const value size = (norm * value(c) + value(0.5f * c * c)) * value(1.01f);
    const value reach = norm + value(c);
    const value gap = size * value(2.04f * (static_cast<float>(d) + 6) * 0x1p-24f) + reach * reach * value(0x1p-44f) +
                      value(0x1p-120f);
    V::store(least, highest - gap);
    V::store(magnitude, gap);
}

//! The best rows for sets V::count vectors, of which the first best.size() exist.
template <class V, std::size_t dimension, std::size_t sets>
void search_tile(const search_codebook& codebook, const float* x, std::span<std::uint32_t> best) {
    constexpr std::size_t vectors = sets * V::count;
    constexpr std::size_t rows = 4;
    const std::size_t d = dimension == 0 ? codebook.dimension : dimension;
    alignas(64) float columns[vectors * search_codebook::largest_dimension];
    if (best.size() < vectors) {
        std::fill(columns, columns + vectors * d, 0.0f);
    }
    for (std::size_t i = 0; i < best.size(); ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            columns[j * vectors + i] = x[i * d + j];
        }
    }
    block_scores<vectors> scores;
    scan_blocks<V, dimension, sets>(codebook, columns, scores, std::make_index_sequence<sets>{},
                                    std::make_index_sequence<rows * sets>{});
    alignas(64) float least[vectors];
    alignas(64) float largest[vectors];
    for (std::size_t i = 0; i < vectors; i += V::count) {
        lowest_of_best<V>(codebook, columns + i, vectors, d, V::load(scores.highest + i), least + i, largest + i);
    }
    const std::size_t blocks = codebook.offsets.size() / search_codebook::width;
    for (std::size_t i = 0; i < best.size(); ++i) {
        const float* const xi = x + i * d;
        const auto block = static_cast<std::size_t>(scores.block[i]);
        if (scores.second[i] < least[i]) [[likely]] {
            const auto candidates = candidates_of_block<V, dimension>(codebook, xi, least[i], block);
            const auto m = static_cast<std::uint32_t>(block * search_codebook::width) +
                           static_cast<std::uint32_t>(std::countr_zero(candidates));
            best[i] = std::has_single_bit(candidates)
                          ? m
                          : best_of_candidates<V, dimension>(codebook, xi, least[i], block, block + 1);
        } else if (is_finite(largest[i])) {
            best[i] = best_of_candidates<V, dimension>(codebook, xi, least[i], 0, blocks);
        } else {
            best[i] = best_of_all(codebook, xi);
        }
    }
}

template <class V, std::size_t dimension>
void search_all(const search_codebook& codebook, const float* x, std::span<std::uint32_t> best) {
    constexpr std::size_t tile = V::sets * V::count;
    while (best.size() > tile / 2) {
        const std::size_t n = std::min(tile, best.size());
        search_tile<V, dimension, V::sets>(codebook, x, best.first(n));
        x += n * codebook.dimension;
        best = best.subspan(n);
    }
    while (!best.empty()) {
        const std::size_t n = std::min(V::count, best.size());
        search_tile<V, dimension, 1>(codebook, x, best.first(n));
        x += n * codebook.dimension;
        best = best.subspan(n);
    }
}

}  // namespace detail

//! best[i] = the best row of `codebook` for x_i, in the sense promised above; x is best.size() x dimension, row-major
//! and finite. At least one codeword, at most 2^24. O(n count dimension).
template <class Arch = default_arch>
void search(const search_codebook& codebook, std::span<const float> x, std::span<std::uint32_t> best) {
    using lanes = detail::search_lanes<Arch>;
    switch (codebook.dimension) {
        case 4:
            return detail::search_all<lanes, 4>(codebook, x.data(), best);
        case 8:
            return detail::search_all<lanes, 8>(codebook, x.data(), best);
        case 16:
            return detail::search_all<lanes, 16>(codebook, x.data(), best);
        default:
            return detail::search_all<lanes, 0>(codebook, x.data(), best);
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
