#include "catch.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/data/synthetic.hpp>
#include <frugal/objective/least_squares.hpp>

#include "objective/gradient_check.hpp"

using namespace frugal;

static_assert(Objective<least_squares>);

TEST_CASE("least_squares: value and gradient by hand", "[objective][least_squares]") {
    least_squares f(regression_dataset({1, 2, 3, 4}, {1, -1}, 2), 0.5f);
    const std::vector<float> w{1, 1};  // residuals 2 and 8
    std::vector<float> g(2);
    CHECK(f.value_and_gradient(w, {}, g) == 0.5 * (4 + 64) / 2 + 0.25 * 2);
    CHECK(g == std::vector<float>{(2 * 1 + 8 * 3) / 2.0f + 0.5f, (2 * 2 + 8 * 4) / 2.0f + 0.5f});
    const std::vector<std::uint32_t> second{1};
    CHECK(f.value(w, second) == 32.5);
}

TEST_CASE("least_squares: gradient against finite differences", "[objective][least_squares]") {
    for (const std::size_t d : {1u, 31u, 33u, 100u}) {
        const auto p = linear_regression{.samples = 70, .dimension = d}({1, 0, 0, purposes::data});
        least_squares f(p.data, 0.1f);
        std::vector<std::uint32_t> batch;
        for (std::uint32_t i = 0; i < 35; ++i) {
            batch.push_back(i * 7 % 70);
        }
        const auto reference = [&](const std::vector<double>& w) {
            double sum = 0;
            for (const std::uint32_t i : batch) {
                double r = -double(p.data.label(i));
                for (std::size_t j = 0; j < d; ++j) {
                    r += w[j] * double(p.data.row(i)[j]);
                }
                sum += r * r / 70;
            }
            for (const double x : w) {
                sum += 0.5 * double(0.1f) * x * x;
            }
            return sum;
        };
        const auto w = test::normals(d, 3);
        CHECK(test::gradient_error(f, reference, w, batch) < 1e-6);
        CHECK(f.value(w, batch) == Approx(reference({w.begin(), w.end()})).epsilon(1e-9));
    }
}

TEST_CASE("least_squares: gradient descent finds the solution", "[objective][least_squares]") {
    const auto p = linear_regression{.samples = 500, .dimension = 20, .noise = 0}({1, 0, 0, purposes::data});
    least_squares f(p.data);
    std::vector<float> w(20);
    std::vector<float> g(20);
    for (int step = 0; step < 200; ++step) {
        f.value_and_gradient(w, {}, g);
        for (std::size_t j = 0; j < 20; ++j) {
            w[j] -= 0.8f * g[j];
        }
    }
    for (std::size_t j = 0; j < 20; ++j) {
        CHECK(w[j] == Approx(p.solution[j]).margin(1e-5));
    }
}

TEST_CASE("least_squares: bad input is named", "[objective][least_squares][hostile]") {
    CHECK_THROWS_AS(least_squares(regression_dataset()), invalid_input);
    const regression_dataset data({1, 2}, {1, 2}, 1);
    CHECK_THROWS_AS(least_squares(data, -1), invalid_input);
    CHECK_THROWS_AS(least_squares(data, NAN), invalid_input);
    least_squares f(data);
    std::vector<float> g(1);
    const std::vector<std::uint32_t> beyond{0, 2};
    CHECK_THROWS_WITH(f.value_and_gradient(g, beyond, g), "sample 2 of a batch does not exist: the data set has 2");
    CHECK_THROWS_AS(f.value_and_gradient(std::vector<float>(2), {}, g), invalid_input);
}
