#include <frugal/core/exact.hpp>

#include "catch.hpp"

// a * b = 1 - 2^-46: rounded to float it is 1, unrounded it leaves a remainder that a fused multiply-add would show.

TEST_CASE("multiply_add: rounds the product before it adds", "[core][exact]") {
    volatile float a = 1.0f + 0x1p-23f;
    volatile float b = 1.0f - 0x1p-23f;
    volatile float c = -1.0f;
    CHECK(frugal::multiply_add(float{a}, float{b}, float{c}) == 0.0f);
    CHECK(frugal::rounded(a * b) + c == 0.0f);
    volatile double x = 1.0 + 0x1p-52;
    volatile double y = 1.0 - 0x1p-52;
    volatile double z = -1.0;
    CHECK(frugal::multiply_add(double{x}, double{y}, double{z}) == 0.0);
    STATIC_REQUIRE(frugal::multiply_add(1.0f + 0x1p-23f, 1.0f - 0x1p-23f, -1.0f) == 0.0f);
}
