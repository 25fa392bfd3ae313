//! Optimizers that correct what another one does: what they share.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>

#include <frugal/concepts.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/optimize/sgd.hpp>
#include <frugal/quantize/weight_grid.hpp>

namespace frugal {

//! A LocalOptimizer whose rate at a step can be asked for: a `schedule learning_rate`, or a function of that name.
template <class O>
concept RatedOptimizer = LocalOptimizer<O> && requires(const O o, std::uint64_t step) {
    { o.learning_rate(step) } -> std::convertible_to<double>;
};

//! An optimizer that brings weights to a grid: the model to be used is that at the nearest point of `weights`.
//!
//! differentiates_on_grid: gradients are to be those at that point too (`on_grid` of the objective), not at w.
template <class O>
concept BringsToGrid = requires(O o) {
    { o.weights } -> std::same_as<weight_grid&>;
    { O::differentiates_on_grid } -> std::convertible_to<bool>;
};

//! The inner optimizer where none is named: O's default, or `sgd` where O may hold any.
template <class O>
O default_inner() {
    if constexpr (std::default_initializable<O>) {
        return O{};
    } else {
        return O(sgd{});
    }
}

//! Tells an optimizer, and those that it holds, which tensors the parameters w hold: those that treat tensors apart
//! take their places (`fit(layout)`), those that bring weights to a grid its steps for w. Comes before the first
//! update.
template <class O>
void fit_to(O& optimizer, const tensor_layout& layout, std::span<const float> w) {
    if constexpr (requires { optimizer.fit(layout, w); }) {
        optimizer.fit(layout, w);
    } else {
        fit_to(optimizer, layout);
        if constexpr (BringsToGrid<O>) {
            optimizer.weights.fit(layout, w);
        }
        if constexpr (requires { fit_to(optimizer.inner, layout, w); }) {
            fit_to(optimizer.inner, layout, w);
        }
    }
}

//! w on loan as it is before a step.
inline loan<float> copy_of(std::span<const float> w) {
    auto copy = borrow<float>(w.size());
    std::ranges::copy(w, copy.begin());
    return copy;
}

}  // namespace frugal
