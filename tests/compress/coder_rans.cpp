#include <frugal/compress/coder/rans.hpp>

#include "coder_checks.hpp"

using namespace frugal;

TEST_CASE("rans: round trips", "[compress][coder]") {
    coder_checks::check_round_trips(rans{});
    coder_checks::check_symbol_types_agree(rans{});
    REQUIRE(rans{}.name() == "rans");
}

TEST_CASE("rans: within 1 % and 64 bits of the empirical entropy", "[compress][coder][statistical]") {
    coder_checks::check_entropy(rans{});
}

TEST_CASE("rans: a message of one repeated symbol costs a few bits", "[compress][coder]") {
    rans coder;
    for (const std::size_t size : {2u, 3u, 7u, 255u}) {
        REQUIRE(coder_checks::round_trip(coder, std::vector<std::uint8_t>(100'000, 1), size) < 40);
    }
}

TEST_CASE("rans: a warm coder gives the same bytes", "[compress][coder]") {
    rans coder;
    const auto a = coder_checks::symbols<std::uint8_t>(50'000, 7, 0.5);
    const auto first = coder_checks::encode(coder, a, 7);
    coder_checks::encode(coder, coder_checks::symbols<std::uint32_t>(5000, 1025, 0.9), 1025);
    REQUIRE(coder_checks::encode(coder, a, 7).bytes == first.bytes);
}

TEST_CASE("rans: more than 2^24 bits", "[compress][coder]") {
    coder_checks::check_long_stream(rans{});
}

TEST_CASE("rans: hostile bytes and unusable alphabets", "[compress][coder][hostile]") {
    coder_checks::check_hostile_bytes(rans{});
    coder_checks::check_refuses_alphabets(rans{});
}
