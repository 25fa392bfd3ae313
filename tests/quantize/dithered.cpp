#include <frugal/quantize/dithered.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"
#include "enumerated.hpp"
#include "statistics.hpp"

using namespace frugal;

TEST_CASE("dithered: error is uniform and independent of the input", "[quantize][dithered][statistical]") {
    const dithered q{.levels = 1};
    const random_stream dither({.seed = 1, .round = 7});
    std::vector<double> previous;
    for (const float x : {0.0f, 0.3f, 0.999f, -0.75f}) {
        std::vector<double> error;
        test::moments mean, square;
        for (std::size_t i = 0; i < 200000; ++i) {
            const float u = dither.centered(i);
            const double e = double{q.value(q.index(x, u), u)} - double{x};
            error.push_back(e);
            mean.add(e);
            square.add(e * e);
        }
        CAPTURE(x);
        CHECK(test::z_of_uniformity(error, -0.5, 0.5 + 1e-6) < test::z_limit);
        CHECK(mean.z_of(0) < test::z_limit);
        CHECK(square.z_of(q.step_variance()) < test::z_limit);
    }
}

TEST_CASE("dithered: exact mean and variance over the dither", "[quantize][dithered]") {
    for (const int levels : {1, 2, 3, 7, 127}) {
        const dithered q{.levels = levels};
        for (const float x : {0.0f, 0.25f, -0.3f, 0.5f, 0.999f, -1.0f}) {
            const auto m = test::moments_over_dither(q, x * static_cast<float>(levels));
            CAPTURE(levels, x);
            CHECK(m.mean == Approx(double{x * static_cast<float>(levels)}).margin(1e-5));
            CHECK(m.variance == Approx(1.0 / 12).epsilon(1e-3));
            CHECK(m.largest <= 0.5 + 1e-5);
        }
    }
}

TEST_CASE("dither of 16 bits: bias below 2^-17 of a step, over all draws", "[quantize][dithered][exact]") {
    const dithered d{.levels = 3, .bits = dither_bits::sixteen};
    const stochastic s{.levels = 3, .bits = dither_bits::sixteen};
    CHECK(d.name() == "dithered(levels=3,dither_bits=16)");
    CHECK(s.name() == "stochastic(levels=3,dither_bits=16)");
    CHECK(dithered{.levels = 3}.name() == "dithered(levels=3)");
    double worst = 0;
    for (int k = 0; k < 200; ++k) {
        const float x = static_cast<float>(k) * (0x1p-18f + 0x1p-7f) - 0.8f;
        double mean = 0, square = 0, mean_rounded = 0;
        for (std::uint32_t half = 0; half < 65536; ++half) {
            const float u = centered_from_lower_half(half);
            const double e = double{d.value(d.index(x, u), u)} - double{x};
            mean += e / 65536;
            square += e * e / 65536;
            mean_rounded += double{s.value(s.index(x, u))} / 65536;
        }
        CAPTURE(x);
        REQUIRE(std::fabs(mean) <= 0x1p-17 * (1 + 1e-3));  // floats of about 1 resolve 2^-24
        REQUIRE(std::fabs(mean_rounded - double{x}) <= 0x1p-17 * (1 + 1e-3));
        REQUIRE(square == Approx(1.0 / 12).epsilon(1e-6));
        worst = std::max(worst, std::fabs(mean));
    }
    CHECK(worst > 0.85 * 0x1p-17);  // the bound is attained
}

TEST_CASE("dithered and half-dithered: the worked example of the source", "[quantize][dithered]") {
    const std::array<float, 4> theta{0.9f, -0.3f, 0.05f, -0.6f};
    const std::array<float, 4> u{0.2f, -0.1f, 0.4f, -0.45f};
    const std::array<float, 4> indices{1, 0, 0, -1};
    const std::array<double, 4> values{0.72, 0.09, -0.36, -0.495};
    const float kappa = 0.9f;
    for (std::size_t i = 0; i < 4; ++i) {
        const float q = dithered{.levels = 1}.index(theta[i] / kappa, u[i]);
        CHECK(q == indices[i]);
        CHECK(kappa * dithered{.levels = 1}.value(q, u[i]) == Approx(values[i]));
        const half_dithered half{.levels = 1};
        CHECK(kappa * half.value(half.index(theta[i] / kappa, u[i])) == Approx(0.9 * double{indices[i]}));
    }
}

TEST_CASE("dithered: indices stay in the alphabet over the whole range but for the rounding at its ends",
          "[quantize][dithered]") {
    const dithered q{.levels = 3};
    for (int k = 0; k < test::dither_points; k += 7) {
        const float u = test::dither_point(k);
        CHECK(std::fabs(q.index(3.0f, u)) <= 3);
        CHECK(std::fabs(q.index(-3.0f, u)) <= 3);
    }
    CHECK(q.index(3.0f, 0.49999997f) == 4.0f);  // so the library clamps
}

TEST_CASE("one-bit dithered: the worked example, and a dithered of half a level", "[quantize][dithered]") {
    const one_bit_dithered q;
    CHECK(q.index(0.3f, -0.4f) == 0.0f);
    CHECK(q.value(q.index(0.3f, -0.4f), -0.4f) == Approx(-0.1));
    CHECK(q.index(0.3f, 0.1f) == 1.0f);
    CHECK(q.value(q.index(0.3f, 0.1f), 0.1f) == Approx(0.4));
    CHECK(q.index(0.0f, 0.0f) == 0.0f);  // sign(0) = -1 here
    for (const float x : {0.3f, -0.5f, 0.5f, 0.0f, 0.499f}) {
        const auto m = test::moments_over_dither(q, x);
        CAPTURE(x);
        CHECK(m.mean == Approx(double{x}).margin(1e-4));
        CHECK(m.variance == Approx(1.0 / 12).epsilon(1e-3));
        CHECK(m.largest <= 0.5 + 1e-6);
    }
    CHECK(range_of(q) == 0.5f);
}

TEST_CASE("one-bit dithered: error is uniform for fixed inputs", "[quantize][dithered][statistical]") {
    const one_bit_dithered q;
    const random_stream dither({.seed = 2});
    for (const float x : {0.0f, 0.3f, -0.4995f}) {
        std::vector<double> error;
        test::moments value;
        for (std::size_t i = 0; i < 200000; ++i) {
            const float u = dither.centered(i);
            const float y = q.value(q.index(x, u), u);
            error.push_back(double{y} - double{x});
            value.add(double{y});
        }
        CAPTURE(x);
        CHECK(test::z_of_uniformity(error, -0.5 - 1e-6, 0.5 + 1e-6) < test::z_limit);
        CHECK(value.z_of(double{x}) < test::z_limit);
    }
}

TEST_CASE("half-dithered, one dither: the error's variance is f(1 - f)", "[quantize][half_dithered]") {
    const half_dithered q{.levels = 2, .dithers = 1};
    for (const float x : {0.0f, 0.25f, 0.5f, 1.75f, -0.25f, -1.5f, 2.0f}) {
        const auto m = test::moments_over_dither(q, x);
        const double f = double{x} - std::floor(double{x});
        CAPTURE(x);
        CHECK(m.mean == Approx(double{x}).margin(1e-12));
        CHECK(m.variance == Approx(f * (1 - f)).margin(1e-12));
        CHECK(q.step_variance(double{x}) == Approx(f * (1 - f)));
    }
}

TEST_CASE("half-dithered, two dithers: the error's variance is 1/4 whatever the input", "[quantize][half_dithered]") {
    const half_dithered q{.levels = 2, .dithers = 2};
    CHECK(q.symbols() == alphabet{-3, 3});
    for (const float x : {0.0f, 0.1f, 0.25f, 0.5f, 1.75f, -0.33f, -2.0f, 2.0f}) {
        const auto m = test::moments_over_dither(q, x);
        CAPTURE(x);
        CHECK(m.mean == Approx(double{x}).margin(2e-4));
        CHECK(m.variance == Approx(0.25).epsilon(1e-3));
        CHECK(m.largest < 1.5 + 1e-5);
    }
}

TEST_CASE("half-dithered, two dithers: the dither is triangular", "[quantize][half_dithered]") {
    // round(x + v) > j exactly when v >= j + 1/2 - x: its frequency gives the distribution function of v.
    const half_dithered q{.levels = 2, .dithers = 2};
    for (const float x : {0.5f, 0.25f, 0.0f, -0.25f}) {
        int above = 0;
        for (int k = 0; k < test::dither_points; ++k) {
            above += q.index(x, test::dither_point(k)) > 0 ? 1 : 0;
        }
        const double t = 0.5 - double{x};  // P(v >= t) = (1 - t)^2 / 2 for t >= 0
        CHECK(double(above) / test::dither_points == Approx((1 - t) * (1 - t) / 2).margin(1e-4));
    }
}

TEST_CASE("lemma 19: stochastic rounding is half-dithered rounding", "[quantize][half_dithered][stochastic]") {
    const half_dithered half{.levels = 3};
    const stochastic random{.levels = 3};
    for (int numerator = -3 * 64; numerator <= 3 * 64; numerator += 11) {
        const float x = static_cast<float>(numerator) / 64.0f;
        const float low = std::floor(x);
        int up = 0;
        bool same = true;
        for (int k = 0; k < test::dither_points; ++k) {
            const float u = test::dither_point(k);
            const float i = random.index(x, u);
            same = same && i == half.index(x, u) && (i == low || i == low + 1);
            up += i == low + 1 ? 1 : 0;
        }
        CAPTURE(x);
        CHECK(same);
        CHECK(up == static_cast<int>((x - low) * test::dither_points));  // the exact probability
    }
}

TEST_CASE("dithered: the decoded value is the stochastic one less the dither", "[quantize][dithered][stochastic]") {
    const auto x = test::normal_vector(10000, 3);
    const random_stream dither({.seed = 4});
    const dithered q{.levels = 3};
    const stochastic s{.levels = 3};
    std::size_t different = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const float t = std::fmin(std::fmax(x[i], -3.0f), 3.0f);
        const float u = dither.centered(i);
        different += q.value(q.index(t, u), u) != s.value(s.index(t, u)) - u ? 1 : 0;
    }
    CHECK(different == 0);
}

TEST_CASE("dithered family: parameters out of range are named", "[quantize][hostile]") {
    CHECK_THROWS_WITH((dithered{.levels = 0}.validate()), test::contains_text("levels"));
    CHECK_THROWS_AS((half_dithered{.levels = 1, .dithers = 3}.validate()), invalid_input);
    CHECK_THROWS_AS((half_dithered{.levels = -1}.validate()), invalid_input);
    CHECK(dithered{.levels = 3}.name() == "dithered(levels=3)");
    CHECK(half_dithered{.levels = 3, .dithers = 2}.name() == "half_dithered(levels=3,dithers=2)");
}
