#include <frugal/objective/require_objective.hpp>

#include <span>

#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/quadratic.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

//! An objective of a user's own, with a generic gradient.
struct square {
    std::size_t dimension() const { return 1; }
    double value_and_gradient(auto w, sample_indices, auto g) const {
        g[0] = 2 * w[0];
        return double(w[0]) * double(w[0]);
    }
};

template <class F>
double slope_at_three(F f) {
    [[maybe_unused]] constexpr require_objective<F> checked{};
    const float w = 3;
    float g = 0;
    f.value_and_gradient(std::span(&w, 1), sample_indices{}, std::span(&g, 1));
    return double(g);
}

}  // namespace

TEST_CASE("require_objective: lets every Objective through", "[objective][require_objective]") {
    CHECK(slope_at_three(square{}) == 6);
    CHECK(slope_at_three(quadratic({1}, 1)) == 2);
    CHECK(slope_at_three(any_objective(square{})) == 6);
}
