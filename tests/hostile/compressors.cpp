// What no compressor may do, whatever it is given: read or write out of bounds (seen by the sanitizers), accept what it
// cannot represent, or decode altered bytes to anything but finite numbers.

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "catch.hpp"
#include "compositions.hpp"

using frugal::any_compressor;
using frugal::invalid_input;
using frugal::malformed_message;
using frugal::message;
using frugal::random_key;

namespace {

constexpr random_key key{.seed = 7, .node = 1, .round = 5, .purpose = 1};  // an odd node: `alternating` uses its second

random_key key_of_node(std::uint32_t node, std::uint64_t round = 5) {
    return {.seed = 7, .node = node, .round = round, .purpose = 1};
}

std::vector<float> normal_values(std::size_t n) {
    const frugal::random_stream s({.seed = 99});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = s.normal(i);
    }
    return x;
}

bool all_finite(std::span<const float> x) {
    return std::all_of(x.begin(), x.end(), [](float v) { return v - v == 0.0f; });
}

template <class Test>
void for_every_compressor(Test test) {
    for (const any_compressor& fresh : test::all_compositions()) {
        any_compressor c = fresh;
        INFO(c.name());
        test(c, fresh);
    }
}

//! Decodes in each way there is: either all throw `malformed_message`, or all give finite numbers.
void decode_or_refuse(any_compressor& c, const message& m, random_key k, std::size_t d) {
    std::vector<float> y(d, -1.0f);
    bool accepted = true;
    try {
        c.decompress(m, k, y);
    } catch (const malformed_message&) {
        accepted = false;
    }
    if (accepted) {
        REQUIRE(all_finite(y));
        std::vector<float> sum(d, 0.0f);
        c.decompress_add(m, k, 1.0f, sum);
        REQUIRE(sum == y);
        const auto side = normal_values(d);
        c.decompress(m, k, side, y);
        REQUIRE(all_finite(y));
    } else {
        REQUIRE_THROWS_AS(c.decompress_add(m, k, 1.0f, y), malformed_message);
        REQUIRE_THROWS_AS(c.decompress(m, k, std::vector<float>(d, 1.0f), y), malformed_message);
    }
}

}  // namespace

TEST_CASE("every compressor: lengths around the width of vectors and words", "[hostile][compress]") {
    for_every_compressor([](any_compressor&, const any_compressor& fresh) {
        for (const std::size_t d : {1u, 2u, 31u, 32u, 33u, 63u, 64u, 65u, 127u, 200u}) {
            INFO("d = " << d);
            any_compressor c = fresh;  // feedback belongs to one dimension
            const auto x = normal_values(d);
            for (std::uint32_t node = 0; node < 2; ++node) {
                const random_key k = key_of_node(node);
                message m;
                c.compress(x, k, m);
                REQUIRE(m.dimension() == d);
                const message received = message::parse(m.bytes());
                decode_or_refuse(c, received, k, d);
                std::vector<float> y(d);
                c.decompress(received, k, y);
                std::vector<float> again(d);
                any_compressor receiver = fresh;
                receiver.decompress(received, k, again);
                REQUIRE(again == y);
            }
        }
    });
}

TEST_CASE("every compressor: an empty vector is refused", "[hostile][compress]") {
    for_every_compressor([](any_compressor& c, const auto&) {
        message m;
        std::vector<float> nothing;
        REQUIRE_THROWS_AS(c.compress(nothing, key, m), invalid_input);
        REQUIRE(m.empty());
        REQUIRE_THROWS_AS(c.decompress(m, key, nothing), malformed_message);
        const message altered = test::message_around(frugal::scheme_id(c.name()), key, 0, {});
        REQUIRE_THROWS_AS(c.decompress(altered, key, nothing), malformed_message);
        REQUIRE_THROWS_AS(c.decompress_add(altered, key, 1.0f, nothing), malformed_message);
    });
}

TEST_CASE("every compressor: an element that is not finite is named, and changes nothing", "[hostile][compress]") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for_every_compressor([&](any_compressor& c, const any_compressor& fresh) {
        const std::size_t d = 100;
        const auto good = normal_values(d);
        message expected;
        any_compressor(fresh).compress(good, key, expected);
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity}) {
            for (const std::size_t at : {std::size_t{0}, d / 2, d - 1}) {
                auto x = good;
                x[at] = bad;
                message m;
                REQUIRE_THROWS_WITH(c.compress(x, key, m), test::contains_text("element " + std::to_string(at) + " "));
                REQUIRE_THROWS_AS(c.compress(x, key, m), invalid_input);
                REQUIRE(m.empty());
            }
        }
        message m;
        c.compress(good, key, m);
        REQUIRE(std::ranges::equal(m.bytes(), expected.bytes()));
    });
}

TEST_CASE("every compressor: zeros, tiny and huge numbers are decoded to finite numbers or refused",
          "[hostile][compress]") {
    constexpr float largest = std::numeric_limits<float>::max();
    constexpr float smallest = std::numeric_limits<float>::denorm_min();
    for_every_compressor([&](any_compressor&, const any_compressor& fresh) {
        for (const float size :
             {0.0f, -0.0f, smallest, 1e-42f, 1e-38f, 1e-30f, 1e30f, 1e38f, 2.5e38f, largest, -largest}) {
            INFO("size " << size);
            for (const int pattern : {0, 1, 2}) {  // everywhere, at every other element, once among normal values
                std::vector<float> x = pattern == 2 ? normal_values(33) : std::vector<float>(33, size);
                for (std::size_t i = 0; pattern == 1 && i < x.size(); i += 2) {
                    x[i] = 0.0f;
                }
                x[17] = -size;
                any_compressor c = fresh;
                message m;
                try {
                    c.compress(x, key, m);
                } catch (const invalid_input&) {
                    REQUIRE(std::abs(size) > 1e25f);
                    REQUIRE(m.empty());
                    continue;
                }
                std::vector<float> y(33);
                c.decompress(message::parse(m.bytes()), key, y);
                REQUIRE(all_finite(y));
                decode_or_refuse(c, m, key, 33);
            }
        }
    });
}

TEST_CASE("every compressor: another dimension, key or composition is refused", "[hostile][compress]") {
    const std::size_t d = 40;
    std::vector<message> messages;
    for_every_compressor(
        [&](any_compressor& c, const auto&) { c.compress(normal_values(d), key, messages.emplace_back()); });
    std::size_t own = 0;
    for_every_compressor([&](any_compressor& c, const auto&) {
        const message& m = messages[own];
        for (const std::size_t wrong : {std::size_t{0}, d - 1, d + 1, 64 * d}) {
            std::vector<float> y(wrong);
            REQUIRE_THROWS_AS(c.decompress(m, key, y), malformed_message);
            REQUIRE_THROWS_AS(c.decompress_add(m, key, 1.0f, y), malformed_message);
            REQUIRE_THROWS_AS(c.decompress(m, key, y, y), malformed_message);
        }
        std::vector<float> y(d);
        for (const random_key& k : {random_key{7, 0, 5, 1}, random_key{7, 1, 6, 1}, random_key{7, 1, 5, 2}}) {
            REQUIRE_THROWS_AS(c.decompress(m, k, y), malformed_message);
            REQUIRE_THROWS_AS(c.decompress_add(m, k, 1.0f, y), malformed_message);
        }
        for (std::size_t other = 0; other < messages.size(); ++other) {
            if (other != own) {
                REQUIRE(messages[other].scheme() != m.scheme());
                REQUIRE_THROWS_AS(c.decompress(messages[other], key, y), malformed_message);
            }
        }
        ++own;
    });
}

TEST_CASE("every compressor: a payload cut short or prolonged is refused or harmless", "[hostile][compress]") {
    const std::size_t d = 33;
    for_every_compressor([&](any_compressor& c, const auto&) {
        for (std::uint32_t node = 0; node < 2; ++node) {
            const random_key k = key_of_node(node, 6 + node);
            message m;
            c.compress(normal_values(d), k, m);
            const auto payload = m.payload();
            for (std::size_t n = 0; n < payload.size(); ++n) {
                INFO("the first " << n << " bytes of " << payload.size());
                decode_or_refuse(c, test::with_payload(m, payload.first(n)), k, d);
            }
            std::vector<std::byte> longer(payload.begin(), payload.end());
            longer.push_back(std::byte{0});
            std::vector<float> y(d);
            REQUIRE_THROWS_AS(c.decompress(test::with_payload(m, longer), k, y), malformed_message);
        }
    });
}

TEST_CASE("every compressor: any bit flipped is seen by the checksum", "[hostile][compress]") {
    for_every_compressor([&](any_compressor& c, const auto&) {
        message m;
        c.compress(normal_values(33), key, m);
        for (std::size_t i = 0; i < m.bytes().size() * 8; i += 5) {
            REQUIRE_THROWS_AS(message::parse(test::with_bit_flipped(m.bytes(), i)), malformed_message);
        }
    });
}

TEST_CASE("every compressor: any bit flipped behind the checksum is refused or decoded to finite numbers",
          "[hostile][compress]") {
    for_every_compressor([&](any_compressor& c, const auto&) {
        const std::size_t d = 33;
        message m;
        c.compress(normal_values(d), key, m);
        for (std::size_t i = 0; i < m.payload().size() * 8; ++i) {
            INFO("bit " << i);
            decode_or_refuse(c, test::with_payload(m, test::with_bit_flipped(m.payload(), i)), key, d);
        }
    });
}

TEST_CASE("every compressor: random payloads are refused or decoded to finite numbers", "[hostile][compress]") {
    const frugal::random_stream random({.seed = 123});
    std::uint64_t next = 0;
    for_every_compressor([&](any_compressor& c, const auto&) {
        for (const std::size_t d : {1u, 33u, 200u}) {
            for (int repeat = 0; repeat < 20; ++repeat) {
                std::vector<std::byte> payload(random.below(3 * d + 20, next++));
                // Half of them begin with a plausible number.
                for (std::size_t i = 0; i < payload.size(); ++i) {
                    payload[i] = static_cast<std::byte>(random.word64(next++));
                }
                if (repeat % 2 == 0 && payload.size() >= 4) {
                    const float scale = 1.5f;
                    std::memcpy(payload.data(), &scale, 4);
                }
                const message m = test::message_around(frugal::scheme_id(c.name()), key, d, payload);
                decode_or_refuse(c, m, key, d);
            }
        }
    });
}

TEST_CASE("payloads beyond 2^24 bits lose nothing", "[hostile][compress]") {
    // The tail of longer streams is lost where a length is computed in float.
    const std::size_t d = (std::size_t{1} << 22) + 33;
    const auto x = normal_values(d);
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
