#include <frugal/testing/altered.hpp>

#include <array>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("altered: messages around any payload parse, with the identity that was asked for", "[testing][altered]") {
    const std::array payload{std::byte{1}, std::byte{0xFF}, std::byte{7}};
    const random_key key{.seed = 3, .node = 2, .round = 9, .purpose = 1};
    const message m = message::parse(testing::message_around(77, key, 5, payload).bytes());
    CHECK(m.scheme() == 77);
    CHECK(m.key(3) == key);
    CHECK(m.dimension() == 5);
    CHECK(m.payload_bits() == 24);
    const message shorter = message::parse(testing::with_payload(m, m.payload().first(1)).bytes());
    CHECK(shorter.key(3) == key);
    CHECK(shorter.seed_mark() == m.seed_mark());
    CHECK(shorter.dimension() == 5);
    REQUIRE(shorter.payload().size() == 1);
    CHECK(shorter.payload()[0] == std::byte{1});
}

TEST_CASE("altered: one bit is flipped, counted from the least significant of the first byte", "[testing][altered]") {
    const std::array bytes{std::byte{0}, std::byte{0xFF}};
    CHECK(testing::with_bit_flipped(bytes, 0) == std::vector{std::byte{1}, std::byte{0xFF}});
    CHECK(testing::with_bit_flipped(bytes, 7) == std::vector{std::byte{0x80}, std::byte{0xFF}});
    CHECK(testing::with_bit_flipped(bytes, 9) == std::vector{std::byte{0}, std::byte{0xFD}});
}
