//! The best of many codewords for each of many short vectors: the nearest, or the one of largest inner product.
//!
//! Promise: best[i] is the codeword for which a plain loop in double finds the least sum over j of (x_j - c_j)^2 (or
//! the largest sum of x_j c_j), coordinates in order, every operation rounded, and of several such the lowest. That is
//! the same index on every machine, with any compiler and any vector width, with fused multiply-add and without.
//!
//! How that costs less than single precision: scores <x, c> - ||c||^2 / 2 are computed by whatever arithmetic the
//! machine is fastest at (float, fused or not; pairs of bfloat16 where there are such), with a bound on their error.
//! The blocks of 16 codewords that may hold the best one are looked at again in float, mostly one, and the codewords
//! that may then be best, nearly always one (all but one of 10,000 Gaussian vectors), in double.
//!
//! Shape: like a small matrix product whose result is reduced in registers. A tile holds some vectors, one in each
//! lane, against four codewords at a time; of each block of codewords only the largest score is kept.
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
#include <frugal/core/loan.hpp>
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
    std::vector<float>
        pairs;               //!< the same as blocks, two coordinates of 16 bits in a float; empty where not made use of
    float largest_norm = 0;  //!< at least that of every row
    float largest_loss = 0;  //!< the same for what rounding to 16 bits took from it

    //! Takes `rows` (count x dimension, row-major, finite), for the search of the nearest. O(count dimension).
    template <class Arch = default_arch>
    void assign_nearest(std::span<const float> rows, std::size_t row_length) {
        assign<Arch>(rows, row_length, true);
    }
    //! The same for the search of the largest inner product.
    template <class Arch = default_arch>
    void assign(std::span<const float> rows, std::size_t row_length) {
        assign<Arch>(rows, row_length, false);
    }

    //! Where row m begins; its coordinates are `width` apart.
    const float* row(std::size_t m) const { return blocks.data() + m / width * width * dimension + m % width; }

private:
    template <class Arch>
    void assign(std::span<const float> rows, std::size_t row_length, bool by_distance);
};
namespace detail {

//! What the search needs of a vector of floats; this one has one lane. Fusing and order are left to the machine.
template <class Arch>
struct search_lanes {
    using value = float;
    static constexpr std::size_t count = 1;
    static constexpr std::size_t sets = 2;
    static constexpr bool multiplies_pairs = false;
    static value load(const float* p) { return *p; }
    static void store(float* p, value x) { *p = x; }
    static value multiply_add(value a, value b, value c) { return a * b + c; }
    static value larger(value a, value b) { return a > b ? a : b; }
    static value smaller(value a, value b) { return a < b ? a : b; }
    static value square_root(value a) { return std::sqrt(a); }
    static value where_greater(value a, value b, value yes, value no) { return a > b ? yes : no; }
    static std::uint32_t lanes_at_least(value a, value b) { return static_cast<std::uint32_t>(a >= b); }
};

#if defined(FRUGAL_HAS_SIMD)
template <SimdArch Arch>
struct search_lanes<Arch> {
    using value = float_batch<Arch>;
    static constexpr std::size_t count = value::size;
    static constexpr std::size_t sets = many_registers<Arch> ? 4 : 2;  // 4 times that many sums are held
    static constexpr bool multiplies_pairs = lane_operations<Arch>::multiplies_pairs;
    static value load(const float* p) { return value::load_unaligned(p); }
    static void store(float* p, value x) { x.store_unaligned(p); }
    static value multiply_add(value a, value b, value c) { return lane_operations<Arch>::multiply_add(a, b, c); }
    static value multiply_add_pairs(value a, value b, value sum) {
        return lane_operations<Arch>::multiply_add_pairs(a, b, sum);
    }
    static value larger(value a, value b) { return xsimd::max(a, b); }
    static value smaller(value a, value b) { return xsimd::min(a, b); }
    static value square_root(value a) { return lane_operations<Arch>::square_root(a); }
    static value where_greater(value a, value b, value yes, value no) { return xsimd::select(a > b, yes, no); }
    static std::uint32_t lanes_at_least(value a, value b) { return lane_operations<Arch>::lanes_at_least(a, b); }
};
#endif

//! The upper 16 bits of a float, rounded to the nearest, the even one of two; infinite beyond the range.
inline std::uint32_t narrowed(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    return (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
}

//! pairs[j n + i] holds coordinates 2 j (in its low bits) and 2 j + 1 of vector i, which lie at columns[2 j n + i] and
//! columns[(2 j + 1) n + i]; lost[i] is the sum of the squares of what rounding took from it. O(d n).
inline void make_pairs(const float* columns, std::size_t d, std::size_t n, float* pairs, float* lost) {
    const auto loss = [](float x, std::uint32_t narrow) {
        const float difference = x - std::bit_cast<float>(narrow << 16);
        return difference * difference;
    };
    std::fill(lost, lost + n, 0.0f);
    std::size_t j = 0;
    for (; j + 1 < d; j += 2, columns += 2 * n, pairs += n) {
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint32_t low = narrowed(columns[i]);
            const std::uint32_t high = narrowed(columns[n + i]);
            pairs[i] = std::bit_cast<float>(low | high << 16);
            lost[i] += loss(columns[i], low) + loss(columns[n + i], high);
        }
    }
    for (std::size_t i = 0; j < d && i < n; ++i) {
        const std::uint32_t low = narrowed(columns[i]);
        pairs[i] = std::bit_cast<float>(low);
        lost[i] += loss(columns[i], low);
    }
}

//! The three largest scores that a block has for each vector of a tile, and which blocks have the first two.
template <std::size_t vectors>
struct block_scores {
    alignas(64) float highest[vectors];
    alignas(64) float second[vectors];
    alignas(64) float third[vectors];
    alignas(64) float block[vectors];  // exact below 2^24
    alignas(64) float second_block[vectors];
};

//! Scores of `blocks` blocks. `columns` has coordinate (or pair) j of vector i at j sets V::count + i; `dimension` is
//! how many there are, or 0 where the compiler is not to know d. tops: the largest score of every block, for all
//! vectors. Written out by `s...` and `i...`: a loop over arrays of vectors would keep them in memory.
template <class V, bool of_pairs, std::size_t dimension, std::size_t sets, std::size_t... s, std::size_t... i>
[[gnu::always_inline]] inline void scan_blocks(const float* block, const float* offset, std::size_t blocks,
                                               std::size_t run_time_dimension, const float* columns,
                                               block_scores<sets * V::count>& out, float* tops,
                                               std::index_sequence<s...>, std::index_sequence<i...>) {
    using value = typename V::value;
    constexpr std::size_t width = search_codebook::width;
    constexpr std::size_t rows = sizeof...(i) / sets;
    const std::size_t d = dimension == 0 ? run_time_dimension : dimension;
    const value lowest(-std::numeric_limits<float>::infinity());
    ((V::store(out.highest + s * V::count, lowest), V::store(out.second + s * V::count, lowest),
      V::store(out.third + s * V::count, lowest), V::store(out.block + s * V::count, value(0.0f)),
      V::store(out.second_block + s * V::count, value(0.0f))),
     ...);
    for (std::size_t b = 0; b < blocks; ++b, block += width * d, offset += width, tops += sets * V::count) {
        value top[sets] = {((void)s, lowest)...};
        for (std::size_t first = 0; first < width; first += rows) {
            value sum[rows * sets] = {value(offset[first + i / sets])...};
            for (std::size_t j = 0; j < d; ++j) {
                // `rounded` keeps them in registers: compilers would load them anew for each product.
                const value x[sets] = {rounded(V::load(columns + (j * sets + s) * V::count))...};
                const float* const c = block + j * width + first;
                if constexpr (of_pairs) {
                    ((sum[i] = V::multiply_add_pairs(value(c[i / sets]), x[i % sets], sum[i])), ...);
                } else {
                    ((sum[i] = V::multiply_add(value(c[i / sets]), x[i % sets], sum[i])), ...);
                }
            }
            ((top[i % sets] = V::larger(top[i % sets], sum[i])), ...);
        }
        const value here(static_cast<float>(b));
        const auto note = [&](std::size_t at, value score) {
            const value highest = V::load(out.highest + at);
            const value second = V::load(out.second + at);
            const value block_before = V::load(out.block + at);
            const value loser = V::smaller(score, highest);
            const value losing_block = V::where_greater(score, highest, block_before, here);
            V::store(tops + at, score);
            V::store(out.highest + at, V::larger(score, highest));
            V::store(out.block + at, V::where_greater(score, highest, here, block_before));
            V::store(out.second + at, V::larger(second, loser));
            V::store(out.second_block + at,
                     V::where_greater(loser, second, losing_block, V::load(out.second_block + at)));
            V::store(out.third + at, V::larger(V::load(out.third + at), V::smaller(loser, second)));
        };
        (note(s * V::count, top[s]), ...);
    }
}

//! Larger is better: what decides, in double.
inline double exact_preference(const search_codebook& codebook, const float* x, std::size_t m) {
    const float* const c = codebook.row(m);
    double sum = 0;
    for (std::size_t j = 0; j < codebook.dimension; ++j) {
        const auto a = double(x[j]);
        const auto b = double(c[j * search_codebook::width]);
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

//! The best, in double, of the rows it is shown.
class exact_choice {
public:
    exact_choice(const search_codebook& codebook, const float* x) : codebook_(codebook), x_(x) {}
    //! Those of block b whose bits are set.
    void consider(std::size_t b, std::uint32_t candidates) {
        for (; candidates != 0; candidates &= candidates - 1) {
            const std::size_t m = b * search_codebook::width + static_cast<std::size_t>(std::countr_zero(candidates));
            const double p = exact_preference(codebook_, x_, m);
            if (best_ == codebook_.count || p > preference_ || (p == preference_ && m < best_)) {
                best_ = m;
                preference_ = p;
            }
        }
    }
    std::uint32_t best() const { return static_cast<std::uint32_t>(best_); }

private:
    const search_codebook& codebook_;
    const float* x_;
    std::size_t best_ = codebook_.count;
    double preference_ = 0;
};

//! The best of all rows that score at least `least` in float, and whose block, in `tops`, reaches `least_of_block`.
template <class V, std::size_t dimension>
[[gnu::noinline]] std::uint32_t best_of_blocks(const search_codebook& codebook, const float* x, float least,
                                               const float* tops, std::size_t stride, float least_of_block) {
    exact_choice choice(codebook, x);
    for (std::size_t b = 0; b < codebook.offsets.size() / search_codebook::width; ++b) {
        if (tops[b * stride] >= least_of_block) {
            choice.consider(b, candidates_of_block<V, dimension>(codebook, x, least, b));
        }
    }
    return choice.best();
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

//! How far scores may lie below the highest of a vector: that of the block of the best codeword, and the score in float
//! of the best codeword itself. Infinite or NaN where scores may be.
//!
//! A score in float differs from <x, c> - ||c||^2 / 2 by (D + 2) 2^-24 (||x|| ||c|| + ||c||^2 / 2) at most, in any
//! order of operations (Higham 2002, section 3.1); rounding them to bfloat16 adds ||x - x'|| ||c|| + ||x'|| ||c - c'||;
//! a distance in double is off by D 2^-52 (||x|| + ||c||)^2; and something is lost to underflow. Two scores may be
//! off in opposite directions. `lost` is ||x - x'||^2.
template <class V, bool of_pairs>
[[gnu::always_inline]] inline void tolerances(const search_codebook& codebook, const float* columns, std::size_t stride,
                                              std::size_t d, [[maybe_unused]] const float* lost, float* of_block,
                                              float* of_score) {
    using value = typename V::value;
    value largest(0.0f);
    value square(0.0f);
    for (std::size_t j = 0; j < d; ++j) {
        const value x = V::load(columns + j * stride);
        largest = V::larger(largest, V::larger(x, -x));
        square = V::multiply_add(x, x, square);
    }
    const float c = codebook.largest_norm;
    value norm = largest * value(std::sqrt(static_cast<float>(d)) * 1.00001f);
    const auto root = [&](value sum, value otherwise) {  // squares of small numbers may have vanished
        return V::where_greater(largest, value(0x1p-40f), V::smaller(otherwise, V::square_root(sum) * value(1.00001f)),
                                otherwise);
    };
    norm = root(square, norm);
    const value reach = norm + value(c);
    const value product = norm * value(c);
    const value error = (product + value(0.5f * c * c)) * value(1.03f * (static_cast<float>(d) + 6) * 0x1p-24f) +
                        reach * reach * value(0x1p-45f) + reach * value(0x1p-110f) + value(0x1p-121f);
    value narrowing(0.0f);
    if constexpr (of_pairs) {
        const value away = root(V::load(lost), norm * value(0x1p-8f));
        narrowing = (away * value(c) + (norm + away) * value(codebook.largest_loss)) * value(1.03f);
    }
    V::store(of_block, value(2.0f) * (error + narrowing));
    V::store(of_score, value(2.0f) * error + narrowing);
}

//! The best rows for sets V::count vectors, of which the first best.size() exist.
template <class V, bool of_pairs, std::size_t dimension, std::size_t sets>
void search_tile(const search_codebook& codebook, const float* x, float* tops, std::span<std::uint32_t> best) {
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
    alignas(64) float lost[vectors];
    block_scores<vectors> scores;
    const std::size_t blocks = codebook.offsets.size() / search_codebook::width;
    const auto scan = [&]<std::size_t length>(const float* block, std::size_t n, const float* of) {
        scan_blocks<V, of_pairs, length, sets>(block, codebook.offsets.data(), blocks, n, of, scores, tops,
                                               std::make_index_sequence<sets>{},
                                               std::make_index_sequence<rows * sets>{});
    };
    if constexpr (of_pairs) {
        alignas(64) float pairs[vectors * search_codebook::largest_dimension / 2];
        make_pairs(columns, d, vectors, pairs, lost);
        scan.template operator()<(dimension + 1) / 2>(codebook.pairs.data(), (d + 1) / 2, pairs);
    } else {
        scan.template operator()<dimension>(codebook.blocks.data(), d, columns);
    }
    alignas(64) float of_block[vectors];
    alignas(64) float of_score[vectors];
    for (std::size_t i = 0; i < vectors; i += V::count) {
        tolerances<V, of_pairs>(codebook, columns + i, vectors, d, lost + i, of_block + i, of_score + i);
    }
    for (std::size_t i = 0; i < best.size(); ++i) {
        const float* const xi = x + i * d;
        const float least_of_block = scores.highest[i] - of_block[i];
        const float least = scores.highest[i] - of_score[i];
        if (!is_finite(of_block[i])) [[unlikely]] {
            best[i] = best_of_all(codebook, xi);
        } else if (scores.third[i] < least_of_block) [[likely]] {
            const auto block = static_cast<std::size_t>(scores.block[i]);
            const auto other = static_cast<std::size_t>(scores.second_block[i]);
            const auto candidates = candidates_of_block<V, dimension>(codebook, xi, least, block);
            const auto others =
                scores.second[i] < least_of_block ? 0u : candidates_of_block<V, dimension>(codebook, xi, least, other);
            if (others == 0 && std::has_single_bit(candidates)) [[likely]] {
                best[i] = static_cast<std::uint32_t>(block * search_codebook::width) +
                          static_cast<std::uint32_t>(std::countr_zero(candidates));
            } else {
                exact_choice choice(codebook, xi);
                choice.consider(block, candidates);
                choice.consider(other, others);
                best[i] = choice.best();
            }
        } else {
            best[i] = best_of_blocks<V, dimension>(codebook, xi, least, tops + i, vectors, least_of_block);
        }
    }
}

template <class V, bool of_pairs, std::size_t dimension>
void search_all(const search_codebook& codebook, const float* x, std::span<std::uint32_t> best) {
    constexpr std::size_t tile = V::sets * V::count;
    const auto tops = borrow<float>(codebook.offsets.size() / search_codebook::width * tile);
    while (best.size() > tile / 2) {
        const std::size_t n = std::min(tile, best.size());
        search_tile<V, of_pairs, dimension, V::sets>(codebook, x, tops.data(), best.first(n));
        x += n * codebook.dimension;
        best = best.subspan(n);
    }
    while (!best.empty()) {
        const std::size_t n = std::min(V::count, best.size());
        search_tile<V, of_pairs, dimension, 1>(codebook, x, tops.data(), best.first(n));
        x += n * codebook.dimension;
        best = best.subspan(n);
    }
}

template <class V, std::size_t dimension>
void search_by(const search_codebook& codebook, const float* x, std::span<std::uint32_t> best) {
    if constexpr (V::multiplies_pairs) {
        if (!codebook.pairs.empty()) {
            return search_all<V, true, dimension>(codebook, x, best);
        }
    }
    search_all<V, false, dimension>(codebook, x, best);
}

}  // namespace detail

template <class Arch>
void search_codebook::assign(std::span<const float> rows, std::size_t row_length, bool by_distance) {
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
                square[i] += double(c) * double(c);
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
    pairs.clear();
    if constexpr (detail::search_lanes<Arch>::multiplies_pairs) {
        const std::size_t halves = (dimension + 1) / 2;
        pairs.resize(padded * halves);
        float loss = 0;
        for (std::size_t first = 0; first < padded; first += width) {
            float lost[width];
            detail::make_pairs(blocks.data() + first * dimension, dimension, width, pairs.data() + first * halves,
                               lost);
            loss = std::max(loss, *std::max_element(lost, lost + width));
        }
        // Squares of small numbers may have vanished; infinite numbers make NaN, which `max` may pass over.
        largest_loss =
            largest_norm < 0x1p100f && largest_norm > 0x1p-40f ? std::sqrt(loss) * 1.00001f : largest_norm * 0x1p-8f;
    }
}

//! best[i] = the best row of `codebook` for x_i, in the sense promised above; x is best.size() x dimension, row-major
//! and finite. At least one codeword, at most 2^24. Borrows 16 bytes for each codeword. O(n count dimension).
template <class Arch = default_arch>
void search(const search_codebook& codebook, std::span<const float> x, std::span<std::uint32_t> best) {
    using lanes = detail::search_lanes<Arch>;
    switch (codebook.dimension) {
        case 4:
            return detail::search_by<lanes, 4>(codebook, x.data(), best);
        case 8:
            return detail::search_by<lanes, 8>(codebook, x.data(), best);
        case 16:
            return detail::search_by<lanes, 16>(codebook, x.data(), best);
        default:
            return detail::search_by<lanes, 0>(codebook, x.data(), best);
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
