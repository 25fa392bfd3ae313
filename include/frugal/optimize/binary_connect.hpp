//! `binary_connect`: latent weights, used at the nearest point of a grid (Courbariaux, Bengio, David 2015).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/core/describe.hpp>
#include <frugal/core/state.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/optimize/inner.hpp>
#include <frugal/quantize/rounding.hpp>
#include <frugal/quantize/weight_grid.hpp>

namespace frugal {

//! w <- the inner optimizer's step from w along g, cut to the range of the grid; g is the gradient at the nearest point
//! of the grid (`on_grid` of the objective), as if rounding had slope 1 (the straight-through estimator).
//!
//! The baseline of AskewSGD. Does not converge where the best point of the grid is not stationary: w oscillates about
//! the middle of a cell. Coordinates apart from the inner optimizer. O(d), one pass more than the inner optimizer.
template <RatedOptimizer O = sgd>
struct binary_connect {
    static constexpr bool differentiates_on_grid = true;

    weight_grid weights{};
    O inner = default_inner<O>();

    static constexpr auto describe() {
        return describes("binary_connect", "latent weights, gradients at the nearest point of a grid (BinaryConnect)",
                         part("weights", &binary_connect::weights, "the values of weights"),
                         part("inner", &binary_connect::inner, "what makes steps of gradients"));
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        inner.update(w, g, step);
        const float low = weights.values().lowest(), high = weights.values().highest();
        weights.for_each_region(w.size(), [&](std::size_t first, std::size_t count, float unit) {
            kernels::zip(
                count,
                [low = low * unit, high = high * unit](auto& x) {
                    using T = std::remove_cvref_t<decltype(x)>;
                    const T cut = select(x > T(high), T(high), x);
                    x = select(cut < T(low), T(low), cut);
                },
                w.data() + first);
        });
    }
    double learning_rate(std::uint64_t step) const { return inner.learning_rate(step); }
    void state(state_archive& a) { save_or_restore(a, inner); }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
