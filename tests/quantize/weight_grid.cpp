#include <frugal/quantize/weight_grid.hpp>

#include <vector>

#include "catch.hpp"
#include "kernels/values.hpp"

using namespace frugal;

namespace {

const tensor_layout two_layers = [] {
    tensor_layout layout;
    layout.add("a.weight", {2, 3}).add("a.bias", {2}).add("b.weight", {1, 2});
    return layout;
}();
const std::vector<float> parameters{1, -2, 3, 4, 5, -6, 0.1f, 0.2f, 0.5f, -1.5f};

std::vector<float> projected(const weight_grid& weights, std::vector<float> w) {
    weights.project(w, w);
    return w;
}

}  // namespace

TEST_CASE("weight_grid: at first all parameters, with one step", "[quantize][weight_grid]") {
    CHECK(projected(weight_grid(), {0.1f, -3, 0}) == std::vector<float>{1, -1, 1});
    CHECK(projected(weight_grid(integer_grid(4), 0.5f), {0.6f, -3, 100}) == std::vector<float>{0.5f, -3, 3.5f});
}

TEST_CASE("weight_grid: fitted, each weight tensor has its step and biases are free", "[quantize][weight_grid]") {
    weight_grid weights;
    weights.fit(two_layers, parameters);
    CHECK(projected(weights, parameters) ==
          std::vector<float>{3.5f, -3.5f, 3.5f, 3.5f, 3.5f, -3.5f, 0.1f, 0.2f, 1, -1});
    weights.fit(two_layers, parameters, step_of::row);
    CHECK(projected(weights, parameters) == std::vector<float>{2, -2, 2, 5, 5, -5, 0.1f, 0.2f, 1, -1});
    auto doubled = parameters;
    for (float& w : doubled) {
        w *= 2;
    }
    weights.fit(doubled);
    CHECK(projected(weights, parameters) == std::vector<float>{4, -4, 4, 10, 10, -10, 0.1f, 0.2f, 2, -2});
}

TEST_CASE("weight_grid: a layout without weights lies on the grid as a whole", "[quantize][weight_grid]") {
    weight_grid weights;
    weights.fit(tensor_layout::flat(3), std::vector<float>{1, 2, -3});
    CHECK(projected(weights, {1, 2, -3}) == std::vector<float>{2, 2, -2});
    weights.fit(tensor_layout::flat(2), std::vector<float>{0, 0});
    CHECK(projected(weights, {0.3f, -0.3f}) == std::vector<float>{1, -1});
}

TEST_CASE("weight_grid: a projection is its own projection, in place or not", "[quantize][weight_grid]") {
    const weight_grid weights(integer_grid(4), 0.3f);
    for (const std::size_t n : test::sizes) {
        const auto w = test::values(n, 7);
        std::vector<float> q(n);
        weights.project(w, q);
        CHECK(projected(weights, w) == q);
        CHECK(projected(weights, q) == q);
    }
}

TEST_CASE("weight_grid: impossible steps and parameters of another length are refused",
          "[quantize][weight_grid][hostile]") {
    CHECK_THROWS_AS(weight_grid(binary_grid(), 0), invalid_input);
    CHECK_THROWS_AS(weight_grid(binary_grid(), NAN), invalid_input);
    weight_grid weights;
    CHECK_THROWS_AS(weights.fit(two_layers, std::vector<float>(9)), invalid_input);
    CHECK_THROWS_AS(weights.fit(two_layers, std::vector<float>(10, NAN)), invalid_input);
    weights.fit(two_layers, parameters);
    std::vector<float> part(6), out(10);
    CHECK_THROWS_WITH(weights.project(part, part), test::contains_text("reduce a vector in parts"));
    CHECK_THROWS_AS(weights.project(parameters, std::span(out).first(9)), invalid_input);
}
