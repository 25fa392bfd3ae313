#include <frugal/compress/coder/elias.hpp>

#include "coder_checks.hpp"

using namespace frugal;

namespace {

std::string bits_of(const std::vector<std::uint8_t>& s, std::size_t size) {
    elias coder;
    const auto e = coder_checks::encode(coder, s, size);
    payload_reader r(e.bytes);
    std::string text;
    for (std::uint64_t i = 0; i < e.cost; ++i) {
        text += r.bits(1) == 1 ? '1' : '0';
    }
    return text;
}

}  // namespace

TEST_CASE("elias: code words by hand", "[compress][coder][exact]") {
    // -2..2 around 2: run 0 is "1"; sign 0; level 2 is "01" + "0"
    REQUIRE(bits_of({4}, 5) ==
            "1"
            "0"
            "010");
    REQUIRE(bits_of({1}, 5) ==
            "1"
            "1"
            "1");
    // run 1 is delta(2) = gamma(2) + "0"; then nothing, as the last symbol ends the message
    REQUIRE(bits_of({2, 0}, 5) ==
            "010"
            "0"
            "1"
            "010");
    // a run of 3 to the end: delta(4) = gamma(3) + "00"
    REQUIRE(bits_of({2, 2, 2}, 5) ==
            "011"
            "00");
    // three symbols: no level; two: no sign either; a run of 2 is delta(3) = gamma(2) + "1"
    REQUIRE(bits_of({2, 1, 0}, 3) ==
            "1"
            "0"
            "010"
            "0"
            "1");
    REQUIRE(bits_of({0, 1, 1, 0}, 2) ==
            "1"
            "010"
            "1");
}

TEST_CASE("elias: round trips", "[compress][coder]") {
    coder_checks::check_round_trips(elias{});
    coder_checks::check_symbol_types_agree(elias{});
    REQUIRE(elias{}.name() == "elias");
}

TEST_CASE("elias: one symbol in a million costs its position", "[compress][coder]") {
    elias coder;
    std::vector<std::uint8_t> s(1'000'000, 1);
    s[700'000] = 2;
    REQUIRE(coder_checks::round_trip(coder, s, 3) < 60);
    REQUIRE(coder_checks::round_trip(coder, std::vector<std::uint8_t>(1'000'000, 1), 3) < 30);
}

TEST_CASE("elias: more than 2^24 bits", "[compress][coder]") {
    coder_checks::check_long_stream(elias{});
}

TEST_CASE("elias: hostile bytes and unusable alphabets", "[compress][coder][hostile]") {
    coder_checks::check_hostile_bytes(elias{});
    coder_checks::check_refuses_alphabets(elias{});
}
