#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <frugal/data/synthetic.hpp>

using namespace frugal;

TEST_CASE("gaussian_mixture: sizes, labels, noise and separation", "[data][synthetic][statistical]") {
    const gaussian_mixture mixture{
        .samples = 4000, .test_samples = 100, .dimension = 30, .classes = 4, .separation = 6};
    const random_key key{.seed = 2, .node = 0, .round = 0, .purpose = purposes::data};
    const train_test d = mixture(key);
    CHECK(d.train.size() == 4000);
    CHECK(d.test.size() == 100);
    CHECK(d.train.classes() == 4);
    CHECK(d.test.dimension() == 30);
    CHECK(d.train.label(5) == 1);
    double mean[4][30] = {};
    for (std::size_t i = 0; i < 4000; ++i) {
        for (std::size_t j = 0; j < 30; ++j) {
            mean[i % 4][j] += double(d.train.row(i)[j]) / 1000;
        }
    }
    double squares = 0;
    for (std::size_t i = 0; i < 4000; ++i) {
        for (std::size_t j = 0; j < 30; ++j) {
            const double e = double(d.train.row(i)[j]) - mean[i % 4][j];
            squares += e * e;
        }
    }
    CHECK(std::fabs(squares / (120000 - 120) - 1) < 4.5 * std::sqrt(2.0 / 120000));
    double distance = 0;
    for (std::size_t j = 0; j < 30; ++j) {
        distance += (mean[0][j] - mean[1][j]) * (mean[0][j] - mean[1][j]);
    }
    // Square of a distance: 36 / 30 chi^2(30), but for the error of the means
    CHECK(std::fabs(distance - 36) < 4.5 * 36 * std::sqrt(2.0 / 30));
    const train_test again = mixture(key);
    CHECK(std::equal(d.train.features().begin(), d.train.features().end(), again.train.features().begin()));
    CHECK(d.train.row(0)[0] != d.test.row(0)[0]);
    CHECK_THROWS_AS(gaussian_mixture{.samples = 0}(key), invalid_input);
    CHECK_THROWS_AS(gaussian_mixture{.separation = -1}(key), invalid_input);
}

TEST_CASE("linear_regression: targets follow the solution", "[data][synthetic]") {
    const random_key key{.seed = 2, .node = 0, .round = 0, .purpose = purposes::data};
    const regression_problem p = linear_regression{.samples = 500, .dimension = 33, .noise = 0}(key);
    for (std::size_t i = 0; i < 500; ++i) {
        double y = 0;
        for (std::size_t j = 0; j < 33; ++j) {
            y += double(p.data.row(i)[j]) * double(p.solution[j]);
        }
        CHECK(double(p.data.label(i)) == Approx(y).margin(1e-6));
    }
    CHECK_THROWS_AS(linear_regression{.dimension = 0}(key), invalid_input);
    CHECK_THROWS_AS((linear_regression{.noise = -1.0f}(key)), invalid_input);
}

TEST_CASE("binary_logistic_regression: labels follow the solution", "[data][synthetic][statistical]") {
    const random_key key{.seed = 2, .purpose = purposes::data};
    const regression_problem p = binary_logistic_regression{.samples = 20000, .dimension = 10}(key);
    double excess = 0, variance = 0;
    for (std::size_t i = 0; i < p.data.size(); ++i) {
        double score = 0;
        for (std::size_t j = 0; j < 10; ++j) {
            REQUIRE(std::fabs(p.data.row(i)[j]) < 1);
            score += double(p.data.row(i)[j]) * double(p.solution[j]);
        }
        const double probability = 1 / (1 + std::exp(-score));
        excess += (double(p.data.label(i)) - probability) * score;
        variance += probability * (1 - probability) * score * score;
    }
    CHECK(std::fabs(excess) < 4.5 * std::sqrt(variance));
    for (const float w : p.solution) {
        CHECK(std::fabs(w) == 1);
    }
    CHECK_THROWS_AS(binary_logistic_regression{.samples = 0}(key), invalid_input);
}

TEST_CASE("two_moons: samples lie on their half circles, but for noise", "[data][synthetic][statistical]") {
    const random_key key{.seed = 2, .purpose = purposes::data};
    const regression_dataset exact = two_moons{.samples = 1000, .noise = 0}(key);
    const regression_dataset noisy = two_moons{.samples = 1000, .noise = 0.2f}(key);
    double squares = 0;
    for (std::size_t i = 0; i < 1000; ++i) {
        const double x = double(exact.row(i)[0]), y = double(exact.row(i)[1]);
        CHECK(exact.label(i) == static_cast<float>(i % 2));
        CHECK((i % 2 == 0 ? std::hypot(x, y) : std::hypot(x - 1, y - 0.5)) == Approx(1).epsilon(1e-6));
        CHECK((i % 2 == 0 ? y > -1e-6 : y < 0.5 + 1e-6));
        squares += std::pow(double(noisy.row(i)[0]) - x, 2) + std::pow(double(noisy.row(i)[1]) - y, 2);
    }
    CHECK(std::fabs(squares / 2000 / 0.04 - 1) < 4.5 * std::sqrt(2.0 / 2000));
    CHECK_THROWS_AS(two_moons{.samples = 0}(key), invalid_input);
    CHECK_THROWS_AS(two_moons{.noise = -1}(key), invalid_input);
}
