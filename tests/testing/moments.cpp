#include <frugal/testing/moments.hpp>

#include "catch.hpp"

TEST_CASE("moments: mean, variance and standard error of few numbers", "[testing][moments]") {
    frugal::testing::moments m;
    CHECK(m.variance() == 0);
    for (const double x : {1.0, 2.0, 4.0, 5.0}) {
        m.add(x);
    }
    CHECK(m.mean() == Approx(3));
    CHECK(m.variance() == Approx(10.0 / 3));
    CHECK(m.standard_error() == Approx(std::sqrt(10.0 / 12)));
    CHECK(m.z_of(3) == 0);
    CHECK(m.z_of(1) == Approx(2 / std::sqrt(10.0 / 12)));
}

TEST_CASE("moments: equal numbers are what was expected, or infinitely far from it", "[testing][moments]") {
    frugal::testing::moments m;
    m.add(2);
    m.add(2);
    CHECK(m.z_of(2) == 0);
    CHECK(m.z_of(2.5) == HUGE_VAL);
}
