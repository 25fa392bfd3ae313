//! A separable quadratic: the objective with everything known, for tests and for the theory.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/objective/batch.hpp>

namespace frugal {

//! f(w) = 1/2 sum_j curvature_j (w_j - center_j)^2; every node has its own center and curvature.
//!
//! The gradient is exact: batches are ignored. With c_k and a_k on node k the mean over nodes is minimal at
//! (sum_k a_k c_k) / (sum_k a_k), coordinate by coordinate.
class quadratic {
public:
    //! The same curvature in every coordinate. Throws `invalid_input` unless all values are finite, curvature >= 0.
    explicit quadratic(std::vector<float> center, float curvature = 1)
        : quadratic(center, std::vector<float>(center.size(), curvature)) {}

    quadratic(std::vector<float> center, std::vector<float> curvature)
        : center_(std::move(center)), curvature_(std::move(curvature)) {
        expect(!center_.empty(), "a quadratic needs at least one coordinate");
        detail::expect_size(curvature_.size(), center_.size(), "the curvature of a quadratic");
        for (std::size_t j = 0; j < center_.size(); ++j) {
            expect(std::isfinite(center_[j]) && curvature_[j] >= 0 && std::isfinite(curvature_[j]), [&] {
                return "coordinate " + std::to_string(j) +
                       " of a quadratic needs a finite center and a finite curvature >= 0";
            });
        }
    }

    std::size_t dimension() const { return center_.size(); }
    std::span<const float> center() const { return center_; }
    std::span<const float> curvature() const { return curvature_; }

    //! f(w). O(dimension).
    double value(std::span<const float> w, sample_indices = {}) const { return evaluate<false>(w, {}); }

    //! f(w) and, in g, its gradient. O(dimension), one pass. Throws `invalid_input` for spans of other sizes.
    double value_and_gradient(std::span<const float> w, sample_indices, std::span<float> g) const {
        detail::expect_size(g.size(), dimension(), "the gradient");
        return evaluate<true>(w, g);
    }

    std::string name() const { return "quadratic"; }

private:
    template <bool Gradient>
    double evaluate(std::span<const float> w, std::span<float> g) const {
        detail::expect_size(w.size(), dimension(), "the parameters");
        constexpr std::size_t lanes = 16;  // a sum of fixed shape: element j belongs to lane j mod 16
        std::array<double, lanes> lane{};
        for (std::size_t j = 0; j < w.size(); ++j) {
            const float difference = w[j] - center_[j];
            const float slope = rounded(curvature_[j] * difference);
            if constexpr (Gradient) {
                g[j] = slope;
            }
            lane[j % lanes] += static_cast<double>(slope) * static_cast<double>(difference);
        }
        for (std::size_t width = lanes / 2; width > 0; width /= 2) {
            for (std::size_t l = 0; l < width; ++l) {
                lane[l] += lane[l + width];
            }
        }
        return 0.5 * lane[0];
    }

    std::vector<float> center_;
    std::vector<float> curvature_;
};

}  // namespace frugal
