//! What Boolean layers make of numbers: rows of packed signs, and numbers -1 and +1.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include <frugal/core/bit_matrix.hpp>
#include <frugal/kernels/pack_signs.hpp>

namespace frugal {

//! Row r of `out` <- x_i >= 0 for row r of x, of `columns` numbers; where `out` has one column more, it is True: the
//! input of a bias.
template <class T>
void pack_sign_rows(std::span<const T> x, std::size_t columns, bit_matrix_span out) {
    for (std::size_t r = 0; r < out.rows(); ++r) {
        const std::span<const T> from = x.subspan(r * columns, columns);
        const bit_span to = out.row(r);
        if constexpr (std::is_same_v<T, float>) {
            to.words().back() = 0;
            kernels::pack_signs(from, bit_span(to.words().data(), columns));
        } else {
            std::ranges::fill(to.words(), std::uint64_t{0});
            for (std::size_t i = 0; i < columns; ++i) {
                to.set(i, from[i] >= 0);
            }
        }
        if (out.columns() > columns) {
            to.set(columns, true);
        }
    }
}

//! +1 where x_i >= 0, -1 elsewhere.
template <class T>
void sign_values(std::span<const T> x, T* out) {
    for (std::size_t i = 0; i < x.size(); ++i) {
        out[i] = x[i] >= 0 ? T(1) : T(-1);
    }
}

}  // namespace frugal
