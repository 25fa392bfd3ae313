#include <frugal/compress/coder/letter_model.hpp>

#include <cmath>
#include <numeric>

#include "catch.hpp"
#include "coder_checks.hpp"

using namespace frugal;

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
