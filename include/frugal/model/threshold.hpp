//! The activation of Boolean networks: a step forward, a bell backward.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/model/layer.hpp>

namespace frugal {

//! y = +1 where s >= level, -1 elsewhere. Backward the step is taken for tanh((s - level) / sigma) without the factor 1
//! / sigma, which a learning rate absorbs: g_s = g_y (1 - tanh^2((s - level) / sigma)), 1 at its peak (Leconte 2024,
//! section
//! 3.3).
//!
//! sigma = 2 sqrt(3 variance) / pi gives the bell the variance of s; the source says no more of sigma than that it is a
//! variance of the layer. variance: the number of inputs of the Boolean layer before, whose sums of random signs have
//! it; 1 behind a normalisation. The same bits on every machine.
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
        const auto slope = [at = static_cast<T>(level), scale = static_cast<T>(inverse_width())](
                               auto& to, const auto& input, const auto& from) {
            using V = std::remove_cvref_t<decltype(to)>;
            to = from * bell<V>((input - V(at)) * V(scale));
        };
        if constexpr (std::is_same_v<T, float>) {
            kernels::zip(p.input_gradient.size(), slope, p.input_gradient.data(), p.input.data(),
                         p.output_gradient.data());
        } else {
            for (std::size_t i = 0; i < p.input_gradient.size(); ++i) {
                slope(p.input_gradient[i], p.input[i], p.output_gradient[i]);
            }
        }
    }

private:
    //! 1 / cosh^2(z) for |z| <= 20, relative error below 1e-5 in float; what it is there beyond. u = cosh(z / 16) - 1
    //! by its series, then four times cosh(2 a) - 1 = 2 u (u + 2), in which nothing cancels.
    template <class V>
    static V bell(const V& z) {
        using std::min;
        const V square = min(V(z * z), V(400)) * V(1.0f / 256);
        V u = V(1.0f / 479001600);
        for (const float inverse_factorial : {1.0f / 3628800, 1.0f / 40320, 1.0f / 720, 1.0f / 24, 0.5f}) {
            u = multiply_add(u, square, V(inverse_factorial));
        }
        u = rounded(V(u * square));
        for (int i = 0; i < 4; ++i) {
            u = rounded(V(V(u + u) * V(u + V(2))));
        }
        const V c = u + V(1);
        return V(1) / (c * c);
    }
};

}  // namespace frugal
