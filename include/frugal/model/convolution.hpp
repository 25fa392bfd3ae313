//! The convolutional layer of images. Needs a CBLAS.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <frugal/core/expression.hpp>
#include <frugal/model/blas.hpp>
#include <frugal/model/image_patches.hpp>
#include <frugal/model/layer.hpp>

namespace frugal {

//! y_f(r, c) = b_f + sum over channel k and i, j < kernel of W_f,k(i, j) x_k(r stride + i - padding, c stride + j -
//! padding), values outside x being 0: a cross-correlation, as every framework calls a convolution.
//!
//! `weight` W is filters x channels x kernel x kernel, `bias` b has filters elements; the output is filters x rows' x
//! columns' with rows' = (rows + 2 padding - kernel) / stride + 1. Each sample is unfolded to a matrix (Chellapilla,
//! Puri, Simard 2006), which makes the layer a matrix product; working memory is that of one sample. Weights start as
//! N(0, gain / (channels kernel^2)), gain as for `dense`; biases as 0. Where factors of the weight's gradient are
//! wanted, they are the images, not unfolded, and the derivatives by the outputs.
struct convolution {
    std::size_t filters = 1;
    std::size_t kernel = 3;
    std::size_t stride = 1;
    std::size_t padding = 0;
    sample_shape input = {};

    sample_shape bind(sample_shape shape) {
        input = shape;
        expect_patches(images(), "convolution");
        return checked_shape(output(), "convolution");
    }
    constexpr bool reads_output() const { return false; }
    std::string_view kind() const { return "convolution"; }
    std::string name() const {
        return expression("convolution", {{"filters", static_cast<double>(filters)},
                                          {"kernel", static_cast<double>(kernel)},
                                          {"stride", static_cast<double>(stride)},
                                          {"padding", static_cast<double>(padding)}});
    }
    std::size_t workspace(std::size_t) const { return patch() * positions(); }

    void add_tensors(tensor_layout& layout, const std::string& prefix) const {
        layout.add(prefix + "weight", {filters, input.channels, kernel, kernel}).add(prefix + "bias", {filters});
    }

    void initialize(const random_stream& stream, std::size_t first, float gain, std::span<float> parameters) const {
        const float deviation = std::sqrt(gain / static_cast<float>(patch()));
        const std::size_t weights = filters * patch();
        for (std::size_t i = 0; i < weights; ++i) {
            parameters[i] = deviation * stream.normal(first + i);
        }
        std::fill(parameters.begin() + static_cast<std::ptrdiff_t>(weights), parameters.end(), 0.0f);
    }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        const std::size_t places = positions();
        const T* bias = p.parameters.data() + filters * patch();
        for (std::size_t s = 0; s < p.batch; ++s) {
            T* y = p.output.data() + s * filters * places;
            for (std::size_t f = 0; f < filters; ++f) {
                std::fill_n(y + f * places, places, bias[f]);
            }
            images().unfold(p.input.data() + s * input.size(), p.workspace.data());
            blas::multiply<T>(blas::layout::stored, blas::layout::stored, filters, places, patch(), p.parameters.data(),
                              patch(), p.workspace.data(), places, 1, y, places, false);
        }
    }

    template <class T>
    void backward(const backward_pass<T>& p) const {
        const std::size_t places = positions();
        T* bias = p.gradient.data() + filters * patch();
        if (p.beta == 0) {
            std::fill_n(bias, filters, T(0));
        }
        std::fill(p.input_gradient.begin(), p.input_gradient.end(), T(0));
        const bool leaves_factors = p.factors != nullptr && p.factors->wants(filters, images());
        if (leaves_factors) {
            p.factors->take(p.gradient.data(), p.input, p.output_gradient, images());
        }
        for (std::size_t s = 0; s < p.batch; ++s) {
            const T* delta = p.output_gradient.data() + s * filters * places;
            if (!leaves_factors) {
                images().unfold(p.input.data() + s * input.size(), p.workspace.data());
                blas::multiply<T>(blas::layout::stored, blas::layout::transposed, filters, patch(), places, delta,
                                  places, p.workspace.data(), places, s == 0 ? p.beta : T(1), p.gradient.data(),
                                  patch(), true);
            }
            for (std::size_t f = 0; f < filters; ++f) {
                double sum = 0;
                for (std::size_t i = 0; i < places; ++i) {
                    sum += static_cast<double>(delta[f * places + i]);
                }
                bias[f] += static_cast<T>(sum);
            }
            if (!p.input_gradient.empty()) {
                blas::multiply<T>(blas::layout::transposed, blas::layout::stored, patch(), places, filters,
                                  p.parameters.data(), patch(), delta, places, 0, p.workspace.data(), places, false);
                images().fold(p.workspace.data(), p.input_gradient.data() + s * input.size());
            }
        }
    }

private:
    unfolding images() const { return unfolding_of(input, kernel, stride, padding); }
    sample_shape output() const { return {filters, images().output_rows(), images().output_columns()}; }
    std::size_t patch() const { return images().patch(); }
    std::size_t positions() const { return images().places(); }
};

}  // namespace frugal
