//! The convolutional layer of truth values. Needs a CBLAS for its derivatives.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/bit_gemm.hpp>
#include <frugal/model/blas.hpp>
#include <frugal/model/image_patches.hpp>
#include <frugal/model/layer.hpp>
#include <frugal/model/sign_rows.hpp>

namespace frugal {

//! s_f(r, c) = sum over channel k and i, j < kernel of W_f,k(i, j) x_k(r stride + i - padding, c stride + j - padding)
//! of truth values -1 and +1; values outside the image are False, for a bit cannot be 0. An integer between -channels
//! kernel^2 and channels kernel^2.
//!
//! `weight` is filters x channels x kernel x kernel, of kind boolean, and starts as fair coins; there is no bias: a
//! normalisation or the level of the activation takes its place. What is not -1 or +1 is taken by its sign, as by
//! `boolean_dense`. Forward unfolds bits, a run of channels at a time, and counts those that differ; backward is that
//! of `convolution` for the signs.
struct boolean_convolution {
    std::size_t filters = 1;
    std::size_t kernel = 3;
    std::size_t stride = 1;
    std::size_t padding = 0;
    sample_shape input = {};

    sample_shape bind(sample_shape shape) {
        input = shape;
        expect_patches(images(), "boolean_convolution");
        return checked_shape({filters, images().output_rows(), images().output_columns()}, "boolean_convolution");
    }
    constexpr bool reads_output() const { return false; }
    std::string_view kind() const { return "boolean_convolution"; }
    std::string name() const {
        return expression("boolean_convolution", {{"filters", static_cast<double>(filters)},
                                                  {"kernel", static_cast<double>(kernel)},
                                                  {"stride", static_cast<double>(stride)},
                                                  {"padding", static_cast<double>(padding)}});
    }

    void add_tensors(tensor_layout& layout, const std::string& prefix) const {
        layout.add(prefix + "weight", {filters, input.channels, kernel, kernel}, value_kind::boolean);
    }
    void initialize(const random_stream& stream, std::size_t first, float, std::span<float> parameters) const {
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            parameters[i] = (stream.word(first + i) & 1u) != 0 ? 1.0f : -1.0f;
        }
    }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        const std::size_t places = images().places();
        const std::size_t terms = images().patch();
        const auto words = borrow<std::uint64_t>((filters + places) * words_for(terms));
        const bit_matrix_span w(words.data(), filters, terms);
        const bit_matrix_span x(words.data() + filters * words_for(terms), places, terms);
        pack_weights(p.parameters, w);
        const auto sums = borrow<std::int32_t>(filters * places);
        for (std::size_t s = 0; s < p.batch; ++s) {
            unfold_bits(p.input.subspan(s * input.size(), input.size()), x);
            kernels::boolean_gemm(w, x, std::span<std::int32_t>(sums));
            T* y = p.output.data() + s * filters * places;
            for (std::size_t i = 0; i < sums.size(); ++i) {
                y[i] = static_cast<T>(sums[i]);
            }
        }
    }

    template <class T>
    void backward(const backward_pass<T>& p) const {
        const std::size_t places = images().places();
        const std::size_t terms = images().patch();
        const bool asked = !p.input_gradient.empty();
        const auto image = borrow<T>(input.size());
        const auto matrix = borrow<T>(terms * places);
        const auto w = borrow<T>(asked ? p.parameters.size() : 0);
        if (asked) {
            sign_values(p.parameters, w.data());
            std::fill(p.input_gradient.begin(), p.input_gradient.end(), T(0));
        }
        for (std::size_t s = 0; s < p.batch; ++s) {
            const T* delta = p.output_gradient.data() + s * filters * places;
            sign_values(p.input.subspan(s * input.size(), input.size()), image.data());
            images().unfold(image.data(), matrix.data(), T(-1));
            blas::multiply<T>(blas::layout::stored, blas::layout::transposed, filters, terms, places, delta, places,
                              matrix.data(), places, s == 0 ? p.beta : T(1), p.gradient.data(), terms, true);
            if (asked) {
                blas::multiply<T>(blas::layout::transposed, blas::layout::stored, terms, places, filters, w.data(),
                                  terms, delta, places, 0, matrix.data(), places, false);
                images().fold(matrix.data(), p.input_gradient.data() + s * input.size());
            }
        }
    }

private:
    unfolding images() const { return unfolding_of(input, kernel, stride, padding); }

    //! In the order of the unfolded bits: channels of a pixel next to each other.
    template <class T>
    void pack_weights(std::span<const T> parameters, bit_matrix_span out) const {
        std::ranges::fill(out.words(), std::uint64_t{0});
        const std::size_t area = kernel * kernel;
        for (std::size_t f = 0; f < filters; ++f) {
            const T* w = parameters.data() + f * input.channels * area;
            for (std::size_t k = 0; k < input.channels; ++k) {
                for (std::size_t a = 0; a < area; ++a) {
                    out.set(f, a * input.channels + k, w[k * area + a] >= 0);
                }
            }
        }
    }
    //! Row of a position <- the bits of its patch, pixel by pixel.
    template <class T>
    void unfold_bits(std::span<const T> image, bit_matrix_span out) const {
        const std::size_t pixels = input.rows * input.columns;
        const std::size_t stride_of_pixel = words_for(input.channels);
        const auto packed = borrow<std::uint64_t>(pixels * stride_of_pixel);
        std::ranges::fill(packed, std::uint64_t{0});
        for (std::size_t k = 0; k < input.channels; ++k) {
            for (std::size_t i = 0; i < pixels; ++i) {
                packed[i * stride_of_pixel + k / 64] |= std::uint64_t{image[k * pixels + i] >= 0} << (k % 64);
            }
        }
        std::ranges::fill(out.words(), std::uint64_t{0});
        const std::size_t columns = images().output_columns();
        for (std::size_t place = 0; place < out.rows(); ++place) {
            std::uint64_t* const row = out.row(place).words().data();
            std::size_t at = 0;
            for (std::size_t i = 0; i < kernel; ++i) {
                const std::size_t y = place / columns * stride + i - padding;  // wraps around above the image
                for (std::size_t j = 0; j < kernel; ++j, at += input.channels) {
                    const std::size_t x = place % columns * stride + j - padding;
                    if (y < input.rows && x < input.columns) {
                        append(row, at, packed.data() + (y * input.columns + x) * stride_of_pixel);
                    }
                }
            }
        }
    }
    //! The bits of a pixel's channels, to bit `at` on of words that are 0 there.
    void append(std::uint64_t* to, std::size_t at, const std::uint64_t* pixel) const {
        for (std::size_t k = 0; k < input.channels; k += 64, at += 64) {
            const std::uint64_t word = pixel[k / 64];
            const std::size_t shift = at % 64;
            to[at / 64] |= word << shift;
            if (shift != 0 && word >> (64 - shift) != 0) {
                to[at / 64 + 1] |= word >> (64 - shift);
            }
        }
    }
};

}  // namespace frugal
