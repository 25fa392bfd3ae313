// Sampled clients: every subset equally likely, a pure function of seed and round.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include <frugal/node/cohort.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

TEST_CASE("sampled_clients: increasing, distinct, with the server, the same for seed and round", "[node][cohort]") {
    const cohort draw = sampled_clients(1000, 37);
    std::vector<std::uint32_t> members, again;
    for (std::uint64_t round = 0; round < 200; ++round) {
        draw(5, round, members);
        REQUIRE(members.size() == 38);
        CHECK(members[0] == 0);
        CHECK(members.back() <= 1000);
        CHECK(std::adjacent_find(members.begin(), members.end(), std::greater_equal<>()) == members.end());
        sampled_clients(1000, 37)(5, round, again);
        CHECK(members == again);
        draw(6, round, again);
        CHECK(members != again);
    }
    sampled_clients(4, 4)(1, 0, members);
    CHECK(members == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
    CHECK_THROWS_AS(sampled_clients(4, 5), invalid_input);
    CHECK_THROWS_AS(sampled_clients(4, 0), invalid_input);
}

TEST_CASE("sampled_clients: all subsets are equally likely", "[node][cohort][statistical]") {
    const cohort draw = sampled_clients(6, 3);
    std::map<std::vector<std::uint32_t>, double> times;
    std::vector<std::uint32_t> members;
    const double n = 40000;
    for (std::uint64_t round = 0; round < static_cast<std::uint64_t>(n); ++round) {
        draw(11, round, members);
        ++times[members];
    }
    REQUIRE(times.size() == 20);
    double chi_square = 0;
    for (const auto& [subset, count] : times) {
        chi_square += (count - n / 20) * (count - n / 20) / (n / 20);
    }
    CHECK(std::fabs(chi_square - 19) / std::sqrt(2 * 19.0) < test::z_limit);
}
