//! Products of a matrix with a few columns, for approximations of low rank. Matrices are stored row by row, and the
//! last row may be shorter than `cols` (what is missing is zero); factors are stored column after column.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

#include <frugal/core/exact.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/linear.hpp>

namespace frugal::kernels {

namespace detail {

//! f(i, row, length) for the rows of a matrix of d elements.
template <class F>
void for_rows(std::size_t d, std::size_t cols, F f) {
    for (std::size_t at = 0, i = 0; at < d; at += cols, ++i) {
        f(i, at, std::min(cols, d - at));
    }
}

}  // namespace detail

//! P = M Q: p has rows, q has cols numbers a column. Sums in double, in the order of `dot`. O(d rank), one pass over m.
inline void multiply_by_columns(std::span<const float> m, std::size_t cols, std::span<const float> q, std::size_t rank,
                                std::span<float> p) {
    const std::size_t rows = p.size() / rank;
    detail::for_rows(m.size(), cols, [&](std::size_t i, std::size_t at, std::size_t n) {
        for (std::size_t k = 0; k < rank; ++k) {
            p[k * rows + i] = static_cast<float>(dot(m.data() + at, q.data() + k * cols, n));
        }
    });
}

//! Q = M' P, row of M after row. O(d rank), one pass over m.
inline void multiply_transposed_by_columns(std::span<const float> m, std::size_t cols, std::span<const float> p,
                                           std::size_t rank, std::span<float> q) {
    const std::size_t rows = p.size() / rank;
    std::ranges::fill(q, 0.0f);
    detail::for_rows(m.size(), cols, [&](std::size_t i, std::size_t at, std::size_t n) {
        for (std::size_t k = 0; k < rank; ++k) {
            axpy(p[k * rows + i], m.subspan(at, n), q.subspan(k * cols, n));
        }
    });
}

//! M += factor P Q', column after column. O(d rank), one pass over m.
inline void add_outer_product(float factor, std::span<const float> p, std::span<const float> q, std::size_t rank,
                              std::size_t cols, std::span<float> m) {
    const std::size_t rows = p.size() / rank;
    detail::for_rows(m.size(), cols, [&](std::size_t i, std::size_t at, std::size_t n) {
        for (std::size_t k = 0; k < rank; ++k) {
            axpy(factor * p[k * rows + i], q.subspan(k * cols, n), m.subspan(at, n));
        }
    });
}

//! Makes the columns of P orthonormal (Gram and Schmidt), in order. A column that is none of its own, or too small for
//! a float to be scaled to length 1, becomes 0.
inline void orthonormalize(std::span<float> p, std::size_t rank) {
    const std::size_t rows = p.size() / rank;
    for (std::size_t k = 0; k < rank; ++k) {
        const std::span<float> column = p.subspan(k * rows, rows);
        const double before = dot(column.data(), column.data(), rows);
        for (std::size_t j = 0; j < k; ++j) {
            const std::span<const float> other = p.subspan(j * rows, rows);
            axpy(-static_cast<float>(dot(column.data(), other.data(), rows)), other, column);
        }
        const double squared = dot(column.data(), column.data(), rows);
        const auto factor = squared > 1e-12 * before ? static_cast<float>(1 / std::sqrt(squared)) : 0.0f;
        scale(is_finite(factor) ? factor : 0.0f, column, column);
    }
}

}  // namespace frugal::kernels
