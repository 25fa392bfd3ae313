#include <frugal/optimize/adam.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("adam: the first step is eta times the sign, whatever the scale", "[optimize][adam]") {
    adam o{.learning_rate = 0.01};
    std::vector<float> w{0, 0, 0, 0};
    const std::vector<float> g{1e-3f, -5.0f, 1e3f, 0.0f};
    o.update(w, g, 0);
    CHECK(w[0] == Approx(-0.01).epsilon(1e-4));
    CHECK(w[1] == Approx(0.01).epsilon(1e-4));
    CHECK(w[2] == Approx(-0.01).epsilon(1e-4));
    CHECK(w[3] == 0.0f);
}

TEST_CASE("adam: agrees with a double-precision reference", "[optimize][adam]") {
    for (const bool decoupled : {false, true}) {
        adam o{.learning_rate = 0.1, .weight_decay = 0.05f, .decoupled = decoupled};
        std::vector<float> w{1.5f};
        double x = 1.5, m = 0, v = 0;
        for (int t = 1; t <= 40; ++t) {
            const std::vector<float> g{std::cos(static_cast<float>(t)) + w[0]};
            o.update(w, g, static_cast<std::uint64_t>(t));
            const double b1 = double{0.9f}, b2 = double{0.999f}, decay = double{0.05f};
            const double d = double{g[0]} + (decoupled ? 0 : decay * x);
            m = b1 * m + (1 - b1) * d;
            v = b2 * v + (1 - b2) * d * d;
            x -= (decoupled ? 0.1 * decay * x : 0) +
                 0.1 * m / (1 - std::pow(b1, t)) / (std::sqrt(v / (1 - std::pow(b2, t))) + 1e-8);
            CHECK(double{w[0]} == Approx(x).margin(2e-5));
        }
    }
}

TEST_CASE("adam: a coordinate moves again after a gradient whose square is no float", "[optimize][adam][hostile]") {
    adam o{.beta_1 = 0, .beta_2 = 0.5f};
    std::vector<float> w(20, 0.0f);
    o.update(w, std::vector<float>(w.size(), 1e30f), 0);
    for (int t = 0; t < 200; ++t) {
        o.update(w, std::vector<float>(w.size(), 2.0f), 0);
    }
    for (const float v : o.second) {
        CHECK(v == Approx(4));
    }
}
