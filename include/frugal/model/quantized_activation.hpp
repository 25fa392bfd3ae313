//! Activations rounded to a grid, as arithmetic of few bits would have them.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <frugal/core/exact.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/model/layer.hpp>
#include <frugal/quantize/grid.hpp>
#include <frugal/quantize/sawb.hpp>

namespace frugal {

//! y = s nearest(x / s), value by value, with the step s that `sawb` finds for each batch (simulated quantization;
//! Leconte 2024, sec. 2.4: deterministic, halves up). Backward straight through where x lies within the values of the
//! grid, 0 outside.
//!
//! Behind a ReLU take an `unsigned_grid`, elsewhere an `integer_grid`. s depends on the batch (of at most 256 samples
//! at a time), in training and evaluation alike. Not finite input gives NaN.
struct quantized_activation {
    grid values = unsigned_grid(4);
    sawb fit{};

    sample_shape bind(sample_shape shape) const { return checked_shape(shape, kind()); }
    constexpr bool reads_output() const { return false; }
    std::string_view kind() const { return "quantized_activation"; }
    std::string name() const { return composition("quantized_activation", {values.name(), fit.name()}); }
    //! The step of the batch.
    std::size_t workspace(std::size_t) const { return 1; }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        const T step = p.workspace[0] = fit(values, std::span<const T>(p.input));
        values.visit([&](const auto& v) {
            for (std::size_t i = 0; i < p.output.size(); ++i) {
                p.output[i] = step * nearest(v, rounded(p.input[i] / step));
            }
        });
    }
    template <class T>
    void backward(const backward_pass<T>& p) const {
        const T low = p.workspace[0] * T(values.lowest());
        const T high = p.workspace[0] * T(values.highest());
        for (std::size_t i = 0; i < p.input_gradient.size(); ++i) {
            const T x = p.input[i];
            p.input_gradient[i] = low <= x && x <= high ? p.output_gradient[i] : T(0);
        }
    }
};

}  // namespace frugal
