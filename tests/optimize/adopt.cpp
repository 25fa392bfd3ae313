#include <frugal/optimize/adopt.hpp>

#include <vector>

#include <frugal/concepts.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(LocalOptimizer<adopt>);

TEST_CASE("adopt: the new parameters are what it is given", "[optimize][adopt]") {
    std::vector<float> w{1, 2};
    const std::vector<float> g{3, 4};
    adopt{}.update(w, g, 0);
    CHECK(w == g);
    CHECK_THROWS_AS(adopt{}.update(w, std::vector<float>{1}, 0), invalid_input);
}
