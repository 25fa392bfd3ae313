#include <frugal/compress/coder/range_coder.hpp>

#include "coder_checks.hpp"

using namespace frugal;

TEST_CASE("range_coder: round trips", "[compress][coder]") {
    coder_checks::check_round_trips(range_coder{});
    coder_checks::check_symbol_types_agree(range_coder{});
    REQUIRE(range_coder{}.name() == "range_coder");
}

TEST_CASE("range_coder: within 1 % and 64 bits of the empirical entropy", "[compress][coder][statistical]") {
    coder_checks::check_entropy(range_coder{});
}

TEST_CASE("range_coder: follows a distribution that drifts", "[compress][coder]") {
    auto s = coder_checks::symbols<std::uint8_t>(300'000, 5, 0.01, 1);
    for (std::size_t i = s.size() / 2; i < s.size(); ++i) {
        s[i] = static_cast<std::uint8_t>((s[i] + 2) % 5);
    }
    range_coder coder;
    const auto cost = static_cast<double>(coder_checks::round_trip(coder, s, 5));
    REQUIRE(cost < 0.5 * coder_checks::empirical_entropy_bits(s, 5));
}

TEST_CASE("range_coder: a carry runs through any number of bytes", "[compress][coder][exact]") {
    // Intervals around one half: every bit waits until the last interval decides for 0.0111... or 0.1000...
    for (std::size_t steps = 0; steps < 300; ++steps) {
        for (const bool above : {false, true}) {
            std::vector<std::byte> bytes;
            payload_writer w(bytes);
            detail::interval_writer out(w);
            out.narrow(0x40000000u, 0x80000000u);
            for (std::size_t i = 0; i < steps; ++i) {
                REQUIRE(out.range() == 0x80000000u);
                out.narrow(0x20000000u, 0x40000000u);
            }
            out.narrow(above ? 0x40000000u : 0u, 0x40000000u);
            out.finish();
            REQUIRE((bytes.front() >= std::byte{0x80}) == above);
            payload_reader r(bytes);
            detail::interval_reader in(r);
            REQUIRE(in.offset() - 0x40000000u < 0x80000000u);
            in.narrow(0x40000000u, 0x80000000u);
            for (std::size_t i = 0; i < steps; ++i) {
                REQUIRE(in.offset() - 0x20000000u < 0x40000000u);
                in.narrow(0x20000000u, 0x40000000u);
            }
            REQUIRE((in.offset() >= 0x40000000u) == above);
            in.narrow(above ? 0x40000000u : 0u, 0x40000000u);
            in.finish();
            r.finish();
        }
    }
}

TEST_CASE("range_coder: a warm coder gives the same bytes", "[compress][coder]") {
    range_coder coder;
    const auto a = coder_checks::symbols<std::uint8_t>(5000, 7, 0.5);
    const auto first = coder_checks::encode(coder, a, 7);
    coder_checks::encode(coder, coder_checks::symbols<std::uint32_t>(5000, 1025, 0.9), 1025);
    REQUIRE(coder_checks::encode(coder, a, 7).bytes == first.bytes);
}

TEST_CASE("range_coder: more than 2^24 bits", "[compress][coder]") {
    coder_checks::check_long_stream(range_coder{});
}

TEST_CASE("range_coder: hostile bytes and unusable alphabets", "[compress][coder][hostile]") {
    coder_checks::check_hostile_bytes(range_coder{}, coder_checks::cut_messages::may_be_others);
    coder_checks::check_refuses_alphabets(range_coder{});
}
