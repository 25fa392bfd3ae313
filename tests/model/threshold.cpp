#include <frugal/model/threshold.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "layers.hpp"

using namespace frugal;
using namespace test;

static_assert(Layer<threshold_activation>);

TEST_CASE("threshold: a step forward, its level is True", "[model][threshold]") {
    CHECK(output_of(threshold_activation{}, {4}, {}, {-3, 0, -0.0f, 2}) == std::vector<float>{-1, 1, 1, 1});
    CHECK(output_of(threshold_activation{.level = 2}, {3}, {}, {1, 2, 3}) == std::vector<float>{-1, 1, 1});
}

TEST_CASE("threshold: widths of the bell", "[model][threshold]") {
    const double widths[][2] = {{9, 0.302300}, {16, 0.226725}, {128, 0.080159}, {784, 0.032389}, {1024, 0.028341}};
    for (const auto& [variance, inverse] : widths) {
        CHECK(threshold_activation{.variance = float(variance)}.inverse_width() == Approx(inverse).margin(5e-7));
    }
}

TEST_CASE("threshold: backward it is a tanh of unit slope", "[model][threshold]") {
    const threshold_activation layer{.level = 1, .variance = 9};
    const std::vector<float> s{-40, -5, 0, 1, 3, 1000}, g{2, 2, -2, 3, 1, 1};
    const auto d = derivatives_of(layer, {6}, {}, s, g);
    for (std::size_t i = 0; i < s.size(); ++i) {
        const double t = std::tanh((double(s[i]) - 1) * layer.inverse_width());
        CHECK(d.by_input[i] == Approx(double(g[i]) * (1 - t * t)).epsilon(2e-6).margin(1e-15));
    }
    CHECK(d.by_input[3] == 3);
    std::vector<float> grid, ones;
    for (float x = -200; x < 200; x += 0.37f) {
        grid.push_back(x);
        ones.push_back(1);
    }
    const threshold_activation wide{.variance = 100};
    const auto bell = derivatives_of(wide, {grid.size()}, {}, grid, ones);
    for (std::size_t i = 0; i < grid.size(); ++i) {
        const double c = std::cosh(std::min(20.0, std::fabs(double(grid[i]) * wide.inverse_width())));
        REQUIRE(double(bell.by_input[i]) == Approx(1 / (c * c)).epsilon(1e-5));
    }
}

TEST_CASE("threshold: what it refuses", "[model][threshold][hostile]") {
    CHECK_THROWS_AS(threshold_activation{.variance = 0}.bind({1}), invalid_input);
    CHECK_THROWS_AS(threshold_activation{.variance = INFINITY}.bind({1}), invalid_input);
    CHECK_THROWS_AS(threshold_activation{.level = NAN}.bind({1}), invalid_input);
    CHECK_THROWS_AS(threshold_activation{}.bind({0}), invalid_input);
    CHECK(threshold_activation{.level = 0.5f, .variance = 9}.name() == "threshold(level=0.5,variance=9)");
}
