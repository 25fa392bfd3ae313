//! The best of many codewords for each of many short vectors: the nearest, or the one of largest inner product.
//!
//! Promise: best[i] is the codeword for which a plain loop in double finds the least sum over j of (x_j - c_j)^2 (or
//! the largest sum of x_j c_j), coordinates in order, every operation rounded, and of several such the lowest. That is
//! the same index on every machine, with any compiler and any vector width, with fused multiply-add and without.
//!
//! How that costs less than single precision: scores <x, c> - ||c||^2 / 2 are computed by whatever arithmetic the
//! machine is fastest at (float, fused or not; pairs of integers of 16 bits where there are products of such), with a
//! bound on their error. Where the highest score leads by more than that, it is the answer; elsewhere (up to three of a
//! hundred Gaussian vectors) all codewords are looked at again in float, and those that may then be best in double.
//!
//! Shape: like a small matrix product whose result is reduced in registers. A tile holds some vectors, one in each
//! lane, against a few codewords at a time; the low bits of a score are replaced by the number of the codeword, so that
//! the two highest are kept by three instructions.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <type_traits>
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
    float largest_norm = 0;           //!< at least that of every row
    float scale = 0;                  //!< of the integers that follow, which are there where made use of
    std::vector<std::int32_t> pairs;  //!< the same as blocks, two coordinates of 16 bits in each
    std::vector<std::int32_t> whole_offsets;

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

//! Scores carry the number of their row, within a chunk of so many, in their low bits.
inline constexpr std::size_t tags = 256;
inline constexpr std::uint32_t tag_mask = tags - 1;
inline constexpr auto tag_of_row = [] {  // read from memory as rows are
    std::array<std::int32_t, tags> tag{};
    std::iota(tag.begin(), tag.end(), 0);
    return tag;
}();

//! What the search needs of a vector of floats; this one has one lane. Fusing and order are left to the machine.
template <class Arch, class Element = float>
struct search_lanes {
    using element = float;
    using value = float;
    static constexpr std::size_t count = 1;
    static constexpr std::size_t sets = 2;
    static constexpr std::size_t rows = 4;
    static value load(const float* p) { return *p; }
    static void store(float* p, value x) { *p = x; }
    static value multiply_add(value a, value b, value c) { return a * b + c; }
    static value larger(value a, value b) { return a > b ? a : b; }
    static value smaller(value a, value b) { return a < b ? a : b; }
    static value square_root(value a) { return std::sqrt(a); }
    static value where_greater(value a, value b, value yes, value no) { return a > b ? yes : no; }
    static std::uint32_t lanes_at_least(value a, value b) { return static_cast<std::uint32_t>(a >= b); }
    //! x, whose low bits are made those of `tag`.
    static value tagged(value x, std::int32_t tag) {
        return std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) & ~tag_mask) | static_cast<std::uint32_t>(tag));
    }
};

#if defined(FRUGAL_HAS_SIMD)
//! Of floats, or of integers whose products are of pairs of 16 bits.
template <SimdArch Arch, class Element>
struct search_lanes<Arch, Element> {
    using element = Element;
    using value = xsimd::batch<Element, Arch>;
    static constexpr std::size_t count = value::size;
    // That many sums are held. Products of integers have a short latency: few of them leave room for the vectors.
    static constexpr std::size_t sets = many_registers<Arch> && std::same_as<Element, float> ? 4 : 2;
    static constexpr std::size_t rows = std::same_as<Element, float> ? 4 : 2;
    static value load(const Element* p) { return value::load_unaligned(p); }
    static void store(Element* p, value x) { x.store_unaligned(p); }
    static value multiply_add(value a, value b, value c) { return lane_operations<Arch>::multiply_add(a, b, c); }
    static value larger(value a, value b) { return xsimd::max(a, b); }
    static value smaller(value a, value b) { return xsimd::min(a, b); }
    static value square_root(value a) { return lane_operations<Arch>::square_root(a); }
    static value where_greater(value a, value b, value yes, value no) { return xsimd::select(a > b, yes, no); }
    static std::uint32_t lanes_at_least(value a, value b) { return lane_operations<Arch>::lanes_at_least(a, b); }
    static value tagged(value x, std::int32_t tag) {
        return same_bits<Element>((same_bits<std::int32_t>(x) & int_batch<Arch>(~static_cast<std::int32_t>(tag_mask))) |
                                  int_batch<Arch>(tag));
    }
};
#endif

//! Are there products of pairs of 16 bits?
template <class Arch>
inline constexpr bool multiplies_pairs = false;
#if defined(FRUGAL_HAS_SIMD)
template <SimdArch Arch>
inline constexpr bool multiplies_pairs<Arch> = lane_operations<Arch>::multiplies_pairs;
#endif

//! pairs[j n + i] holds coordinates 2 j (in its low bits) and 2 j + 1 of vector i, which lie at columns[2 j n + i] and
//! columns[(2 j + 1) n + i], times scale[i] and rounded to the nearest integer. |x_j| scale < 2^15. O(d n).
inline void make_pairs(const float* columns, std::size_t d, std::size_t n, const float* scale, std::int32_t* pairs) {
    const auto whole = [&](std::size_t j, std::size_t i) {  // adding it leaves the integer in the low bits
        return std::bit_cast<std::uint32_t>(columns[j * n + i] * scale[i] + 0x1.8p23f);
    };
    for (std::size_t j = 0; j < d; j += 2, pairs += n) {
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint32_t high = j + 1 < d ? whole(j + 1, i) << 16 : 0;
            pairs[i] = static_cast<std::int32_t>(high | (whole(j, i) & 0xFFFFu));
        }
    }
}

//! What a scan finds for each vector of a tile.
template <class V, std::size_t vectors>
struct best_scores {
    using element = typename V::element;
    alignas(64) element highest[vectors];  // tagged with the row, counted from the first one of its chunk
    alignas(64) element second[vectors];   // the highest of the other rows
    alignas(64) element chunk[vectors];    // where that begins; exact in float
};

//! Scores of `padded` rows. `columns` has coordinate (or pair) j of vector i at j sets V::count + i; `dimension` is
//! how many there are, or 0 where the compiler is not to know d. Written out by `s...` and `i...`: a loop over arrays
//! of vectors would keep them in memory.
template <class V, std::size_t dimension, std::size_t sets, std::size_t... s, std::size_t... i>
[[gnu::always_inline]] inline void scan_rows(const typename V::element* block, const typename V::element* offset,
                                             std::size_t padded, std::size_t run_time_dimension,
                                             const typename V::element* columns, best_scores<V, sets * V::count>& out,
                                             std::index_sequence<s...>, std::index_sequence<i...>) {
    using value = typename V::value;
    using element = typename V::element;
    constexpr std::size_t width = search_codebook::width;
    constexpr std::size_t rows = sizeof...(i) / sets;
    const std::size_t d = dimension == 0 ? run_time_dimension : dimension;
    const value lowest(std::numeric_limits<element>::lowest());
    ((V::store(out.highest + s * V::count, lowest), V::store(out.second + s * V::count, lowest)), ...);
    for (std::size_t chunk = 0; chunk < padded; chunk += tags) {
        value highest[sets] = {((void)s, lowest)...};
        value second[sets] = {((void)s, lowest)...};
        const std::size_t end = std::min(tags, padded - chunk);
        for (std::size_t b = 0; b < end; b += width, block += width * d, offset += width) {
            for (std::size_t first = 0; first < width; first += rows) {
                value sum[rows * sets] = {value(offset[first + i / sets])...};
                for (std::size_t j = 0; j < d; ++j) {
                    // `rounded` keeps them in registers: compilers would load them anew for each product.
                    const value x[sets] = {rounded(V::load(columns + (j * sets + s) * V::count))...};
                    const element* const c = block + j * width + first;
                    ((sum[i] = V::multiply_add(value(c[i / sets]), x[i % sets], sum[i])), ...);
                }
                const auto note = [&](value& top, value& next, value score) {
                    next = V::larger(next, V::smaller(top, score));
                    top = V::larger(top, score);
                };
                (note(highest[i % sets], second[i % sets], V::tagged(sum[i], tag_of_row[b + first + i / sets])), ...);
            }
        }
        const auto join = [&](std::size_t at, value top, value next) {
            const value before = V::load(out.highest + at);
            const value chunk_before = chunk == 0 ? value(element(0)) : V::load(out.chunk + at);
            V::store(out.chunk + at, V::where_greater(top, before, value(static_cast<element>(chunk)), chunk_before));
            V::store(out.second + at, V::larger(V::larger(V::load(out.second + at), next), V::smaller(top, before)));
            V::store(out.highest + at, V::larger(top, before));
        };
        (join(s * V::count, highest[s], second[s]), ...);
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

//! How far a score in float may be off, whatever the row; infinite or NaN where scores may be.
//!
//! It differs from <x, c> - ||c||^2 / 2 by (D + 2) 2^-24 (||x|| ||c|| + ||c||^2 / 2) at most, in any order of
//! operations (Higham 2002, section 3.1), and by 2^-15 of itself when tagged; a distance in double is off by D 2^-52
//! (||x|| + ||c||)^2; and something is lost to underflow.
template <class Value>
[[gnu::always_inline]] inline Value error_of_scores(const search_codebook& codebook, Value norm, bool tagged) {
    const float c = codebook.largest_norm;
    const float unit = (static_cast<float>(codebook.dimension) + 6) * 0x1p-24f + (tagged ? 0x1p-15f : 0.0f);
    const Value reach = norm + Value(c);
    return (norm * Value(c) + Value(0.5f * c * c)) * Value(1.03f * unit) + reach * reach * Value(0x1p-45f) +
           reach * Value(0x1p-110f) + Value(0x1p-121f);
}

//! At least the norms of V::count vectors.
template <class V>
[[gnu::always_inline]] inline typename V::value norms_of(const float* columns, std::size_t stride, std::size_t d) {
    using value = typename V::value;
    value largest(0.0f);
    value square(0.0f);
    for (std::size_t j = 0; j < d; ++j) {
        const value x = V::load(columns + j * stride);
        largest = V::larger(largest, V::larger(x, -x));
        square = V::multiply_add(x, x, square);
    }
    const value bound = largest * value(std::sqrt(static_cast<float>(d)) * 1.00001f);
    return V::where_greater(largest, value(0x1p-40f),  // squares of small numbers may have vanished
                            V::smaller(bound, V::square_root(square) * value(1.00001f)), bound);
}

//! The best row where a scan leaves it open. `row` is among the best.
template <class V, std::size_t dimension>
[[gnu::noinline]] std::uint32_t contended(const search_codebook& codebook, const float* x, float norm,
                                          std::size_t row) {
    const float error = error_of_scores(codebook, norm, false);
    if (!is_finite(error)) {
        return best_of_all(codebook, x);
    }
    float least = codebook.offsets[row] - 2 * error;
    for (std::size_t j = 0; j < codebook.dimension; ++j) {
        least += x[j] * codebook.row(row)[j * search_codebook::width];
    }
    exact_choice choice(codebook, x);
    for (std::size_t b = 0; b < codebook.offsets.size() / search_codebook::width; ++b) {
        choice.consider(b, candidates_of_block<V, dimension>(codebook, x, least, b));
    }
    return choice.best();
}

//! first - second, of which the latter is not larger.
inline float lead(float first, float second) {
    return first - second;
}
inline float lead(std::int32_t first, std::int32_t second) {
    return static_cast<float>(static_cast<std::uint32_t>(first) - static_cast<std::uint32_t>(second));
}

//! The best rows for sets V::count vectors, of which the first best.size() exist. S: the lanes that scores are in.
template <class V, class S, std::size_t dimension, std::size_t sets>
void search_tile(const search_codebook& codebook, const float* x, std::span<std::uint32_t> best) {
    constexpr std::size_t vectors = sets * V::count;
    constexpr std::size_t largest = search_codebook::largest_dimension;
    using element = typename S::element;
    using value = typename V::value;
    const std::size_t d = dimension == 0 ? codebook.dimension : dimension;
    alignas(64) float columns[vectors * largest];
    if (best.size() < vectors) {
        std::fill(columns, columns + vectors * d, 0.0f);
    }
    for (std::size_t i = 0; i < best.size(); ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            columns[j * vectors + i] = x[i * d + j];
        }
    }
    alignas(64) float norms[vectors];
    alignas(64) float tolerances[vectors];
    best_scores<S, vectors> scores;
    const auto scan = [&]<std::size_t length>(const auto& block, const auto& offset, std::size_t n, const element* of) {
        scan_rows<S, length, sets>(block.data(), offset.data(), codebook.offsets.size(), n, of, scores,
                                   std::make_index_sequence<sets>{}, std::make_index_sequence<S::rows * sets>{});
    };
    for (std::size_t i = 0; i < vectors; i += V::count) {
        V::store(norms + i, norms_of<V>(columns + i, vectors, d));
    }
    if constexpr (std::same_as<element, std::int32_t>) {
        alignas(64) float scale[vectors];
        alignas(64) std::int32_t pairs[vectors * largest / 2];
        const float root = std::sqrt(static_cast<float>(d)) * 0.51f;
        constexpr float infinity = std::numeric_limits<float>::infinity();
        std::size_t count_too_long = 0;
        const float most = codebook.nearest ? codebook.scale : 0x1p100f;  // offsets are of that scale
        for (std::size_t i = 0; i < vectors; ++i) {
            scale[i] = std::min(32700.0f / norms[i], most);
            // A coordinate is off by a half, an offset by 2^-24 of itself and 1, a tagged score by another 255.
            const float error = root * (codebook.scale * codebook.largest_norm + scale[i] * norms[i] + 2 * root) + 280;
            const bool too_long = codebook.nearest && scale[i] < most;
            tolerances[i] = too_long ? infinity : 2 * error;
            count_too_long += too_long ? 1u : 0u;
        }
        if (count_too_long > vectors / 4) [[unlikely]] {  // each of these would be open
            return search_tile<V, V, dimension, sets>(codebook, x, best);
        }
        make_pairs(columns, d, vectors, scale, pairs);
        scan.template operator()<(dimension + 1) / 2>(codebook.pairs, codebook.whole_offsets, (d + 1) / 2, pairs);
    } else {
        for (std::size_t i = 0; i < vectors; i += V::count) {
            V::store(tolerances + i, error_of_scores<value>(codebook, V::load(norms + i), true) * value(2.0f));
        }
        scan.template operator()<dimension>(codebook.blocks, codebook.offsets, d, columns);
    }
    for (std::size_t i = 0; i < best.size(); ++i) {
        best[i] =
            static_cast<std::uint32_t>(scores.chunk[i]) + (std::bit_cast<std::uint32_t>(scores.highest[i]) & tag_mask);
    }
    for (std::size_t i = 0; i < best.size(); ++i) {
        if (!(lead(scores.highest[i], scores.second[i]) > tolerances[i])) [[unlikely]] {
            best[i] = contended<V, dimension>(codebook, x + i * d, norms[i], best[i]);
        }
    }
}

template <class V, class S, std::size_t dimension>
void search_all(const search_codebook& codebook, const float* x, std::span<std::uint32_t> best) {
    constexpr std::size_t tile = S::sets * V::count;
    while (best.size() > tile / 2) {
        const std::size_t n = std::min(tile, best.size());
        search_tile<V, S, dimension, S::sets>(codebook, x, best.first(n));
        x += n * codebook.dimension;
        best = best.subspan(n);
    }
    while (!best.empty()) {
        const std::size_t n = std::min(V::count, best.size());
        search_tile<V, S, dimension, 1>(codebook, x, best.first(n));
        x += n * codebook.dimension;
        best = best.subspan(n);
    }
}

template <class Arch, std::size_t dimension>
void search_by(const search_codebook& codebook, const float* x, std::span<std::uint32_t> best) {
    using element = std::conditional_t<multiplies_pairs<Arch>, std::int32_t, float>;
    search_all<search_lanes<Arch>, search_lanes<Arch, element>, dimension>(codebook, x, best);
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
            offsets[first + i] = i >= n    ? std::numeric_limits<float>::lowest()
                                 : nearest ? static_cast<float>(-0.5 * square[i])
                                           : 0.0f;
        }
    }
    largest_norm = static_cast<float>(std::sqrt(largest) * 1.000001);
    if constexpr (detail::multiplies_pairs<Arch>) {
        const std::size_t halves = (dimension + 1) / 2;
        // Beyond 2^63 squares may be infinite: then everything ties.
        scale = largest_norm < 0x1p63f ? std::min(24000 / largest_norm, 0x1p60f) : 0.0f;
        float scales[width];
        std::fill(scales, scales + width, scale);
        pairs.resize(padded * halves);
        whole_offsets.resize(padded);
        for (std::size_t first = 0; first < padded; first += width) {
            detail::make_pairs(blocks.data() + first * dimension, dimension, width, scales,
                               pairs.data() + first * halves);
        }
        for (std::size_t m = 0; m < padded; ++m) {
            whole_offsets[m] = m < count && scale > 0
                                   ? static_cast<std::int32_t>(double(offsets[m]) * double(scale) * double(scale))
                                   : std::numeric_limits<std::int32_t>::lowest();
        }
    }
}

//! best[i] = the best row of `codebook` for x_i, in the sense promised above; x is best.size() x dimension, row-major
//! and finite. At least one codeword, at most 2^24. O(n count dimension).
template <class Arch = default_arch>
void search(const search_codebook& codebook, std::span<const float> x, std::span<std::uint32_t> best) {
    switch (codebook.dimension) {
        case 4:
            return detail::search_by<Arch, 4>(codebook, x.data(), best);
        case 8:
            return detail::search_by<Arch, 8>(codebook, x.data(), best);
        case 16:
            return detail::search_by<Arch, 16>(codebook, x.data(), best);
        default:
            return detail::search_by<Arch, 0>(codebook, x.data(), best);
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
