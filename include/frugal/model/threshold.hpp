//! The activation of Boolean networks: a step forward, a bell backward.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/exact_math.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/model/layer.hpp>

namespace frugal {

//! y = +1 where s >= level, -1 elsewhere. Backward the step is taken for tanh((s - level) / sigma) without the factor 1 /
//! sigma, which a learning rate absorbs: g_s = g_y (1 - tanh^2((s - level) / sigma)), 1 at its peak (Leconte 2024, section
//! 3.3).
//!
//! sigma = 2 sqrt(3 variance) / pi gives the bell the variance of s; the source says no more of sigma than that it is a
//! variance of the layer. variance: the number of inputs of the Boolean layer before, whose sums of random signs have it;
//! 1 behind a normalisation. The same bits on every machine.
struct threshold_activation {
    float level = 0;
    float variance = 1;

    sample_shape bind(sample_shape shape) const {
        expect(is_finite(level), "threshold: the level must be finite");
        expect(variance > 0 && is_finite(variance), "threshold: the variance must be positive and finite");
        return checked_shape(shape, "threshold");
    }
    constexpr bool reads_output() const { return false; }
    std::string_view kind() const { return "threshold"; }
    std::string name() const {
        return composition("threshold", {"level=" + number_text(level), "variance=" + number_text(variance)});
    }
    //! 1 / sigma.
    double inverse_width() const { return 1.5707963267948966 / std::sqrt(3.0 * static_cast<double>(variance)); }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        const T* s = p.input.data();
        T* y = p.output.data();
        const T at = static_cast<T>(level);
        for (std::size_t i = 0; i < p.output.size(); ++i) {
            y[i] = s[i] >= at ? T(1) : T(-1);
        }
    }
    template <class T>
    void backward(const backward_pass<T>& p) const {
        const double scale = inverse_width();
        for (std::size_t i = 0; i < p.input_gradient.size(); ++i) {
            const double z = std::fabs(static_cast<double>(p.input[i]) - static_cast<double>(level)) * scale;
            const double e = exact_exp(-2 * z);
            const double bell = 4 * e / ((1 + e) * (1 + e));
            p.input_gradient[i] = static_cast<T>(static_cast<double>(p.output_gradient[i]) * bell);
        }
    }
};

}  // namespace frugal
