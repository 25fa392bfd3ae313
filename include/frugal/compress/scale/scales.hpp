//! Scales: the one number by which a message (or bucket) is normalised.
//!
//! | scale                  | value             | choose it when                                                    |
//! |------------------------|-------------------|-------------------------------------------------------------------|
//! | max_norm{}             | max |x_i|         | the error must be bounded per coordinate (DQSG, TernGrad)         |
//! | l2_norm{}              | ||x||_2           | QSGD's original form; sparse for few levels                       |
//! | mean_abs{}             | ||x||_1 / d       | sign compression                                                  |
//! | fixed{kappa}           | kappa times range | all senders must share one step: its `kappa` is the step itself   |
//! | bucketed{scale, size}  | scale per bucket  | magnitudes vary along the vector (layers); costs 32 / size bits   |
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {
namespace detail {

//! Passes a finite norm on; otherwise names the element that spoiled it.
inline float checked_norm(double value, std::span<const float> x) {
    const auto norm = static_cast<float>(value);
    if (!(norm - norm == 0.0f)) [[unlikely]] {
        const std::size_t i = kernels::first_nonfinite(x);
        throw invalid_input(i < x.size() ? "input element " + std::to_string(i) +
                                               " is not finite: check the gradient for divergence"
                                         : std::string("the norm of the input exceeds the range of float: scale it down"));
    }
    return norm;
}

}  // namespace detail

struct max_norm {
    float measure(std::span<const float> x) const { return detail::checked_norm(kernels::max_abs(x), x); }
    std::string name() const { return "max_norm"; }
};

struct l2_norm {
    float measure(std::span<const float> x) const {
        return detail::checked_norm(std::sqrt(kernels::sum_squares(x)), x);
    }
    std::string name() const { return "l2_norm"; }
};

struct mean_abs {
    float measure(std::span<const float> x) const {
        return detail::checked_norm(x.empty() ? 0.0 : kernels::sum_abs(x) / static_cast<double>(x.size()), x);
    }
    std::string name() const { return "mean_abs"; }
};

//! The step itself, agreed beforehand: nothing is measured, input beyond step * range clips (and is biased there).
struct fixed {
    float kappa = 1;

    float measure(std::span<const float> x) const {
        detail::checked_norm(kernels::max_abs(x), x);
        return kappa;
    }
    float step(float measured, float) const { return measured; }
    void validate() const { expect(kappa > 0 && kappa - kappa == 0, "fixed scale: kappa must be positive and finite"); }
    std::string name() const { return expression("fixed", {{"kappa", kappa}}); }
};

//! One scale per `size` consecutive coordinates.
template <Scale S>
struct bucketed {
    S scale{};
    std::size_t size = 4096;

    float measure(std::span<const float> x) const { return scale.measure(x); }
    std::size_t bucket_size() const { return size; }
    float step(float measured, float range) const
        requires requires(const S s) { s.step(measured, range); }
    {
        return scale.step(measured, range);
    }
    void validate() const { expect(size >= 1, "bucketed scale: a bucket needs at least one coordinate"); }
    std::string name() const {
        return composition("bucketed", {scale.name(), std::to_string(size)});
    }
};

template <Scale S>
bucketed(S, std::size_t) -> bucketed<S>;

}  // namespace frugal
