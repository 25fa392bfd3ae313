#include <frugal/quantize/natural.hpp>

#include <cmath>

#include "catch.hpp"
#include "enumerated.hpp"

using namespace frugal;

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

TEST_CASE("natural: is the logarithmic unbiased quantizer (LUQ)", "[quantize][natural]") {
    // Below the threshold a: a with probability |x| / a, else 0. In [2^(k-1) a, 2^k a): up with (|x| - 2^(k-1) a) /
    // (2^(k-1) a).
    const natural q{.levels = 7};
    const float a = 0x1p-6f;
    constexpr int draws = 1 << 12;
    for (const float x : {0.3f * a, -0.9f * a, 1.25f * a, -3.0f * a, 50.0f * a}) {
        const float size = std::fabs(x);
        const float low = size < a ? 0 : std::exp2(std::floor(std::log2(size / a))) * a;
        const float high = size < a ? a : 2 * low;
        int up = 0;
        for (int i = 0; i < draws; ++i) {
            const float u = (static_cast<float>(i) + 0.5f) / draws - 0.5f;
            const float y = q.value(q.index(x, u));
            CHECK((y == std::copysign(low, x) || y == std::copysign(high, x)));
            up += std::fabs(y) == high ? 1 : 0;
        }
        CHECK(double(up) / draws == Approx(double((size - low) / (high - low))).margin(1.0 / draws));
    }
}
