//! What to tell those whose type is almost an Objective.
#pragma once

#include <frugal/concepts.hpp>

namespace frugal {

//! `require_objective<F>{}` compiles if F is an Objective; otherwise a sentence says what F lacks. (A class and no
//! function, so that compilers say this before what follows from it.)
template <class F>
struct require_objective {
    static_assert(HasDimension<F>, "an Objective needs `std::size_t dimension() const`");
    static_assert(
        GivesGradients<F>,
        "an Objective needs `double value_and_gradient(std::span<const float> w, frugal::sample_indices batch, "
        "std::span<float> g)`, which returns the mean loss over the batch and overwrites g with its gradient");
};

}  // namespace frugal
