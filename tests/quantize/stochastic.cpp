#include <frugal/quantize/stochastic.hpp>

#include <array>
#include <cmath>
#include <vector>

#include <frugal/quantize/natural.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic_codebook.hpp>

#include "catch.hpp"
#include "enumerated.hpp"

using namespace frugal;

TEST_CASE("stochastic: unbiased, with variance f(1 - f), integers kept", "[quantize][stochastic]") {
    const stochastic q{.levels = 4};
    for (const float x : {0.0f, 1.0f, -4.0f, 4.0f, 0.25f, 1.2f, -1.6f, 3.875f, -0.125f}) {
        const auto m = test::moments_over_dither(q, x);
        const double f = double{x} - std::floor(double{x});
        CAPTURE(x);
        CHECK(m.mean == Approx(double{x}).margin(2e-5));
        CHECK(m.variance == Approx(f * (1 - f)).margin(2e-5));
        CHECK(m.largest < 1);
    }
}

TEST_CASE(
    "stochastic: an integer is kept even for the largest dither, a small number is rounded up as rarely as it should",
    "[quantize][stochastic]") {
    const float largest = centered_from_word(0x7FFFFFFFu);
    const float smallest = centered_from_word(0x80000000u);
    REQUIRE(largest == 0.5f - 0x1p-25f);
    for (const float x : {0.0f, -0.0f, 1.0f, -3.0f, 100.0f}) {
        CHECK(stochastic{.levels = 100}.index(x, largest) == x);
        CHECK(stochastic{.levels = 100}.index(x, smallest) == x);
        CHECK(ternary{}.index(0.0f, largest) == 0.0f);
    }
    CHECK(stochastic{}.index(1e-30f, largest) == 0.0f);
    CHECK(stochastic{}.index(-1e-30f, smallest) == 0.0f);
    CHECK(stochastic{}.index(0x1p-20f, largest) == 1.0f);
}

TEST_CASE("stochastic: the hand-computed levels of QSGD", "[quantize][stochastic]") {
    // x = (3, 4), norm 5, two levels: levels (1.2, 1.6); uniforms (0.5, 0.5) and (0.9, 0.1), centred here.
    const stochastic q{.levels = 2};
    CHECK(q.index(1.2f, 0.0f) == 1.0f);
    CHECK(q.index(1.6f, 0.0f) == 2.0f);
    CHECK(q.index(1.2f, 0.4f) == 2.0f);
    CHECK(q.index(1.6f, -0.4f) == 1.0f);
}

TEST_CASE("stochastic: the bounds under the max-norm are attained", "[quantize][stochastic]") {
    for (const int levels : {1, 2, 5}) {
        for (const std::size_t n : {std::size_t{1}, std::size_t{2}, std::size_t{64}, std::size_t{1000}}) {
            const stochastic q{.levels = levels};
            const auto ratio = [&](double others) {  // one element at the maximum, n - 1 at `others` steps
                const double rest = static_cast<double>(n - 1);
                return rest * others * (1 - others) / (levels * levels + rest * others * others);
            };
            double worst = 0;
            for (double a = 0; a <= 1; a += 1e-4) {
                worst = std::max(worst, ratio(a));
            }
            CAPTURE(levels, n);
            CHECK(worst == Approx(q.max_norm_variance(n)).epsilon(1e-4).margin(1e-12));
        }
    }
    CHECK(ternary{}.max_norm_variance(100) == Approx(4.5));
}

TEST_CASE("stochastic: the published bounds under the l2-norm", "[quantize][stochastic]") {
    const auto bound = [](int levels, std::size_t n) { return stochastic{.levels = levels}.l2_norm_variance(n); };
    CHECK(bound(1, 16) == Approx(4));
    CHECK(bound(4, 16) == Approx(1));
    CHECK(bound(16, 16) == Approx(0.0625));
    CHECK(bound(1, 256) == Approx(16));
    CHECK(bound(4, 256) == Approx(4));
    CHECK(bound(16, 256) == Approx(1));
    CHECK(bound(1, 1024) == Approx(32));
    CHECK(bound(4, 1024) == Approx(8));
    CHECK(bound(16, 1024) == Approx(2));
}

TEST_CASE("dorefa: unbiased on 2^bits levels, the ends without clipping", "[quantize][dorefa]") {
    for (const int bits : {1, 2, 4}) {
        const dorefa q{.bits = bits};
        const float end = q.range();
        CAPTURE(bits);
        CHECK(q.symbols().size() == std::size_t{1} << bits);
        CHECK(q.value(static_cast<float>(q.symbols().lowest)) == -end);
        CHECK(q.value(static_cast<float>(q.symbols().highest)) == end);
        for (const float t : {0.0f, 1.0f, -1.0f, 0.5f, 0.3f, -0.875f}) {
            const auto m = test::moments_over_dither(q, t * end);
            CHECK(m.mean == Approx(double{t * end}).margin(2e-5));
            CHECK(m.variance == Approx(q.step_variance(double{t * end})).margin(2e-5));
        }
        CHECK(q.step_variance(0.0) == 0.25);
    }
    CHECK_THROWS_AS(dorefa{.bits = 0}.validate(), invalid_input);
    CHECK_THROWS_AS(dorefa{.bits = 17}.validate(), invalid_input);
}

TEST_CASE("natural: unbiased powers of two, variance at most x^2 / 8 above the lowest", "[quantize][natural]") {
    for (const int levels : {1, 2, 5, 8}) {
        const natural q{.levels = levels};
        const double lowest = std::ldexp(1.0, 1 - levels);
        for (const float x : {0.0f, 1.0f, -1.0f, 0.75f, -0.6f, 0.5f, 0.34f, 0.1f, -0.01f}) {
            const auto m = test::moments_over_dither(q, x);
            CAPTURE(levels, x);
            CHECK(m.mean == Approx(double{x}).margin(2e-5));
            CHECK(m.variance == Approx(q.step_variance(double{x})).margin(2e-5));
            CHECK(q.step_variance(double{x}) <= q.step_variance() + 1e-15);
            if (std::fabs(double{x}) >= lowest) {
                CHECK(q.step_variance(double{x}) <= double{x} * double{x} / 8);
            }
        }
    }
    CHECK(natural{.levels = 3}.step_variance(2.0 / 3) == Approx(4.0 / 9 / 8));  // where x^2 / 8 is attained
}

TEST_CASE("natural: levels themselves are kept for every dither", "[quantize][natural]") {
    const natural q{.levels = 8};
    for (int i = -8; i <= 8; ++i) {
        const float x = q.value(static_cast<float>(i));
        CHECK(x == static_cast<float>(i == 0 ? 0.0 : std::copysign(std::ldexp(1.0, std::abs(i) - 8), i)));
        for (const std::uint32_t w : {0x7FFFFFFFu, 0x80000000u, 0u, 0xFFFFFFFFu, 0x12345678u}) {
            CHECK(q.index(x, centered_from_word(w)) == static_cast<float>(i));
        }
    }
    CHECK_THROWS_AS(natural{.levels = 0}.validate(), invalid_input);
}

TEST_CASE("sign: a zero of either sign is positive", "[quantize][sign]") {
    const sign q;
    CHECK(q.value(q.index(0.0f)) == 1.0f);
    CHECK(q.value(q.index(-0.0f)) == 1.0f);
    CHECK(q.value(q.index(-1e-40f)) == -1.0f);
    CHECK(q.value(q.index(2.0f)) == 1.0f);
}

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
