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
