#include <frugal/aggregate/mean.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <frugal/aggregate/minimax_mean.hpp>
#include <frugal/aggregate/side_information_mean.hpp>
#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/nested.hpp>

#include "bytes.hpp"
#include "catch.hpp"

using namespace frugal;

static_assert(Aggregator<mean> && AddsMessages<mean, identity> && AddsMessages<mean, any_compressor>);
static_assert(is_coordinatewise<mean> && is_coordinatewise<minimax_mean>);
static_assert(!is_coordinatewise<side_information_mean>);

namespace {

const std::vector<float> x{1, -2, 3, 4};

//! A message of `identity` whose last number is not finite: it is refused after the others were added.
message damaged() {
    std::vector<std::byte> payload(16, std::byte{0});
    payload[15] = std::byte{0x7F};
    payload[14] = std::byte{0x80};
    return test::message_around(scheme_id("identity"), {}, 4, payload);
}

}  // namespace

TEST_CASE("mean: weighted, of vectors and messages", "[aggregate][mean]") {
    mean a;
    a.reset(4);
    a.add(x, 1.0f);
    message m;
    identity{}.compress(std::array{4.0f, 4.0f, 4.0f, 4.0f}, {}, m);
    a.add(identity{}, m, {}, 3.0f);
    std::vector<float> out(4);
    a.result(out);
    CHECK(out == std::vector{3.25f, 2.5f, 3.75f, 4.0f});
}

TEST_CASE("aggregators: messages that only side information decodes are refused by those that have none",
          "[aggregate][mean][minimax_mean]") {
    const scalar_compressor nested{nested_dithered{}};
    const any_compressor erased{nested};
    message m;
    nested.compress(x, {}, m);
    const auto check = [&](auto a) {
        a.reset(4);
        CHECK_THROWS_WITH(a.add(nested, m, {}, 1.0f), test::contains_text("side_information_mean"));
        CHECK_THROWS_AS(a.add(erased, m, {}, 1.0f), invalid_input);
        a.add(x, 1.0f);
        std::vector<float> out(4);
        a.result(out);
        CHECK(out == x);
    };
    check(mean{});
    check(minimax_mean{});
}

TEST_CASE("aggregators: nothing of a refused message is in the result", "[aggregate][hostile]") {
    const message bad = damaged();
    const identity c;
    const auto check = [&](auto a) {
        std::vector<float> out(4);
        a.reset(4);
        a.add(x, 1.0f);
        try {
            a.add(c, bad, {}, 1.0f);
            a.result(out);
            FAIL();
        } catch (const malformed_message&) {
        }
        try {
            a.result(out);
            CHECK(out == x);
        } catch (const invalid_input&) {  // or no result until reset
        }
        a.reset(4);
        a.add(x, 1.0f);
        a.result(out);
        CHECK(out == x);
    };
    check(mean{});
    check(minimax_mean{});
    check(side_information_mean{});
}

TEST_CASE("mean: a sum beyond float is an error, weights that add up to 1 are not", "[aggregate][mean]") {
    const std::vector<float> huge(4, 3e38f);
    std::vector<float> out(4);
    mean a;
    a.reset(4);
    a.add(huge, 1.0f);
    a.add(huge, 1.0f);
    CHECK_THROWS_WITH(a.result(out), test::contains_text("add up to 1"));
    a.reset(4);
    a.add(huge, 0.5f);
    a.add(huge, 0.5f);
    a.result(out);
    CHECK(out == huge);
    CHECK_THROWS_AS(a.add(huge, -1.0f), invalid_input);
    CHECK_THROWS_AS(a.add(huge, std::numeric_limits<float>::infinity()), invalid_input);
}
