#include <frugal/optimize/sgd.hpp>

#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("sgd: by hand, with weight decay and a schedule", "[optimize][sgd]") {
    sgd o{.learning_rate = step_decay(0.5, 0.5, 1), .weight_decay = 0.25f};
    std::vector<float> w{2, -4, 0};
    const std::vector<float> g{1, 0, -2};
    o.update(w, g, 0);  // d = (1.5, -1, -2), eta = 1/2
    CHECK(w == std::vector<float>{1.25f, -3.5f, 1});
    o.update(w, g, 1);  // d = (1.3125, -0.875, -1.75), eta = 1/4
    CHECK(w == std::vector<float>{0.921875f, -3.28125f, 1.4375f});
}

TEST_CASE("sgd: a negative weight decay is refused", "[optimize][sgd][hostile]") {
    sgd o{.weight_decay = -1};
    std::vector<float> w{1};
    CHECK_THROWS_AS(o.update(w, std::vector<float>{1}, 0), invalid_input);
    CHECK(w[0] == 1);
}
