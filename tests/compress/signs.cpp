#include <frugal/compress/signs.hpp>

#include <cmath>
#include <vector>

#include <frugal/core/random.hpp>

#include "bytes.hpp"
#include "catch.hpp"

using namespace frugal;

static_assert(Compressor<signs>);

TEST_CASE("signs: a bit a coordinate, nothing more", "[compress][signs]") {
    const random_stream stream({.seed = 1, .purpose = purposes::user});
    for (const std::size_t d : {1u, 7u, 8u, 9u, 63u, 64u, 65u, 1000u}) {
        std::vector<float> x(d), y(d), echo(d), sum(d, 2.0f);
        for (std::size_t i = 0; i < d; ++i) {
            x[i] = stream.normal(i);
        }
        message m;
        signs{}.compress(x, {.seed = 3}, m, echo);
        CHECK(m.payload_bits() == d);
        CHECK(m.payload().size() == (d + 7) / 8);
        signs{}.decompress(m, {.seed = 3}, y);
        signs{}.decompress_add(m, {.seed = 3}, 0.5f, sum);
        CHECK(y == echo);
        const auto bits = signs{}.view(m, {.seed = 3});
        for (std::size_t i = 0; i < d; ++i) {
            REQUIRE(y[i] == (x[i] >= 0 ? 1.0f : -1.0f));
            REQUIRE(sum[i] == (x[i] >= 0 ? 2.5f : 1.5f));
            REQUIRE((std::to_integer<unsigned>(bits[i / 8]) >> (i % 8) & 1u) == (x[i] >= 0 ? 1u : 0u));
        }
        signs{}.compress(y, {.seed = 3}, m);
        signs{}.decompress(m, {.seed = 3}, x);
        CHECK(x == y);  // truth values are exact
    }
    std::vector<float> zero(1), one(1);
    message m;
    signs{}.compress(zero, {}, m);
    signs{}.decompress(m, {}, one);
    CHECK(one[0] == 1);
}

TEST_CASE("signs: what it refuses", "[compress][signs][hostile]") {
    message m;
    CHECK_THROWS_AS(signs{}.compress(std::vector<float>{1, NAN}, {}, m), nonfinite_input);
    CHECK_THROWS_AS(signs{}.compress(std::vector<float>{}, {}, m), invalid_input);
    const auto around = [](std::size_t d, std::vector<std::byte> payload) {
        return test::message_around(scheme_id("signs"), {}, d, payload);
    };
    std::vector<float> y(9);
    CHECK_NOTHROW(signs{}.decompress(around(9, {std::byte{5}, std::byte{1}}), {}, y));
    CHECK_THROWS_AS(signs{}.decompress(around(9, {std::byte{5}, std::byte{2}}), {}, y), malformed_message);
    CHECK_THROWS_AS(signs{}.decompress(around(9, {std::byte{5}}), {}, y), malformed_message);
    CHECK_THROWS_AS(signs{}.decompress(around(9, {std::byte{5}, std::byte{1}, std::byte{0}}), {}, y),
                    malformed_message);
    CHECK_THROWS_AS(signs{}.view(around(9, {std::byte{5}, std::byte{2}}), {}), malformed_message);
    CHECK_THROWS_AS(signs{}.view(around(std::size_t{1} << 60, {std::byte{5}}), {}), malformed_message);
}
