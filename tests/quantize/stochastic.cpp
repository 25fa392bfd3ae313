#include <frugal/quantize/stochastic.hpp>

#include <cmath>

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
