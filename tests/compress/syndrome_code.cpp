// Syndromes and belief propagation: few checks find a vector near one that is known.
#include <frugal/compress/syndrome_code.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

double entropy_of(double p) {
    return p <= 0 || p >= 1 ? 0 : -p * std::log2(p) - (1 - p) * std::log2(1 - p);
}

//! Bits that are 1 with probability p, which the receiver knows.
struct rare_ones {
    std::vector<std::uint8_t> bits;
    std::vector<std::int16_t> likelihood;

    rare_ones(std::size_t n, double p, std::uint64_t seed) : bits(n), likelihood(n) {
        const random_stream stream({.seed = seed});
        for (std::size_t i = 0; i < n; ++i) {
            bits[i] = stream.uniform_double(i) < p ? 1 : 0;
        }
        std::fill(likelihood.begin(), likelihood.end(),
                  static_cast<std::int16_t>(std::lround(16 * std::log((1 - p) / p))));
    }
};

std::vector<std::uint8_t> checks_of(const syndrome_code& code, const std::vector<std::uint8_t>& bits) {
    std::vector<std::uint8_t> checks(code.checks());
    code.syndrome(bits, checks);
    return checks;
}

}  // namespace

TEST_CASE("syndrome_code: every bit is part of as many checks, and a check is their sum",
          "[compress][syndrome_code][exact]") {
    const std::size_t n = 1000;
    const syndrome_code code(n, {.lift = 64, .layers = 9, .weight = 3}, {.seed = 1});
    CHECK(code.size() == n);
    CHECK(code.checks() == 9 * 64);
    std::vector<std::uint8_t> one(n, 0), expected(code.checks(), 0), bits(n, 0);
    for (std::size_t i = 0; i < n; i += 7) {
        one.assign(n, 0);
        one[i] = bits[i] = 1;
        const auto checks = checks_of(code, one);
        CHECK(std::count(checks.begin(), checks.end(), 1) == 3);
        std::size_t found = 0;
        code.for_checks_of(i, [&](std::size_t c) {
            found += checks[c];
            expected[c] = static_cast<std::uint8_t>(expected[c] ^ 1);
        });
        CHECK(found == 3);
    }
    CHECK((checks_of(code, bits) == expected));
    CHECK((checks_of(code, std::vector<std::uint8_t>(n, 0)) == std::vector<std::uint8_t>(code.checks(), 0)));
    CHECK((checks_of(syndrome_code(n, {.lift = 64, .layers = 9, .weight = 3}, {.seed = 1}), bits) == expected));
    CHECK((checks_of(syndrome_code(n, {.lift = 64, .layers = 9, .weight = 3}, {.seed = 2}), bits) != expected));
}

TEST_CASE("syndrome_code: no two bits share two checks", "[compress][syndrome_code][exact]") {
    const std::size_t n = 1200;
    for (const std::size_t weight : {3u, 4u}) {
        const syndrome_code code(n, {.lift = 64, .layers = 12, .weight = weight}, {.seed = 3});
        std::vector<std::vector<std::size_t>> members(code.checks());
        for (std::size_t i = 0; i < n; ++i) {
            code.for_checks_of(i, [&](std::size_t c) { members[c].push_back(i); });
        }
        std::vector<std::uint8_t> together(n * n, 0);
        int cycles = 0;
        for (const auto& check : members) {
            for (const std::size_t a : check) {
                for (const std::size_t b : check) {
                    cycles += a < b && together[a * n + b]++ != 0 ? 1 : 0;
                }
            }
        }
        CHECK(cycles == 0);
    }
}

TEST_CASE("syndrome_code: one bit in seven differs, found by three checks a word", "[compress][syndrome_code][exact]") {
    // What Hamming's code does for words of 7: any vector that differs in few places from a known one is found.
    const std::size_t n = 700;
    const syndrome_code code(n, {.lift = 16, .layers = 28, .weight = 3}, {.seed = 5});
    const random_stream stream({.seed = 6});
    std::vector<std::uint8_t> known(n), bits(n), found(n);
    std::vector<std::int16_t> likelihood(n);
    for (std::size_t i = 0; i < n; ++i) {
        known[i] = static_cast<std::uint8_t>(stream.word(i) & 1u);
        likelihood[i] = known[i] != 0 ? -60 : 60;
    }
    for (const std::size_t every : {14u, 28u, 100u, 699u}) {
        bits = known;
        for (std::size_t i = 3; i < n; i += every) {
            bits[i] ^= 1;
        }
        CHECK(code.decode(likelihood, checks_of(code, bits), found));
        CHECK((found == bits));
    }
}

TEST_CASE("syndrome_code: rates within reach of the entropy", "[compress][syndrome_code][statistical]") {
    const std::size_t n = 40000;
    for (const auto& [p, margin] : {std::pair{0.11, 0.4}, std::pair{0.03, 0.6}, std::pair{0.005, 1.6}}) {
        const rare_ones source(n, p, 7);
        const syndrome_shape shape = syndrome_shape::of(n, entropy_of(p), margin);
        const syndrome_code code(n, shape, {.seed = 8});
        std::vector<std::uint8_t> found(n);
        CHECK(code.decode(source.likelihood, checks_of(code, source.bits), found));
        CHECK((found == source.bits));
        // With fewer checks than entropy, nobody can: it says so.
        const syndrome_code short_code(n, syndrome_shape::of(n, 0.7 * entropy_of(p), 0), {.seed = 8});
        CHECK_FALSE(short_code.decode(source.likelihood, checks_of(short_code, source.bits), found));
    }
}

TEST_CASE("syndrome_code: checks of nothing that there is are no harm", "[compress][syndrome_code][hostile]") {
    const std::size_t n = 3000;
    const rare_ones source(n, 0.05, 9);
    const syndrome_code code(n, syndrome_shape::of(n, 0.3, 0.3), {.seed = 1});
    auto checks = checks_of(code, source.bits);
    for (auto& c : checks) {
        c ^= 1;
    }
    std::vector<std::uint8_t> found(n);
    CHECK_FALSE(code.decode(source.likelihood, checks, found));
    CHECK(std::all_of(found.begin(), found.end(), [](std::uint8_t b) { return b <= 1; }));
    CHECK_THROWS_AS(code.decode(source.likelihood, std::span(checks).first(5), found), invalid_input);
    for (const syndrome_shape& bad :
         {syndrome_shape{3, 8, 3}, syndrome_shape{16, 2, 3}, syndrome_shape{16, 8, 9}, syndrome_shape{0, 8, 3}}) {
        CHECK_FALSE(bad.valid());
        CHECK_THROWS_AS(syndrome_code(100, bad, {}), invalid_input);
    }
    for (const std::size_t few : {1u, 2u, 15u, 16u, 17u}) {  // shorter than a block
        const syndrome_code small(few, {.lift = 16, .layers = 5, .weight = 3}, {});
        std::vector<std::uint8_t> bits(few, 1), result(few);
        CHECK(small.decode(std::vector<std::int16_t>(few, -40), checks_of(small, bits), result));
        CHECK(result == bits);
    }
}
