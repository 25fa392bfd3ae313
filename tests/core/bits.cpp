#include <frugal/core/bits.hpp>

#include <cstdint>
#include <limits>
#include <vector>

#include <frugal/core/random.hpp>

#include "bytes.hpp"
#include "catch.hpp"

using frugal::malformed_message;
using frugal::payload_reader;
using frugal::payload_writer;

namespace {

std::uint64_t low_bits(std::uint64_t value, unsigned count) {
    return count == 64 ? value : value & ((std::uint64_t{1} << count) - 1);
}

}  // namespace

TEST_CASE("bits_for: ceil of the binary logarithm", "[core][bits][exact]") {
    CHECK(frugal::bits_for(0) == 0);
    CHECK(frugal::bits_for(1) == 0);
    CHECK(frugal::bits_for(2) == 1);
    CHECK(frugal::bits_for(3) == 2);
    CHECK(frugal::bits_for(4) == 2);
    CHECK(frugal::bits_for(5) == 3);
    CHECK(frugal::bits_for(256) == 8);
    CHECK(frugal::bits_for(257) == 9);
    CHECK(frugal::bits_for(std::uint64_t{1} << 63) == 63);
    CHECK(frugal::bits_for(std::numeric_limits<std::uint64_t>::max()) == 64);
}

TEST_CASE("payload: bits fill bytes from the least significant one", "[core][bits][exact]") {
    std::vector<std::byte> bytes;
    payload_writer w(bytes);
    w.bits(0b1, 1);
    w.bits(0b01, 2);
    w.bits(0b10110, 5);
    w.bits(0x3A7, 10);
    w.number(1.0f);
    w.align();
    CHECK(test::hex_of_bytes(bytes) == "b3a7030000fe00");
    CHECK(w.cost() == 50);
}

TEST_CASE("payload: every width at every offset comes back", "[core][bits][exact]") {
    const frugal::random_stream random(frugal::random_key{.seed = 1});
    for (unsigned offset = 0; offset < 64; ++offset) {
        std::vector<std::byte> bytes;
        payload_writer w(bytes);
        w.bits(low_bits(random.word64(1000), offset), offset);
        std::uint64_t total = offset;
        for (unsigned width = 0; width <= 64; ++width) {
            w.bits(low_bits(random.word64(width), width), width);
            w.bits(low_bits(~std::uint64_t{0}, width), width);
            total += 2 * width;
        }
        w.align();
        REQUIRE(w.cost() == total);
        REQUIRE(bytes.size() == (total + 7) / 8);
        payload_reader r(bytes);
        REQUIRE(r.bits(offset) == low_bits(random.word64(1000), offset));
        for (unsigned width = 0; width <= 64; ++width) {
            REQUIRE(r.bits(width) == low_bits(random.word64(width), width));
            REQUIRE(r.bits(width) == low_bits(~std::uint64_t{0}, width));
        }
        r.finish();
    }
}

TEST_CASE("payload: random widths agree with a vector of bits", "[core][bits][equivalence]") {
    const frugal::random_stream random(frugal::random_key{.seed = 2});
    std::vector<std::byte> bytes;
    std::vector<bool> expected;
    payload_writer w(bytes);
    for (std::uint64_t i = 0; i < 3000; ++i) {
        const auto width = static_cast<unsigned>(random.below(65, 2 * i));
        const std::uint64_t value = low_bits(random.word64(2 * i + 1), width);
        w.bits(value, width);
        for (unsigned b = 0; b < width; ++b) {
            expected.push_back(((value >> b) & 1u) != 0);
        }
    }
    w.align();
    REQUIRE(bytes.size() == (expected.size() + 7) / 8);
    for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
        const bool bit = ((static_cast<unsigned>(bytes[i / 8]) >> (i % 8)) & 1u) != 0;
        REQUIRE(bit == (i < expected.size() && expected[i]));
    }
}

TEST_CASE("payload: alignment pads with zeros that cost nothing", "[core][bits][exact]") {
    std::vector<std::byte> bytes;
    payload_writer w(bytes);
    w.align();
    CHECK(bytes.empty());
    w.bits(1, 1);
    w.align();
    w.align();
    CHECK(bytes.size() == 1);
    w.bits(0, 60);
    w.bits(1, 1);
    w.align();
    CHECK(bytes.size() == 9);
    CHECK(w.cost() == 62);
    payload_reader r(bytes);
    CHECK(r.bits(1) == 1);
    r.align();
    CHECK(r.bits(60) == 0);
    CHECK(r.bits(1) == 1);
    CHECK(r.remaining_bits() == 3);
    r.finish();
    CHECK(r.remaining_bits() == 0);
}

TEST_CASE("payload: blocks are aligned, charged as told and can be shortened", "[core][bits][exact]") {
    std::vector<std::byte> bytes{std::byte{0xAA}};  // what was there stays
    payload_writer w(bytes);
    w.bits(5, 3);
    const auto block = w.block(4, 27);
    REQUIRE(block.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        block[i] = static_cast<std::byte>(i + 1);
    }
    w.shrink(1);
    w.charge(2);
    w.bits(3, 2);
    CHECK(test::hex_of_bytes(w.written()) == "0501020303");
    CHECK(w.cost() == 3 + 27 + 2 + 2);
    CHECK(bytes.size() == 6);
    CHECK(w.block(0, 0).empty());

    payload_reader r(std::span<const std::byte>(bytes).subspan(1));
    CHECK(r.bits(3) == 5);
    CHECK(test::hex_of_bytes(r.block(3)) == "010203");
    CHECK(test::hex_of_bytes(r.rest()) == "03");
    CHECK(r.bits(2) == 3);
    CHECK(r.block(0).empty());
    r.finish();
}

TEST_CASE("payload: reading beyond the end is refused and reads nothing", "[core][bits][hostile]") {
    const auto bytes = test::bytes_of_hex("ffffffffffffffffff");  // 72 bits
    for (unsigned skip = 0; skip <= 64; ++skip) {
        for (unsigned width = 0; width <= 64; ++width) {
            payload_reader r(bytes);
            r.bits(skip);
            if (skip + width <= 72) {
                REQUIRE(r.bits(width) == low_bits(~std::uint64_t{0}, width));
            } else {
                REQUIRE_THROWS_AS(r.bits(width), malformed_message);
                REQUIRE(r.remaining_bits() == 72 - skip);
            }
        }
    }
    payload_reader r(bytes);
    CHECK_THROWS_AS(r.block(10), malformed_message);
    CHECK_THROWS_AS(r.block(std::numeric_limits<std::size_t>::max()), malformed_message);
    CHECK(r.block(9).size() == 9);
    CHECK_THROWS_AS(r.block(1), malformed_message);
    CHECK_THROWS_AS(r.bits(1), malformed_message);
    CHECK_THROWS_AS(r.number(), malformed_message);
    CHECK(r.bits(0) == 0);
    r.finish();

    payload_reader nothing{std::span<const std::byte>{}};
    CHECK_THROWS_AS(nothing.bits(1), malformed_message);
    CHECK(nothing.rest().empty());
    nothing.finish();
}

TEST_CASE("payload: padding that is not zero and bytes left over are refused", "[core][bits][hostile]") {
    for (unsigned set = 3; set < 8; ++set) {
        const std::vector<std::byte> bytes{static_cast<std::byte>(1u << set)};
        payload_reader r(bytes);
        r.bits(3);
        CHECK_THROWS_AS(r.align(), malformed_message);
    }
    const auto bytes = test::bytes_of_hex("0000");
    payload_reader r(bytes);
    r.bits(3);
    CHECK_THROWS_AS(r.finish(), malformed_message);
}

TEST_CASE("payload: numbers that are not finite are refused", "[core][bits][hostile]") {
    for (const float value : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                              std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::signaling_NaN()}) {
        std::vector<std::byte> bytes;
        payload_writer w(bytes);
        w.number(value);
        w.align();
        payload_reader r(bytes);
        CHECK_THROWS_AS(r.number(), malformed_message);
    }
    for (const float value :
         {0.0f, -0.0f, std::numeric_limits<float>::max(), std::numeric_limits<float>::denorm_min()}) {
        std::vector<std::byte> bytes;
        payload_writer w(bytes);
        w.number(value);
        w.align();
        payload_reader r(bytes);
        CHECK(std::bit_cast<std::uint32_t>(r.number()) == std::bit_cast<std::uint32_t>(value));
    }
}

TEST_CASE("payload: a warm writer allocates nothing", "[core][bits]") {
    std::vector<std::byte> bytes;
    const auto write = [&] {
        bytes.clear();
        payload_writer w(bytes);
        for (unsigned i = 0; i < 1000; ++i) {
            w.bits(i & 7u, 3);
        }
        w.block(100, 800);
    };
    write();
    const auto* data = bytes.data();
    write();
    CHECK(bytes.data() == data);
}
