#include <frugal/quantize/sawb.hpp>

#include <cmath>
#include <vector>

#include <frugal/core/random.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

std::vector<float> normals(std::size_t n) {
    const random_stream stream({.seed = 3, .purpose = purposes::user});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

double mean_squared_error(const grid& g, float step, const std::vector<float>& x) {
    double sum = 0;
    for (const float v : x) {
        const double off = double{v} - double{step} * double{g.nearest(v / step)};
        sum += off * off;
    }
    return sum / double(x.size());
}

float fitted(const grid& g, const std::vector<float>& x, sawb rule = {}) {
    return rule(g, std::span<const float>(x));
}

}  // namespace

TEST_CASE("sawb: steps and errors for the normal distribution", "[quantize][sawb][statistical]") {
    const auto x = normals(200000);
    struct row {
        grid values;
        double step, error;
    };
    for (const row& r : {row{integer_grid(4), 0.35, 0.0129}, row{even_grid(-8, 1, 16), 0.34, 0.0119},
                         row{ternary_grid(), 1.22, 0.1902}, row{even_grid(-1.5f, 1, 4), 1.00, 0.1189}}) {
        const float step = fitted(r.values, x);
        CHECK(double{step} == Approx(r.step).margin(0.02));
        CHECK(mean_squared_error(r.values, step, x) == Approx(r.error).epsilon(0.02));
        for (const float other : {0.97f * step, 1.03f * step}) {
            CHECK(mean_squared_error(r.values, step, x) <= mean_squared_error(r.values, other, x));
        }
    }
}

TEST_CASE("sawb: of values c and -c the step is mean|x| / c", "[quantize][sawb]") {
    const std::vector<float> x{1, -2, 3};
    CHECK(fitted(binary_grid(), x) == 2);
    CHECK(fitted(even_grid(-0.5f, 1, 2), x) == 4);
    CHECK(3 * mean_squared_error(binary_grid(), 2, x) == Approx(2));  // 14 - 3 * 4
}

TEST_CASE("sawb: values on a multiple of the grid are found", "[quantize][sawb]") {
    std::vector<float> x;
    for (int i = -7; i <= 7; ++i) {
        x.insert(x.end(), 10, 0.03f * static_cast<float>(i));
    }
    CHECK(fitted(integer_grid(4), x) == Approx(0.03).epsilon(2e-3));
}

TEST_CASE("sawb: a clip from two moments", "[quantize][sawb]") {
    const std::vector<float> x{3, -4, 0, 0};  // sqrt(E x^2) = 2.5, E|x| = 1.75
    CHECK(fitted(integer_grid(4), x, {.root_mean_square = 12, .mean_magnitude = -8}) == Approx((30 - 14) / 7.0));
    CHECK_THROWS_AS(fitted(integer_grid(4), x, {.root_mean_square = 1, .mean_magnitude = -8}), invalid_input);
}

TEST_CASE("sawb: zeros and what is not finite", "[quantize][sawb][hostile]") {
    CHECK(fitted(integer_grid(4), {0, 0}) == 1);
    CHECK(fitted(integer_grid(4), {}) == 1);
    CHECK(std::isnan(fitted(integer_grid(4), {1, NAN})));
    CHECK(std::isnan(fitted(binary_grid(), {1, INFINITY})));
}
