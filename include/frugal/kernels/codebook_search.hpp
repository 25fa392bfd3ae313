//! The best of many codewords for each of many short vectors: argmax over m of <b, c_m> + offset_m.
//!
//! With offset_m = -||c_m||^2 / 2 this is the nearest codeword; with 0, the one of largest inner product. Like a matrix
//! product whose result is reduced in registers: several vectors against a few codewords at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <frugal/core/exact.hpp>
#include <frugal/kernels/batch.hpp>

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
    std::vector<float> blocks;
    std::vector<float> offsets;

    //! Takes `rows` (count x dimension, row-major); offsets as for the nearest codeword. O(count dimension).
    void assign_nearest(std::span<const float> rows, std::size_t row_length) {
        assign(rows, row_length);
        for (std::size_t m = 0; m < count; ++m) {
            float sum = 0;
            for (std::size_t j = 0; j < dimension; ++j) {
                const float c = rows[m * dimension + j];
                sum = multiply_add(c, c, sum);
            }
            offsets[m] = -0.5f * sum;
        }
    }
    //! The same with zero offsets: the search finds the largest inner product.
    void assign(std::span<const float> rows, std::size_t row_length) {
        dimension = row_length;
        count = rows.size() / row_length;
        const std::size_t padded = (count + width - 1) / width * width;
        blocks.assign(padded * dimension, 0.0f);
        offsets.assign(padded, -std::numeric_limits<float>::infinity());
        for (std::size_t m = 0; m < count; ++m) {
            offsets[m] = 0.0f;
            for (std::size_t j = 0; j < dimension; ++j) {
                blocks[(m / width * dimension + j) * width + m % width] = rows[m * dimension + j];
            }
        }
    }
};

namespace detail {

//! What the search needs of a vector of floats; this one has one lane.
template <class Arch>
struct search_lanes {
    using value = float;
    static constexpr std::size_t count = 1;
    static constexpr std::size_t rows = 4;
    static value load(const float* p) { return *p; }
    static void store(float* p, value x) { *p = x; }
    static value where_greater(value a, value b, value yes, value no) { return a > b ? yes : no; }
};

#if defined(FRUGAL_HAS_SIMD)
template <SimdArch Arch>
struct search_lanes<Arch> {
    using value = float_batch<Arch>;
    static constexpr std::size_t count = value::size;
    static constexpr std::size_t rows = count >= 16 ? 8 : 4;  // as many as 32 or 16 registers hold
    static value load(const float* p) { return value::load_unaligned(p); }
    static void store(float* p, value x) { x.store_unaligned(p); }
    static value where_greater(value a, value b, value yes, value no) { return xsimd::select(a > b, yes, no); }
};
#endif

//! The best row of `codebook` for each of sizeof...(r) vectors at `x`. `dimension` is that of the codebook, or 0 where
//! the
//! compiler is not to know it.
template <class V, std::size_t dimension, std::size_t... r>
void search_rows(const search_codebook& codebook, const float* x, std::uint32_t* best, std::index_sequence<r...>) {
    using value = typename V::value;
    constexpr std::size_t rows = sizeof...(r);
    constexpr std::size_t width = search_codebook::width;
    const std::size_t d = dimension == 0 ? codebook.dimension : dimension;
    float columns[rows * search_codebook::largest_dimension];
    for (std::size_t j = 0; j < d; ++j) {
        ((columns[j * rows + r] = x[r * d + j]), ...);
    }
    value highest[rows] = {((void)r, value(-std::numeric_limits<float>::infinity()))...};
    value where[rows] = {((void)r, value(0.0f))...};  // number of the group of V::count codewords, exact below 2^24
    const std::size_t groups = codebook.offsets.size() / V::count;
    for (std::size_t g = 0; g < groups; ++g) {
        const std::size_t first = g * V::count;
        const float* c = codebook.blocks.data() + first / width * width * d + first % width;
        const value offset = V::load(codebook.offsets.data() + first);
        value score[rows] = {((void)r, offset)...};
        for (std::size_t j = 0; j < d; ++j) {
            const value column = V::load(c + j * width);
            ((score[r] = multiply_add(column, value(columns[j * rows + r]), score[r])), ...);
        }
        const value here(static_cast<float>(g));
        ((where[r] = V::where_greater(score[r], highest[r], here, where[r]),
          highest[r] = V::where_greater(score[r], highest[r], score[r], highest[r])),
         ...);
    }
    for (std::size_t i = 0; i < rows; ++i) {
        float scores[V::count];
        float numbers[V::count];
        V::store(scores, highest[i]);
        V::store(numbers, where[i]);
        float top = scores[0];
        float at = numbers[0] * V::count;
        for (std::size_t lane = 1; lane < V::count; ++lane) {
            const float m = numbers[lane] * V::count + static_cast<float>(lane);
            const bool better = (scores[lane] > top) | ((scores[lane] == top) & (m < at));
            top = better ? scores[lane] : top;
            at = better ? m : at;
        }
        best[i] = static_cast<std::uint32_t>(at);
    }
}

template <class V, std::size_t dimension>
void search_all(const search_codebook& codebook, const float* x, std::span<std::uint32_t> best) {
    std::size_t i = 0;
    for (; i + V::rows <= best.size(); i += V::rows) {
        search_rows<V, dimension>(codebook, x + i * codebook.dimension, best.data() + i,
                                  std::make_index_sequence<V::rows>{});
    }
    for (; i < best.size(); ++i) {
        search_rows<V, dimension>(codebook, x + i * codebook.dimension, best.data() + i, std::make_index_sequence<1>{});
    }
}

}  // namespace detail

//! best[i] = the row m of `codebook` with the largest <x_i, c_m> + offset_m, the lowest such m; x is best.size() x
//! dimension, row-major and finite. Products are summed in order of the coordinate with every operation rounded, so
//! that
//! the choice is the same on every instruction set. At most 2^24 codewords. O(n count dimension).
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
