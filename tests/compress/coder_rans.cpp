#include <frugal/compress/coder/rans.hpp>

#include <numeric>

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

TEST_CASE("rans: frequencies sum to a power of two and forget no symbol", "[compress][coder][exact]") {
    const random_stream u({.seed = 3});
    std::uint64_t draws = 0;
    for (int trial = 0; trial < 500; ++trial) {
        for (unsigned bits = 12; bits <= 16; ++bits) {
            std::vector<std::uint64_t> weights(1 + u.below((std::size_t{1} << bits) / 16, draws++));
            const auto steepness = static_cast<unsigned>(u.below(38, draws++));
            for (auto& w : weights) {
                w = u.word64(draws++) >> (26 + u.below(steepness + 1, draws++));
                w &= (std::uint64_t{1} << 35) - 1;
            }
            weights.front() += std::accumulate(weights.begin(), weights.end(), std::uint64_t{0}) == 0;
            std::vector<std::uint32_t> f(weights.size());
            detail::quantize_weights(weights, bits, f);
            REQUIRE(std::accumulate(f.begin(), f.end(), 0u) == 1u << bits);
            bool kept = true;
            for (std::size_t i = 0; i < f.size(); ++i) {
                kept &= (f[i] == 0) == (weights[i] == 0);
            }
            REQUIRE(kept);
        }
    }
}

TEST_CASE("rans: integer logarithm", "[compress][coder][exact]") {
    for (std::uint64_t v = 1; v < std::uint64_t{1} << 50; v += 1 + v / 97) {
        REQUIRE(static_cast<double>(detail::fixed_log2(v)) / 65536 ==
                Approx(std::log2(static_cast<double>(v))).margin(4.0 / 65536).epsilon(0));
    }
}

TEST_CASE("rans: more than 2^24 bits", "[compress][coder]") {
    coder_checks::check_long_stream(rans{});
}

TEST_CASE("rans: hostile bytes and unusable alphabets", "[compress][coder][hostile]") {
    coder_checks::check_hostile_bytes(rans{});
    coder_checks::check_refuses_alphabets(rans{});
}
