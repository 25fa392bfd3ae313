#include <frugal/compress/selector/selection.hpp>

#include <algorithm>

#include <frugal/compress/selector/top_k.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("top_k: the count is max(1, floor(fraction d)), at most d", "[compress][sparse][exact]") {
    CHECK(top_k{.fraction = 0.29}.count_for(100) == 29);  // although 0.29 * 100 < 29 in double
    CHECK(top_k{.fraction = 0.01}.count_for(99) == 1);
    CHECK(top_k{.fraction = 0.01}.count_for(199) == 1);
    CHECK(top_k{.fraction = 0.01}.count_for(200) == 2);
    CHECK(top_k{.fraction = 1}.count_for(33) == 33);
    CHECK(top_k{.count = 5}.count_for(3) == 3);
}

TEST_CASE("top_k: the count is the exact floor for every dimension", "[compress][sparse][top_k][exact]") {
    CHECK(top_k{.fraction = 0.1}.count_for(100'000'008) == 10'000'000);
    CHECK(top_k{.fraction = 0.1f}.count_for(100'000'008) == 10'000'000);
    CHECK(top_k{.fraction = 0.5}.count_for(4'294'967'295) == 2'147'483'647);
    const random_stream u({.seed = 9});
    for (std::uint64_t i = 0; i < 20000; ++i) {
        const std::uint64_t d = 1 + (u.word64(2 * i) >> (32 + i % 31));
        const std::uint64_t millionths = 1 + u.below(1'000'000, 2 * i + 1);
        const std::uint64_t expected = std::max<std::uint64_t>(1, millionths * d / 1'000'000);
        CAPTURE(d, millionths);
        REQUIRE(top_k{.fraction = static_cast<double>(millionths) / 1e6}.count_for(d) == expected);
        REQUIRE(top_k{.fraction = static_cast<float>(static_cast<double>(millionths) / 1e6)}.count_for(d) == expected);
    }
}

TEST_CASE("top_k: a fraction given as a float selects what it was meant to", "[compress][sparse][top_k]") {
    CHECK(top_k{.fraction = 0.7f}.count_for(100) == 70);
    CHECK(top_k{.fraction = 0.29f}.count_for(100) == 29);
    CHECK(top_k{.fraction = 0.1f}.count_for(1000000) == 100000);
    CHECK(top_k{.fraction = 0.295}.count_for(100) == 29);
}
