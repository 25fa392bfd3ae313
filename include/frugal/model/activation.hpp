//! Layers without parameters that work value by value: ReLU, hyperbolic tangent, and a change of shape.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include <frugal/core/exact_math.hpp>
#include <frugal/model/layer.hpp>

namespace frugal {

//! y = max(x, 0), value by value; its derivative at 0 is 0. NaN stays NaN.
struct relu {
    sample_shape bind(sample_shape shape) const { return checked_shape(shape, "relu"); }
    constexpr bool in_place() const { return true; }
    constexpr float variance_gain() const { return 2; }
    std::string_view kind() const { return "relu"; }
    std::string name() const { return "relu"; }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        const T* x = p.input.data();
        T* y = p.output.data();
        for (std::size_t i = 0; i < p.output.size(); ++i) {
            y[i] = x[i] < 0 ? T(0) : x[i];
        }
    }
    template <class T>
    void backward(const backward_pass<T>& p) const {
        const T* y = p.output.data();
        const T* from = p.output_gradient.data();
        T* to = p.input_gradient.data();
        for (std::size_t i = 0; i < p.input_gradient.size(); ++i) {
            to[i] = y[i] > 0 ? from[i] : T(0);
        }
    }
};

//! y = tanh(x), value by value; the same bits on every machine.
struct hyperbolic_tangent {
    sample_shape bind(sample_shape shape) const { return checked_shape(shape, "hyperbolic_tangent"); }
    constexpr bool in_place() const { return true; }
    std::string_view kind() const { return "hyperbolic_tangent"; }
    std::string name() const { return "hyperbolic_tangent"; }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        for (std::size_t i = 0; i < p.output.size(); ++i) {
            p.output[i] = static_cast<T>(exact_tanh(static_cast<double>(p.input[i])));
        }
    }
    template <class T>
    void backward(const backward_pass<T>& p) const {
        for (std::size_t i = 0; i < p.input_gradient.size(); ++i) {
            p.input_gradient[i] = p.output_gradient[i] * (1 - rounded(p.output[i] * p.output[i]));
        }
    }
};

//! The same values as one dimension. `dense` needs it not: it takes any shape.
struct flatten {
    sample_shape bind(sample_shape shape) const { return {checked_shape(shape, "flatten").size()}; }
    constexpr bool in_place() const { return true; }
    constexpr bool reads_output() const { return false; }
    std::string_view kind() const { return "flatten"; }
    std::string name() const { return "flatten"; }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        if (p.output.data() != p.input.data()) {
            std::copy_n(p.input.data(), p.output.size(), p.output.data());
        }
    }
    template <class T>
    void backward(const backward_pass<T>& p) const {
        if (p.input_gradient.data() != p.output_gradient.data()) {
            std::copy_n(p.output_gradient.data(), p.input_gradient.size(), p.input_gradient.data());
        }
    }
};

}  // namespace frugal
