#include <frugal/compress/coder/radix.hpp>

#include "coder_checks.hpp"

using namespace frugal;

static_assert(BlockCoder<radix>);
static_assert(densest_group(3) == digit_group{.digits = 5, .bytes = 1});
static_assert(densest_group(5) == digit_group{.digits = 24, .bytes = 7});
static_assert(densest_group(6) == digit_group{.digits = 3, .bytes = 1});
static_assert(densest_group(7) == digit_group{.digits = 17, .bytes = 6});
static_assert(densest_group(9) == digit_group{.digits = 5, .bytes = 2});
static_assert(densest_group(11) == digit_group{.digits = 16, .bytes = 7});
static_assert(densest_group(15).digits == 0);
static_assert(densest_group(1).digits == 0);
static_assert(densest_group(8).digits == 0);
static_assert(densest_group(255).digits == 0);

TEST_CASE("radix: the layout of five trits a byte", "[compress][coder][exact]") {
    radix coder;
    std::vector<std::uint8_t> s(320);
    for (std::size_t k = 0; k < 5; ++k) {
        s[64 * k + 7] = static_cast<std::uint8_t>(k % 3);
    }
    auto e = coder_checks::encode(coder, s, 3);
    REQUIRE(e.bytes.size() == 64);
    REQUIRE(e.cost == 512);
    REQUIRE(e.bytes[7] == std::byte{0 + 3 * 1 + 9 * 2 + 27 * 0 + 81 * 1});
    REQUIRE(e.bytes[8] == std::byte{0});
    // seven left at the end: two words, of digits 0, 2, 4, 6 and 1, 3, 5
    e = coder_checks::encode(coder, std::vector<std::uint8_t>{2, 1, 0, 1, 1, 2, 1}, 3);
    REQUIRE(e.bytes == std::vector<std::byte>{std::byte{2 + 3 * 0 + 9 * 1 + 27 * 1}, std::byte{1 + 3 * 1 + 9 * 2}});
}

TEST_CASE("radix: 1.6 bits a trit, 48 bits for 17 symbols of 7, never more than packed", "[compress][coder][exact]") {
    radix coder;
    REQUIRE(coder.cost_of(320'000, 3) == 512'000);
    REQUIRE(coder.cost_of(17 * 64 * 10, 7) == 48 * 64 * 10);
    REQUIRE(coder.cost_of(1, 7) == 8);
    for (std::size_t size = 1; size <= 300; ++size) {
        REQUIRE(coder.cost_of(1'000'000, size) <= packed{}.cost_of(1'000'000, size) + 8);
    }
    REQUIRE(coder.name() == "radix");
}

TEST_CASE("radix: round trips", "[compress][coder]") {
    coder_checks::check_round_trips(radix{});
    coder_checks::check_symbol_types_agree(radix{});
    coder_checks::check_block_interface(radix{});
}

TEST_CASE("radix: every alphabet of a byte", "[compress][coder]") {
    radix coder;
    for (std::size_t size = 1; size <= 256; ++size) {
        coder_checks::round_trip(coder, coder_checks::symbols<std::uint8_t>(5000, size, 1, size), size);
    }
}

TEST_CASE("radix: more than 2^24 bits", "[compress][coder]") {
    coder_checks::check_long_stream(radix{});
}

TEST_CASE("radix: a byte of 243 and more is refused", "[compress][coder][hostile]") {
    for (const std::size_t n : {320u, 5u}) {
        for (unsigned b = 0; b < 256; ++b) {
            std::vector<std::byte> bytes(radix{}.bytes_for(n, 3));
            bytes.front() = static_cast<std::byte>(b);
            std::vector<std::uint8_t> out(n);
            REQUIRE(radix{}.decode_block(bytes.data(), n, 3, out.data()) == (b < 243));
        }
    }
}

TEST_CASE("radix: hostile bytes and unusable alphabets", "[compress][coder][hostile]") {
    coder_checks::check_hostile_bytes(radix{});
    coder_checks::check_refuses_alphabets(radix{});
}
