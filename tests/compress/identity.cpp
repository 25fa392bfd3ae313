#include <frugal/compress/identity.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <frugal/compress/properties.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

static_assert(sample::UnbiasedWithVariance<identity> && sample::Contraction<identity>);

namespace {

const random_key key{.seed = 1, .node = 2, .round = 3};

}  // namespace

TEST_CASE("identity: every bit of every length, 32 bits a coordinate", "[compress][identity][exact]") {
    identity c;
    for (const std::size_t n : {1u, 2u, 31u, 2047u, 2048u, 2049u, 5000u}) {
        auto x = sample::normal_vector(n, n);
        x.back() = -0.0f;
        x.front() = n > 1 ? std::numeric_limits<float>::denorm_min() : x.front();
        message m;
        c.compress(x, key, m);
        CHECK(m.payload_bits() == 32 * n);
        std::vector<float> y(n, NAN), acc(n, 1.0f), echo(n, NAN);
        c.decompress(m, key, y);
        c.compress(x, key, m, echo);
        c.decompress_add(m, key, 2.0f, acc);
        for (std::size_t i = 0; i < n; ++i) {
            REQUIRE(std::bit_cast<std::uint32_t>(y[i]) == std::bit_cast<std::uint32_t>(x[i]));
            REQUIRE(std::bit_cast<std::uint32_t>(echo[i]) == std::bit_cast<std::uint32_t>(x[i]));
            REQUIRE(acc[i] == std::fma(2.0f, x[i], 1.0f));
        }
    }
    CHECK(granule_of(c) == 1);
    CHECK(c.name() == "identity");
}

TEST_CASE("identity: a view of a message in place", "[compress][identity]") {
    identity c;
    const auto x = sample::normal_vector(100, 5);
    message m;
    c.compress(x, key, m);
    const auto seen = c.view(m, key);
    CHECK(std::vector<float>(seen.begin(), seen.end()) == x);
    CHECK(static_cast<const void*>(seen.data()) == m.payload().data());
    CHECK_THROWS_AS(c.view(m, {.seed = 1, .node = 3, .round = 3}), malformed_message);
    CHECK_THROWS_AS(c.view(message{}, key), malformed_message);
}

TEST_CASE("identity: what is not finite is refused on both sides", "[compress][identity][hostile]") {
    identity c;
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
        auto x = sample::normal_vector(3000, 6);
        message m;
        c.compress(x, key, m);
        std::vector<std::byte> bytes(m.bytes().begin(), m.bytes().end());
        std::memcpy(bytes.data() + message::header_size + 2500 * sizeof bad, &bad, sizeof bad);
        const message altered = message::parse(sample::resealed(bytes));
        std::vector<float> y(x.size());
        CHECK_THROWS_AS(c.decompress(altered, key, y), malformed_message);
        CHECK_THROWS_AS(c.decompress_add(altered, key, 1.0f, y), malformed_message);
        x[2500] = bad;
        CHECK_THROWS_WITH(c.compress(x, key, m), test::contains_text("element 2500 "));
        CHECK(m.empty());
    }
}

TEST_CASE("identity: altered messages are refused or decode to finite numbers", "[compress][identity][hostile]") {
    identity c;
    const auto x = sample::normal_vector(20, 7);
    message m;
    c.compress(x, key, m);
    sample::mutate(m, 1, [&](const message& altered) {
        std::vector<float> y(x.size());
        c.decompress(altered, key, y);
        for (const float v : y) {
            REQUIRE(std::isfinite(v));
        }
        CHECK(c.view(altered, key).size() == x.size());
    });
}
