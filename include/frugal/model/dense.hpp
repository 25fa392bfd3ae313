//! The fully connected layer. Needs a CBLAS.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <frugal/core/expression.hpp>
#include <frugal/model/blas.hpp>
#include <frugal/model/layer.hpp>

namespace frugal {

//! y = W x + b: `weight` W is outputs x inputs (row major), `bias` b has outputs elements, or is left out. Takes an
//! input of any shape.
//!
//! Weights start as N(0, gain / inputs), with gain = 2 before a ReLU (He, Zhang, Ren, Sun 2015) and 1 elsewhere; biases
//! as 0. About 2 inputs outputs floating-point operations per sample forward, twice as many backward, or as many where
//! factors of the weight's gradient are wanted: they are the inputs and the derivatives by the outputs.
struct dense {
    std::size_t outputs = 1;
    bool bias = true;
    sample_shape input = {};

    sample_shape bind(sample_shape shape) {
        input = checked_shape(shape, "dense");
        return checked_shape({outputs}, "dense");
    }
    constexpr bool reads_output() const { return false; }
    std::string_view kind() const { return "dense"; }
    std::string name() const {
        return bias ? composition("dense", {number_text(outputs)})
                    : composition("dense", {number_text(outputs), "bias=0"});
    }

    void add_tensors(tensor_layout& layout, const std::string& prefix) const {
        layout.add(prefix + "weight", {outputs, input.size()});
        if (bias) {
            layout.add(prefix + "bias", {outputs});
        }
    }

    void initialize(const random_stream& stream, std::size_t first, float gain, std::span<float> parameters) const {
        const float deviation = std::sqrt(gain / static_cast<float>(input.size()));
        const std::size_t weights = outputs * input.size();
        for (std::size_t i = 0; i < weights; ++i) {
            parameters[i] = deviation * stream.normal(first + i);
        }
        std::fill(parameters.begin() + static_cast<std::ptrdiff_t>(weights), parameters.end(), 0.0f);
    }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        const std::size_t inputs = input.size();
        if (bias) {
            for (std::size_t r = 0; r < p.batch; ++r) {
                std::copy_n(p.parameters.data() + outputs * inputs, outputs, p.output.data() + r * outputs);
            }
        }
        blas::multiply<T>(blas::layout::stored, blas::layout::transposed, p.batch, outputs, inputs, p.input.data(),
                          inputs, p.parameters.data(), inputs, bias ? T(1) : T(0), p.output.data(), outputs, false);
    }

    template <class T>
    void backward(const backward_pass<T>& p) const {
        const std::size_t inputs = input.size();
        const T* delta = p.output_gradient.data();
        if (p.factors != nullptr && p.factors->wants(outputs, inputs)) {
            p.factors->take(p.gradient.data(), p.input, p.output_gradient);
        } else {
            blas::multiply<T>(blas::layout::transposed, blas::layout::stored, outputs, inputs, p.batch, delta, outputs,
                              p.input.data(), inputs, p.beta, p.gradient.data(), inputs, true);
        }
        if (bias) {
            T* sum = p.gradient.data() + outputs * inputs;
            if (p.beta == 0) {
                std::fill_n(sum, outputs, T(0));
            }
            for (std::size_t r = 0; r < p.batch; ++r) {
                for (std::size_t j = 0; j < outputs; ++j) {
                    sum[j] += delta[r * outputs + j];
                }
            }
        }
        if (!p.input_gradient.empty()) {
            blas::multiply<T>(blas::layout::stored, blas::layout::stored, p.batch, inputs, outputs, delta, outputs,
                              p.parameters.data(), inputs, 0, p.input_gradient.data(), inputs, false);
        }
    }
};

}  // namespace frugal
