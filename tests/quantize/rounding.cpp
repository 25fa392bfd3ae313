#include <frugal/quantize/rounding.hpp>

#include <cmath>
#include <limits>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("round_half_up: to nearest, halves up", "[quantize][rounding][exact]") {
    CHECK(round_half_up(0.5f) == 1);
    CHECK(round_half_up(-0.5f) == 0);
    CHECK(round_half_up(1.5f) == 2);
    CHECK(round_half_up(-1.5f) == -1);
    CHECK(round_half_up(2.49f) == 2);
    CHECK(round_half_up(-2.51f) == -3);
    CHECK(round_half_up(std::nextafter(0.5f, 0.0f)) == 1);  // of the float sum
}

TEST_CASE("select, magnitude, with_sign_of, square_root: of floats", "[quantize][rounding][exact]") {
    CHECK(frugal::select(true, 1.0f, 2.0f) == 1);
    CHECK(frugal::select(false, 1.0f, 2.0f) == 2);
    CHECK(magnitude(-3.0f) == 3);
    CHECK_FALSE(std::signbit(magnitude(-0.0f)));
    CHECK(with_sign_of(-2.0f, 3.0f) == -3);
    CHECK(with_sign_of(2.0f, 3.0f) == 3);
    CHECK(with_sign_of(-0.0f, 3.0f) == 3);
    CHECK(with_sign_of(-std::numeric_limits<float>::denorm_min(), 3.0f) == -3);
    CHECK(square_root(6.25f) == 2.5f);
}

TEST_CASE("round_with_dither: integers are kept, others go up as often as their fraction says",
          "[quantize][rounding][exact]") {
    const float largest = 0.5f - 0x1p-25f;
    for (const float x : {0.0f, -0.0f, 1.0f, -7.0f, 8388607.0f, 16777216.0f}) {
        for (const float u : {-largest, -0.25f, 0.0f, 0.25f, largest}) {
            CHECK(round_with_dither(x, u) == x);
        }
    }
    for (const int eighths : {1, 3, 4, 7}) {
        for (const float whole : {0.0f, 5.0f, -6.0f}) {
            const float x = whole + static_cast<float>(eighths) / 8;
            int ups = 0;
            for (int k = 0; k < 64; ++k) {
                const float y = round_with_dither(x, (static_cast<float>(k) + 0.5f) / 64 - 0.5f);
                CHECK((y == whole || y == whole + 1));
                ups += y == whole + 1;
            }
            CHECK(ups == 8 * eighths);
        }
    }
}
