//! Images as matrices of patches, so that convolutions are matrix products (Chellapilla, Puri, Simard 2006).
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <frugal/model/layer.hpp>

namespace frugal {

//! The kernel x kernel patches of an image, `stride` apart, of the image with `padding` more on each side.
//!
//! The matrix of an image has a row for each channel and place in the patch, channel first, and a column for each position
//! of the patch.
struct image_patches {
    sample_shape input;
    std::size_t kernel = 1;
    std::size_t stride = 1;
    std::size_t padding = 0;

    //! Throws `invalid_input`, naming `layer`, where patches do not fit the image or cannot be counted.
    void validate(std::string_view layer) const {
        checked_shape(input, layer);
        checked_shape({kernel, stride}, layer);
        expect(padding < kernel, [&] {
            return "the padding of a " + std::string(layer) + " must be less than its kernel, " +
                   std::to_string(kernel) + ", not " + std::to_string(padding);
        });
        expect(input.rows + 2 * padding >= kernel && input.columns + 2 * padding >= kernel, [&] {
            return "a " + std::string(layer) + " with a kernel of " + std::to_string(kernel) +
                   " needs an image that large, not " + std::to_string(input.rows) + " x " +
                   std::to_string(input.columns);
        });
        checked_shape({patch(), positions()}, std::string(layer) + "'s unfolded image");
    }
    std::size_t rows() const { return (input.rows + 2 * padding - kernel) / stride + 1; }
    std::size_t columns() const { return (input.columns + 2 * padding - kernel) / stride + 1; }
    //! Values of a patch.
    std::size_t patch() const { return input.channels * kernel * kernel; }
    std::size_t positions() const { return rows() * columns(); }

    //! The matrix of an image; `outside` is what lies beyond the image's edge.
    template <class T>
    void unfold(const T* image, T* matrix, T outside = 0) const {
        const std::size_t places = positions();
        if (padding > 0) {
            std::fill_n(matrix, patch() * places, outside);
        }
        for_each_run([&](std::size_t row, std::size_t place, std::size_t n, std::size_t from) {
            T* to = matrix + row * places + place;
            for (std::size_t c = 0; c < n; ++c) {
                to[c] = image[from + c * stride];
            }
        });
    }
    //! Adds the matrix to the image that it would come from.
    template <class T>
    void fold(const T* matrix, T* image) const {
        const std::size_t places = positions();
        for_each_run([&](std::size_t row, std::size_t place, std::size_t n, std::size_t to) {
            const T* from = matrix + row * places + place;
            for (std::size_t c = 0; c < n; ++c) {
                image[to + c * stride] += from[c];
            }
        });
    }

private:
    //! Calls visit(row of the matrix, position of its first element, number of elements, their first index in the image)
    //! for every run of a row that lies inside the image.
    template <class Visit>
    void for_each_run(const Visit& visit) const {
        const std::size_t out_rows = rows();
        const std::size_t out_columns = columns();
        //! The first and one past the last output index whose input index o stride + shift - padding is below `extent`.
        const auto inside = [this](std::size_t shift, std::size_t extent, std::size_t outputs) {
            const std::size_t first = shift >= padding ? 0 : (padding - shift + stride - 1) / stride;
            const std::size_t end = extent + padding > shift ? (extent + padding - shift - 1) / stride + 1 : 0;
            return std::pair(std::min(first, outputs), std::min(end, outputs));
        };
        for (std::size_t k = 0; k < input.channels; ++k) {
            for (std::size_t i = 0; i < kernel; ++i) {
                const auto [top, bottom] = inside(i, input.rows, out_rows);
                for (std::size_t j = 0; j < kernel; ++j) {
                    const auto [left, right] = inside(j, input.columns, out_columns);
                    const std::size_t row = (k * kernel + i) * kernel + j;
                    for (std::size_t r = top; r < bottom && left < right; ++r) {
                        const std::size_t line = k * input.rows + r * stride + i - padding;
                        visit(row, r * out_columns + left, right - left,
                              line * input.columns + left * stride + j - padding);
                    }
                }
            }
        }
    }
};

}  // namespace frugal
