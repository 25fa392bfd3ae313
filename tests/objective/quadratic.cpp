#include "catch.hpp"

#include <cmath>
#include <vector>

#include <frugal/objective/quadratic.hpp>

#include "objective/gradient_check.hpp"

using namespace frugal;

static_assert(Objective<quadratic>);
static_assert(!Classifier<quadratic>);
static_assert(!Objective<int> && !Objective<std::vector<float>>);

TEST_CASE("quadratic: value and gradient by hand", "[objective][quadratic]") {
    const quadratic f({1, -2}, {2, 0.5f});
    const std::vector<float> w{3, 2};
    std::vector<float> g(2);
    CHECK(f.value_and_gradient(w, {}, g) == 0.5 * (2 * 4 + 0.5 * 16));
    CHECK(g == std::vector<float>{4, 2});
    CHECK(f.value(w) == 8.0);
}

TEST_CASE("quadratic: the value of any length is the sum", "[objective][quadratic]") {
    for (const std::size_t n : {1u, 31u, 32u, 33u, 1000u}) {
        const auto center = test::normals(n, 1);
        const auto w = test::normals(n, 2);
        double sum = 0;
        for (std::size_t j = 0; j < n; ++j) {
            sum += 1.5 * std::pow(double(w[j]) - double(center[j]), 2);
        }
        CHECK(quadratic(center, 3).value(w) == Approx(sum).epsilon(1e-6));
    }
}

TEST_CASE("quadratic: local descent has the fixed points of client drift", "[objective][quadratic]") {
    // 1/2 a (x - b)^2 with a = (1, 4), b = (0, 1) and s steps of 0.1 on either node, then the mean.
    const quadratic nodes[] = {quadratic({0}, 1), quadratic({1}, 4)};
    const std::pair<int, double> expected[] = {
        {1, 0.8}, {2, 0.7710843373}, {5, 0.6925023465}, {10, 0.6041260077}, {50, 0.5012917726}};
    for (const auto& [steps, fixed_point] : expected) {
        float x = 0;
        for (int round = 0; round < 400; ++round) {
            float sum = 0;
            for (const quadratic& f : nodes) {
                float y = x;
                for (int s = 0; s < steps; ++s) {
                    float g = 0;
                    f.value_and_gradient({&y, 1}, {}, {&g, 1});
                    y -= 0.1f * g;
                }
                sum += y;
            }
            x = sum / 2;
        }
        CHECK(double(x) == Approx(fixed_point).epsilon(1e-5));
    }
}

TEST_CASE("quadratic: bad input is named", "[objective][quadratic][hostile]") {
    CHECK_THROWS_AS(quadratic({}), invalid_input);
    CHECK_THROWS_AS(quadratic({1, 2}, std::vector<float>{1}), invalid_input);
    CHECK_THROWS_AS(quadratic({1}, -1), invalid_input);
    CHECK_THROWS_AS(quadratic({NAN}), invalid_input);
    const quadratic f({1, 2});
    std::vector<float> g(2);
    CHECK_THROWS_WITH(f.value_and_gradient(std::vector<float>{1}, {}, g),
                      "the parameters must have 2 elements, but has 1");
    CHECK_THROWS_AS(f.value_and_gradient(g, {}, std::span(g).first(1)), invalid_input);
}
