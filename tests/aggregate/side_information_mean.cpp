#include <frugal/aggregate/side_information_mean.hpp>

#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/compress/alternating.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/nested.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(Aggregator<side_information_mean>);

namespace {

constexpr std::size_t d = 400;
constexpr std::uint32_t senders = 6;

auto half_and_half() {
    return alternating{scalar_compressor{dithered{.levels = 3}},
                       scalar_compressor{nested_dithered{.fine = 1.0 / 3, .coarse = 1}}};
}

//! What sender p compresses: one vector, and some noise.
std::vector<float> input_of(std::uint32_t p) {
    auto x = test::normal_vector(d, 77);
    const auto noise = test::normal_vector(d, 1000 + p);
    for (std::size_t i = 0; i < d; ++i) {
        x[i] += 0.05f * noise[i];
    }
    return x;
}

random_key key_of(std::uint32_t p) {
    return {.seed = 1, .node = p, .round = 9};
}

}  // namespace

TEST_CASE("side_information_mean: plain first, then the others near their mean", "[aggregate][side_information_mean]") {
    auto c = half_and_half();
    side_information_mean nested;
    mean first;
    nested.reset(d);
    first.reset(d);
    std::vector<message> messages(senders);
    for (std::uint32_t p = 0; p < senders; ++p) {
        c.compress(input_of(p), key_of(p), messages[p]);
        nested.add(c, messages[p], key_of(p), 1.0f);
        if (p % 2 == 0) {
            first.add(c, messages[p], key_of(p), 1.0f);
        }
    }
    std::vector<float> side(d), y(d), result(d);
    first.result(side);
    std::vector<double> expected(d, 0.0);
    for (std::uint32_t p = 0; p < senders; ++p) {
        c.decompress(messages[p], key_of(p), side, y);
        CHECK(test::squared_distance(input_of(p), y) < d * 16.0 / 9 / 12);  // nothing wrapped
        for (std::size_t i = 0; i < d; ++i) {
            expected[i] += double{y[i]} / senders;
        }
    }
    nested.result(result);
    for (std::size_t i = 0; i < d; ++i) {
        REQUIRE(result[i] == Approx(expected[i]).margin(1e-5));
    }
    std::vector<float> again(d);
    nested.result(again);  // what was kept has been taken in
    CHECK(again == result);
}

TEST_CASE("side_information_mean: the order of arrival within each kind changes nothing of what is kept",
          "[aggregate][side_information_mean]") {
    for (const bool refine : {false, true}) {
        auto c = half_and_half();
        std::vector<std::vector<float>> results;
        for (const auto& order :
             {std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5}, std::vector<std::uint32_t>{0, 5, 3, 2, 1, 4}}) {
            side_information_mean a(refine);
            a.reset(d);
            for (const std::uint32_t p : order) {
                message m;  // the aggregator keeps its own copy
                c.compress(input_of(p), key_of(p), m);
                a.add(c, m, key_of(p), 1.0f);
            }
            a.result(results.emplace_back(d));
        }
        CHECK(results[0] == results[1]);
    }
}

TEST_CASE("side_information_mean: refining uses each message for the next", "[aggregate][side_information_mean]") {
    auto c = half_and_half();
    side_information_mean a(true);
    a.reset(d);
    std::vector<float> side, y(d), sum(d, 0.0f), result(d);
    float weight = 0;
    for (std::uint32_t p : {0u, 1u, 3u}) {
        message m;
        c.compress(input_of(p), key_of(p), m);
        a.add(c, m, key_of(p), 1.0f);
        side = sum;
        for (float& s : side) {
            s *= weight > 0 ? 1.0f / weight : 0.0f;
        }
        c.decompress(m, key_of(p), side, y);
        weight += 1;
        for (std::size_t i = 0; i < d; ++i) {
            sum[i] += y[i];
        }
    }
    a.result(result);
    for (std::size_t i = 0; i < d; ++i) {
        REQUIRE(result[i] == Approx(sum[i] / 3).margin(1e-5));
    }
}

TEST_CASE("side_information_mean: without nested messages it is the mean", "[aggregate][side_information_mean]") {
    scalar_compressor c{dithered{.levels = 3}};
    side_information_mean a;
    mean b;
    a.reset(d);
    b.reset(d);
    for (std::uint32_t p = 0; p < 4; ++p) {
        message m;
        c.compress(input_of(p), key_of(p), m);
        a.add(c, m, key_of(p), 0.5f + static_cast<float>(p));
        b.add(c, m, key_of(p), 0.5f + static_cast<float>(p));
    }
    a.add(input_of(9), 2.0f);
    b.add(input_of(9), 2.0f);
    std::vector<float> x(d), y(d);
    a.result(x);
    b.result(y);
    CHECK(x == y);
}

TEST_CASE("side_information_mean: misuse is named, and reset forgets", "[aggregate][side_information_mean][hostile]") {
    auto c = half_and_half();
    side_information_mean a;
    a.reset(d);
    std::vector<float> out(d);
    CHECK_THROWS_AS(a.result(out), invalid_input);
    message m;
    c.compress(input_of(1), key_of(1), m);
    a.add(c, m, key_of(1), 1.0f);
    CHECK_THROWS_WITH(a.result(out), test::contains_text("at least one sender"));
    CHECK_THROWS_AS(a.add(c, m, key_of(1), -1.0f), invalid_input);
    CHECK_THROWS_AS(a.add(std::vector<float>(d - 1), 1.0f), invalid_input);
    a.reset(d);
    a.add(input_of(0), 1.0f);
    a.result(out);
    CHECK(out == input_of(0));
    CHECK_THROWS_AS(a.result(std::span(out).first(3)), invalid_input);

    // A kept message that turns out to be for another key or dimension is refused when it is decoded.
    a.add(c, m, key_of(3), 1.0f);
    CHECK_THROWS_AS(a.result(out), malformed_message);
}
