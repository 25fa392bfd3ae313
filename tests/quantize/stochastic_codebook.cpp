#include <frugal/quantize/stochastic_codebook.hpp>

#include <array>
#include <cmath>

#include "catch.hpp"
#include "enumerated.hpp"

using namespace frugal;

TEST_CASE("stochastic_index: neighbouring levels with the right probabilities", "[quantize][stochastic_codebook]") {
    const std::array<float, 3> even{-1, 0, 1};
    const std::array<float, 3> uneven{0, 1, 4};
    const auto moments = [](std::span<const float> levels, float x) {
        std::array<double, 2> m{};
        for (int k = 0; k < test::dither_points; ++k) {
            const double y = double{levels[stochastic_index(levels, x, test::dither_point(k) + 0.5f)]};
            m[0] += y / test::dither_points;
            m[1] += (y - double{x}) * (y - double{x}) / test::dither_points;
        }
        return m;
    };
    CHECK(moments(even, 0.25f)[0] == 0.25);  // P(1) = 1/4, P(0) = 3/4
    CHECK(moments(even, 0.25f)[1] == 0.1875);
    CHECK(moments(uneven, 3.0f)[0] == Approx(3).margin(1e-4));  // P(4) = 2/3
    CHECK(moments(uneven, 3.0f)[1] == Approx(2).margin(1e-4));
    CHECK(stochastic_variance<float>(even, 0.25f) == 0.1875f);
    CHECK(stochastic_variance<float>(uneven, 3.0f) == 2.0f);
    CHECK(stochastic_index<float>(uneven, 3.0f, 0.66f) == 2);
    CHECK(stochastic_index<float>(uneven, 3.0f, 0.67f) == 1);
    for (const float u : {0x1p-24f, 0.5f, 1.0f}) {
        for (std::size_t j = 0; j < 3; ++j) {
            CHECK(stochastic_index<float>(uneven, uneven[j], u) == j);
        }
    }
    // A quarter of the gap squared bounds the variance, and the middle of a gap attains it.
    CHECK(stochastic_variance<float>(uneven, 2.5f) == 2.25f);
}

TEST_CASE("stochastic_index: outside the levels and NaN", "[quantize][stochastic_codebook][hostile]") {
    const std::array<double, 3> levels{0, 1, 4};
    CHECK_THROWS_WITH(stochastic_index<double>(levels, -0.1, 0.5), test::contains_text("outside"));
    CHECK_THROWS_AS(stochastic_index<double>(levels, 4.1, 0.5), invalid_input);
    CHECK(stochastic_index<double>(levels, -0.1, 0.5, out_of_range::clamp) == 0);
    CHECK(stochastic_index<double>(levels, HUGE_VAL, 0.5, out_of_range::clamp) == 2);
    CHECK_THROWS_WITH(stochastic_index<double>(levels, NAN, 0.5, out_of_range::clamp), test::contains_text("NaN"));
    CHECK_THROWS_AS(stochastic_index<double>(std::span(levels).first(1), 0.0, 0.5), invalid_input);
}

TEST_CASE("stochastic_codebook: a quantizer on levels of one's own", "[quantize][stochastic_codebook]") {
    const stochastic_codebook q{.levels = {-1.0f, -0.25f, 0.0f, 0.25f, 1.0f}};
    q.validate();
    CHECK(range_of(q) == 1.0f);
    CHECK(q.step_variance() == Approx(0.75 * 0.75 / 4));
    CHECK(q.name() == "stochastic_codebook(levels=[-1,-0.25,0,0.25,1])");
    for (const float x : {-1.0f, 0.0f, 0.25f, 0.1f, 0.8f, -0.3f}) {
        const auto m = test::moments_over_dither(q, x);
        CAPTURE(x);
        CHECK(m.mean == Approx(double{x}).margin(2e-5));
        CHECK(m.variance == Approx(q.step_variance(double{x})).margin(2e-5));
    }
    CHECK_THROWS_AS((stochastic_codebook{.levels = {1.0f}}.validate()), invalid_input);
    CHECK_THROWS_AS((stochastic_codebook{.levels = {-1.0f, 1.0f, 1.0f}}.validate()), invalid_input);
    CHECK_THROWS_AS((stochastic_codebook{.levels = {0.0f, 1.0f}}.validate()), invalid_input);
    CHECK_THROWS_AS((stochastic_codebook{.levels = {-1.0f, NAN}}.validate()), invalid_input);
}
