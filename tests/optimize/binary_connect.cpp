#include <frugal/optimize/binary_connect.hpp>

#include <cmath>
#include <vector>

#include <frugal/objective/on_grid.hpp>
#include <frugal/objective/quadratic.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("binary_connect: by hand, cut to the range of the grid", "[optimize][binary_connect]") {
    binary_connect<> o{.inner = sgd{.learning_rate = 0.5}};
    std::vector<float> w{0.25f, 0.5f, -0.75f};
    o.update(w, std::vector<float>{1, -2, 2}, 0);
    CHECK(w == std::vector<float>{-0.25f, 1, -1});
    binary_connect<> int4{.weights = weight_grid(integer_grid(4), 0.5f), .inner = sgd{.learning_rate = 1}};
    w = {0, 0};
    int4.update(w, std::vector<float>{3, 4}, 0);
    CHECK(w == std::vector<float>{-3, -3.5f});
}

TEST_CASE("binary_connect: oscillates for ever where the optimum is off the grid", "[optimize][binary_connect]") {
    // f = (w - 1/2)^2 / 2 has gradient 1/2 at 1 and -3/2 at -1: 1 is used three times out of four.
    binary_connect<> o{.inner = sgd{.learning_rate = 0.01}};
    on_grid f(quadratic(std::vector<float>{0.5f}, 1.0f), o.weights);
    std::vector<float> w{0.3f}, g(1);
    int used = 0, changes = 0;
    float last = 0;
    constexpr int steps = 4000;
    for (int t = 0; t < steps; ++t) {
        f.value_and_gradient(w, {}, g);
        CHECK((g[0] == 0.5f || g[0] == -1.5f));
        const float q = f.projected(w)[0];
        used += q == 1 ? 1 : 0;
        changes += t > steps / 2 && q != last ? 1 : 0;
        last = q;
        o.update(w, g, static_cast<std::uint64_t>(t));
    }
    CHECK(double(used) / steps == Approx(0.75).margin(0.01));
    CHECK(changes > 500);
}

TEST_CASE("binary_connect: NaN stays NaN", "[optimize][binary_connect][hostile]") {
    binary_connect<> o{};
    std::vector<float> w{0.5f};
    o.update(w, std::vector<float>{NAN}, 0);
    CHECK(std::isnan(w[0]));
}
