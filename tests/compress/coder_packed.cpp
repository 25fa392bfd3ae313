#include <frugal/compress/coder/packed.hpp>

#include "coder_checks.hpp"

using namespace frugal;

static_assert(Coder<packed>);
static_assert(BlockCoder<packed>);
static_assert(!BlockCoder<int>);

TEST_CASE("packed: every symbol takes ceil(log2 size) bits, least significant first", "[compress][coder][exact]") {
    packed coder;
    const std::vector<std::uint8_t> s{1, 2, 0, 2, 1};
    const auto e = coder_checks::encode(coder, s, 3);
    REQUIRE(e.cost == 10);
    REQUIRE(e.bytes == std::vector<std::byte>{std::byte{0b10'00'10'01}, std::byte{0b01}});
    REQUIRE(coder.cost_of(1000, 7) == 3000);
    REQUIRE(coder.cost_of(1000, 1) == 0);
    REQUIRE(coder.cost_of(1000, 65537) == 17000);
    REQUIRE(coder.granule(7) == 8);
    REQUIRE(coder.granule(256) == 1);
    REQUIRE(coder.name() == "packed");
}

TEST_CASE("packed: round trips", "[compress][coder]") {
    coder_checks::check_round_trips(packed{});
    coder_checks::check_symbol_types_agree(packed{});
    coder_checks::check_block_interface(packed{});
}

TEST_CASE("packed: more than 2^24 bits", "[compress][coder]") {
    coder_checks::check_long_stream(packed{});
}

TEST_CASE("packed: hostile bytes and unusable alphabets", "[compress][coder][hostile]") {
    coder_checks::check_hostile_bytes(packed{});
    coder_checks::check_refuses_alphabets(packed{});
}
