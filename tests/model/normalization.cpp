#include <frugal/model/normalization.hpp>

#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "model/gradient_check.hpp"

using namespace frugal;
using test::enough;

TEST_CASE("group_normalization: mean 0 and variance 1 in every group, and its derivatives", "[model][normalization]") {
    test::layer_under_test t(group_normalization{.groups = 2, .epsilon = 1e-12f}, {4, 3, 3}, 2);
    std::fill(t.parameters.begin(), t.parameters.begin() + 4, 1.0);
    std::fill(t.parameters.begin() + 4, t.parameters.end(), 0.0);
    const auto y = t.output();
    for (std::size_t g = 0; g < 4; ++g) {
        double sum = 0, squares = 0;
        for (std::size_t i = 18 * g; i < 18 * (g + 1); ++i) {
            sum += y[i];
            squares += y[i] * y[i];
        }
        CHECK(std::fabs(sum) < 1e-12);
        CHECK(squares == Approx(18).epsilon(1e-9));
    }
    for (const std::size_t groups : {1u, 2u, 4u}) {
        CHECK(test::derivative_error(group_normalization{.groups = groups}, {4, 3, 2}, 3) < enough);
    }
    CHECK(test::derivative_error(group_normalization{}, {9}, 3) < enough);
}
