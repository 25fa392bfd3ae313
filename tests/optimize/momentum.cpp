#include <frugal/optimize/momentum.hpp>

#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("momentum: heavy ball by hand", "[optimize][momentum]") {
    momentum o{.learning_rate = 0.5, .factor = 0.5f, .weight_decay = 0.25f};
    std::vector<float> w{2.0f};
    const std::vector<float> g{1.0f};
    o.update(w, g, 0);  // d = 1.5, v = 1.5, w = 1.25
    CHECK(w[0] == 1.25f);
    o.update(w, g, 1);  // d = 1.3125, v = 2.0625, w = 0.21875
    CHECK(o.velocity[0] == 2.0625f);
    CHECK(w[0] == 0.21875f);
}
