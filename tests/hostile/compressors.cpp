// The laws of every compressor of the catalogue, and what none may do, whatever it is given: read or write out of
// bounds (seen by the sanitizers), accept what it cannot represent, or decode altered bytes to anything but finite
// numbers.

#include <algorithm>
#include <vector>

#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/testing/laws.hpp>

#include "bytes.hpp"
#include "catch.hpp"
#include "compositions.hpp"

using frugal::malformed_message;
using frugal::message;
using frugal::random_key;
using frugal::testing::normal_vector;

TEST_CASE("every compressor keeps the laws it claims", "[hostile][compress][laws][statistical]") {
    const std::vector<float> dense = normal_vector(300, 5);
    const std::vector<float> sparse = frugal::testing::sparse_vector(300, 6);
    for (const frugal::any_compressor& c : test::all_compositions()) {
        for (const auto& result : frugal::testing::check_all(c, dense)) {
            INFO(result.sentence);
            CHECK(result.holds);
        }
        if (laws_of(c, sparse.size()).unbiased) {
            const auto result = frugal::testing::check_unbiased(c, sparse);
            INFO(result.sentence);
            CHECK(result.holds);
        }
    }
}

TEST_CASE("every compressor: a message of another is refused", "[hostile][compress]") {
    const random_key key{.seed = 7, .node = 1, .round = 5, .purpose = 1};
    const std::vector<float> x = normal_vector(40, 99);
    auto all = test::all_compositions();
    std::vector<message> messages(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].compress(x, key, messages[i]);
    }
    std::vector<float> y(x.size());
    for (std::size_t own = 0; own < all.size(); ++own) {
        for (std::size_t other = 0; other < all.size(); ++other) {
            if (other != own) {
                INFO(all[own].name() << " and " << all[other].name());
                REQUIRE(messages[other].scheme() != messages[own].scheme());
                REQUIRE_THROWS_AS(all[own].decompress(messages[other], key, y), malformed_message);
            }
        }
    }
}

TEST_CASE("any bit flipped is seen by the checksum", "[hostile][compress]") {
    for (const frugal::any_compressor& fresh : test::all_compositions()) {
        frugal::any_compressor c = fresh;
        message m;
        c.compress(normal_vector(33, 99), {.seed = 7}, m);
        for (std::size_t i = 0; i < m.bytes().size() * 8; i += 5) {
            REQUIRE_THROWS_AS(message::parse(test::with_bit_flipped(m.bytes(), i)), malformed_message);
        }
    }
}

TEST_CASE("payloads beyond 2^24 bits lose nothing", "[hostile][compress][long]") {
    // The tail of longer streams is lost where a length is computed in float.
    const std::size_t d = (std::size_t{1} << 22) + 33;
    const random_key key{.seed = 7, .node = 1, .round = 5, .purpose = 1};
    const auto x = normal_vector(d, 99);
    for (const auto& coder : test::all_coders()) {
        INFO(coder.name());
        frugal::scalar_compressor c{frugal::dithered{.levels = 63}, frugal::max_norm{}, coder};
        message m;
        c.compress(x, key, m);
        REQUIRE(m.payload_bits() > (std::uint64_t{1} << 24));
        const float step =
            *std::max_element(x.begin(), x.end(), [](float a, float b) { return std::abs(a) < std::abs(b); }) / 63;
        std::vector<float> y(d);
        c.decompress(message::parse(m.bytes()), key, y);
        float worst = 0;
        for (std::size_t i = 0; i < d; ++i) {
            worst = std::max(worst, std::abs(y[i] - x[i]));
        }
        REQUIRE(worst <= std::abs(step) * 0.501f);
        // The last symbols alone, by a message that ends earlier.
        REQUIRE_THROWS_AS(c.decompress(test::with_payload(m, m.payload().first(m.payload().size() - 1)), key, y),
                          malformed_message);
    }
    frugal::sparse_compressor sparse{frugal::top_k{.fraction = 0.2}};
    message m;
    sparse.compress(x, key, m);
    REQUIRE(m.payload_bits() > (std::uint64_t{1} << 24));
    std::vector<float> y(d);
    sparse.decompress(m, key, y);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < d; ++i) {
        REQUIRE((y[i] == 0.0f || y[i] == x[i]));
        kept += y[i] != 0.0f ? 1 : 0;
    }
    CHECK(kept == d / 5);
}
