// How long steps take: means, distributions, refusals.
#include <frugal/node/speed.hpp>

#include <cmath>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("speed_law: without a mean, computing is free", "[node][speed]") {
    CHECK(speed_law().free());
    CHECK(speed_law(speed_kind::exponential).seconds(1, 2, 3) == 0);
}

TEST_CASE("speed_law: durations have the node's mean, and are a function of seed, node and step",
          "[node][speed][statistical]") {
    const auto mean = [](std::uint32_t node) { return 2.0 + node; };
    constexpr int n = 20000;
    for (const speed_kind kind : {speed_kind::deterministic, speed_kind::exponential, speed_kind::geometric}) {
        const speed_law law(kind, mean);
        for (const std::uint32_t node : {0u, 3u}) {
            double sum = 0;
            bool whole = true;
            for (std::uint64_t k = 0; k < n; ++k) {
                const double s = law.seconds(1, node, k);
                sum += s;
                whole = whole && s == std::floor(s) && s >= 1;
            }
            const double m = mean(node);
            // Standard deviations: 0, m, sqrt(m (m - 1)); five of the mean's.
            CHECK(std::fabs(sum / n - m) <= 5 * m / std::sqrt(double(n)));
            CHECK(whole == (kind != speed_kind::exponential));
        }
        CHECK(law.seconds(1, 0, 5) == law.seconds(1, 0, 5));
    }
    const speed_law law(speed_kind::exponential, mean);
    CHECK(law.seconds(1, 0, 5) != law.seconds(2, 0, 5));
    CHECK(law.seconds(1, 0, 5) != law.seconds(1, 0, 6));
}

TEST_CASE("speed_law: impossible means are refused", "[node][speed]") {
    CHECK_THROWS_AS(speed_law(speed_kind::deterministic, [](auto) { return -1.0; }).seconds(1, 0, 0), invalid_input);
    CHECK_THROWS_AS(speed_law(speed_kind::exponential, [](auto) { return NAN; }).seconds(1, 0, 0), invalid_input);
    CHECK_THROWS_AS(speed_law(speed_kind::geometric, [](auto) { return 0.5; }).seconds(1, 0, 0), invalid_input);
}
