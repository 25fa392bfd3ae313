//! `prox_quant`: weights drawn to a grid by a proximal step (Bai, Wang, Liberty 2019).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/core/describe.hpp>
#include <frugal/core/state.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/optimize/inner.hpp>
#include <frugal/optimize/schedule.hpp>
#include <frugal/quantize/rounding.hpp>
#include <frugal/quantize/weight_grid.hpp>

namespace frugal {

//! u = the inner optimizer's step from w along the gradient at w;  w <- q + sign(u - q) max(|u - q| - rate lambda, 0)
//! with q the point of the grid nearest to u: the proximal step of rate lambda sum_i |w_i - q_i|.
//!
//! lambda is in units of the grid; it grows with the steps in the original: `warm_up(schedule, from=0, steps)`. With
//! lambda = 0 the inner optimizer, with lambda large all weights are on the grid. O(d), one pass more.
template <RatedOptimizer O = sgd>
struct prox_quant {
    static constexpr bool differentiates_on_grid = false;

    weight_grid weights{};
    O inner = default_inner<O>();
    schedule lambda = 0.01;

    static constexpr auto describe() {
        return describes("prox_quant", "weights drawn to a grid by a proximal step (ProxQuant)",
                         part("weights", &prox_quant::weights, "the values of weights"),
                         part("inner", &prox_quant::inner, "what makes steps of gradients"),
                         option("lambda", &prox_quant::lambda, "strength, a number or a schedule"));
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        inner.update(w, g, step);
        const double pull = learning_rate(step) * lambda(step);
        weights.values().visit([&](const auto& values) {
            weights.for_each_region(w.size(), [&](std::size_t first, std::size_t count, float unit) {
                kernels::zip(
                    count,
                    [&values, unit, inverse = 1 / unit, reach = static_cast<float>(pull) * unit](auto& x) {
                        using T = std::remove_cvref_t<decltype(x)>;
                        const T q = rounded(T(nearest(values, rounded(T(x * T(inverse)))) * T(unit)));
                        const T off = x - q;
                        x = select(magnitude(off) <= T(reach), q, T(x - with_sign_of(off, T(reach))));
                    },
                    w.data() + first);
            });
        });
    }
    double learning_rate(std::uint64_t step) const { return inner.learning_rate(step); }
    void state(state_archive& a) { save_or_restore(a, inner); }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
