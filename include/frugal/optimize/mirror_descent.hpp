//! `mirror_descent`: binary weights as the hyperbolic tangent of dual variables (Ajanthan et al. 2021).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/core/exact_math.hpp>
#include <frugal/core/state.hpp>
#include <frugal/optimize/buffer.hpp>
#include <frugal/optimize/inner.hpp>
#include <frugal/optimize/schedule.hpp>
#include <frugal/quantize/weight_grid.hpp>

namespace frugal {

//! a <- the inner optimizer's step from a along the gradient at w;  w = tanh(beta a), times the step of its tensor.
//!
//! a starts at atanh(w) / beta, w cut to +-(1 - 2^-24). The grid is binary: |w| -> 1 as |a| or beta grows, and the
//! larger beta the sharper; biases and the like follow the inner optimizer alone. Where others than this optimizer move
//! w, they move it for the next gradient only: a is what counts. State: a, the inner optimizer's. O(d).
template <RatedOptimizer O = sgd>
struct mirror_descent {
    static constexpr bool differentiates_on_grid = false;

    O inner = default_inner<O>();
    schedule beta = 1;          //!< > 0
    weight_grid weights{};      //!< binary
    std::vector<float> dual{};  //!< state

    static constexpr auto describe() {
        return describes("mirror_descent", "binary weights as tanh of dual variables",
                         part("inner", &mirror_descent::inner, "what makes steps of gradients"),
                         option("beta", &mirror_descent::beta, "sharpness, a number or a schedule"));
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        const double sharpness = beta(step);
        expect(sharpness > 0, "mirror_descent: beta must be positive");
        if (dual.empty()) {
            dual.assign(w.begin(), w.end());
            for_each_weight(w, [&](float& x, float& a, float unit) {
                a = static_cast<float>(inverse_tanh(static_cast<double>(x) / static_cast<double>(unit)) / sharpness);
            });
        }
        expect_buffer(dual, w.size());
        inner.update(dual, g, step);
        std::ranges::copy(dual, w.begin());
        for_each_weight(w, [&](float& x, float& a, float unit) {
            x = unit * static_cast<float>(exact_tanh(sharpness * static_cast<double>(a)));
        });
    }
    double learning_rate(std::uint64_t step) const { return inner.learning_rate(step); }
    void state(state_archive& a) {
        a(dual);
        save_or_restore(a, inner);
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }

private:
    //! f(w_i, a_i, step) for the weights on the grid.
    template <class F>
    void for_each_weight(std::span<float> w, F f) {
        weights.for_each_region(w.size(), [&](std::size_t first, std::size_t count, float unit) {
            for (std::size_t i = first; i < first + count; ++i) {
                f(w[i], dual[i], unit);
            }
        });
    }
    static double inverse_tanh(double x) {
        constexpr double most = 1 - 0x1p-24;
        x = x > most ? most : x < -most ? -most : x;
        return 0.5 * exact_log((1 + x) / (1 - x));
    }
};

}  // namespace frugal
