//! Images as matrices of patches, so that convolutions are matrix products (im2col; Chellapilla, Puri, Simard 2006).
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace frugal {

//! Images of channels x rows x columns under a kernel x kernel window that moves by `stride`, `padding` values around
//! them, 0 unless said otherwise. Unfolded, an image is a matrix of channels kernel^2 rows (k, i, j) and a column for
//! each place, row major.
struct unfolding {
    std::size_t channels = 0;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::size_t kernel = 1;
    std::size_t stride = 1;
    std::size_t padding = 0;

    constexpr bool valid() const {
        return channels > 0 && rows > 0 && columns > 0 && kernel > 0 && stride > 0 && padding < kernel &&
               rows + 2 * padding >= kernel && columns + 2 * padding >= kernel;
    }
    //! Values of an image.
    constexpr std::size_t size() const { return channels * rows * columns; }
    constexpr std::size_t output_rows() const { return (rows + 2 * padding - kernel) / stride + 1; }
    constexpr std::size_t output_columns() const { return (columns + 2 * padding - kernel) / stride + 1; }
    //! Columns of the matrix, and its rows.
    constexpr std::size_t places() const { return output_rows() * output_columns(); }
    constexpr std::size_t patch() const { return channels * kernel * kernel; }

    //! Calls visit(row of the matrix, column of its first element, number of elements, their first index in the image)
    //! for every run of the matrix that lies inside the image; in the image its elements are `stride` apart.
    template <class Visit>
    constexpr void for_each_run(const Visit& visit) const {
        //! The first and one past the last output index whose input index o stride + shift - padding is below `extent`.
        const auto inside = [this](std::size_t shift, std::size_t extent, std::size_t outputs) {
            const std::size_t first = shift >= padding ? 0 : (padding - shift + stride - 1) / stride;
            const std::size_t end = extent + padding > shift ? (extent + padding - shift - 1) / stride + 1 : 0;
            return std::pair(std::min(first, outputs), std::min(end, outputs));
        };
        for (std::size_t k = 0; k < channels; ++k) {
            for (std::size_t i = 0; i < kernel; ++i) {
                const auto [top, bottom] = inside(i, rows, output_rows());
                for (std::size_t j = 0; j < kernel; ++j) {
                    const auto [left, right] = inside(j, columns, output_columns());
                    for (std::size_t r = top; r < bottom && left < right; ++r) {
                        const std::size_t line = k * rows + r * stride + i - padding;
                        visit((k * kernel + i) * kernel + j, r * output_columns() + left, right - left,
                              line * columns + left * stride + j - padding);
                    }
                }
            }
        }
    }

    //! The matrix of an image; `outside` is what lies beyond the image's edge.
    template <class T>
    void unfold(const T* image, T* matrix, T outside = 0) const {
        if (padding > 0) {
            std::fill_n(matrix, patch() * places(), outside);
        }
        for_each_run([&, width = places()](std::size_t row, std::size_t place, std::size_t n, std::size_t from) {
            T* to = matrix + row * width + place;
            for (std::size_t c = 0; c < n; ++c) {
                to[c] = image[from + c * stride];
            }
        });
    }
    //! Adds the matrix to the image that it would come from.
    template <class T>
    void fold(const T* matrix, T* image) const {
        for_each_run([&, width = places()](std::size_t row, std::size_t place, std::size_t n, std::size_t to) {
            const T* from = matrix + row * width + place;
            for (std::size_t c = 0; c < n; ++c) {
                image[to + c * stride] += from[c];
            }
        });
    }

    friend constexpr bool operator==(const unfolding&, const unfolding&) = default;
};

}  // namespace frugal
