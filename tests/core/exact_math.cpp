#include "catch.hpp"

#include <cmath>
#include <limits>

#include <frugal/core/exact_math.hpp>

using namespace frugal;

TEST_CASE("exact_exp: within 1e-15 of the library's exp over the whole range", "[core][exact_math]") {
    for (int i = -70000; i <= 70900; ++i) {
        const double x = i * 0.01 + 1e-3 * (i % 7);
        const double expected = std::exp(x);
        REQUIRE(std::fabs(exact_exp(x) - expected) <= 1e-15 * expected);
    }
    CHECK(exact_exp(0.0) == 1.0);
    CHECK(exact_exp(-746.0) == 0.0);
    CHECK(exact_exp(-745.0) == Approx(std::exp(-745.0)).epsilon(0.6));  // subnormal: few bits are left
    CHECK(exact_exp(-std::numeric_limits<double>::infinity()) == 0.0);
    CHECK(exact_exp(710.0) == std::numeric_limits<double>::infinity());
    CHECK(std::isfinite(exact_exp(709.7)));
    CHECK(std::isnan(exact_exp(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("exact_log: within 1e-15 of the library's log, and its special values", "[core][exact_math]") {
    for (int i = -1074; i <= 1023; ++i) {
        for (const double m : {1.0, 1.1, 1.41421356, 1.41421357, 1.7, 1.999}) {
            const double x = std::ldexp(m, i);
            const double expected = std::log(x);
            REQUIRE(std::fabs(exact_log(x) - expected) <= 1e-15 * std::fabs(expected));
        }
    }
    for (int i = 1; i < 2000; ++i) {
        const double x = 1.0 + (i - 1000) * 1e-7;
        REQUIRE(std::fabs(exact_log(x) - std::log(x)) <= 1e-15 * std::fabs(std::log(x)));
    }
    CHECK(exact_log(1.0) == 0.0);
    CHECK(exact_log(0.0) == -std::numeric_limits<double>::infinity());
    CHECK(exact_log(std::numeric_limits<double>::infinity()) == std::numeric_limits<double>::infinity());
    CHECK(std::isnan(exact_log(-1.0)));
    CHECK(std::isnan(exact_log(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("exact_tanh: within 1e-15 of the library's tanh", "[core][exact_math]") {
    for (int i = -4000; i <= 4000; ++i) {
        const double x = i * 0.01;
        REQUIRE(std::fabs(exact_tanh(x) - std::tanh(x)) <= 1e-15 * std::fabs(std::tanh(x)) + 1e-16);
    }
    CHECK(exact_tanh(0.0) == 0.0);
    CHECK(exact_tanh(std::numeric_limits<double>::infinity()) == 1.0);
    CHECK(exact_tanh(-1e300) == -1.0);
    CHECK(std::isnan(exact_tanh(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("exact_exp, exact_log: usable in constant expressions", "[core][exact_math]") {
    static_assert(exact_exp(0.0) == 1.0);
    static_assert(exact_log(1.0) == 0.0);
    static_assert(exact_log(exact_exp(1.0)) == 1.0);
}
