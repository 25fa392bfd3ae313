#include <frugal/aggregate/contribution.hpp>

#include <limits>
#include <stdexcept>

#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/nested.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("expect_weight: finite and not negative", "[aggregate][contribution][hostile]") {
    for (const float good : {0.0f, -0.0f, 1e-45f, 1.0f, std::numeric_limits<float>::max()}) {
        CHECK_NOTHROW(expect_weight(good));
    }
    for (const float bad : {-1e-45f, -1.0f, std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        CHECK_THROWS_AS(expect_weight(bad), invalid_input);
    }
}

TEST_CASE("expect_decodable_alone: messages that need side information are refused", "[aggregate][contribution]") {
    CHECK_NOTHROW(expect_decodable_alone(identity{}, {}));
    const scalar_compressor nested{nested_dithered{.fine = 0.25, .coarse = 1}};
    CHECK_THROWS_WITH(expect_decodable_alone(nested, {}), test::contains_text("side_information_mean"));
}

TEST_CASE("add_guard: after an add that threw, nothing but a reset is possible", "[aggregate][contribution]") {
    add_guard guard;
    int added = 0;
    guard([&] { ++added; });
    CHECK_NOTHROW(guard.expect_whole());
    CHECK_THROWS_AS(guard([] { throw std::runtime_error("refused"); }), std::runtime_error);
    CHECK_THROWS_AS(guard.expect_whole(), invalid_input);
    CHECK_THROWS_AS(guard([&] { ++added; }), invalid_input);
    CHECK(added == 1);
    guard.reset();
    guard([&] { ++added; });
    CHECK(added == 2);
}
