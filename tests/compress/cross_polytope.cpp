#include <frugal/compress/cross_polytope.hpp>

#include <cmath>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("cross_polytope: the cost", "[compress][cross_polytope][exact]") {
    const auto x = sample::normal_vector(512, 1);
    message m;
    cross_polytope{.dimension = 16, .repetitions = 2, .gain_bits = 6}.compress(x, {}, m);
    CHECK(m.payload_bits() == 32 + 32 * 16);
    cross_polytope{.dimension = 5, .repetitions = 3, .gain_bits = 2, .group = 10}.compress(std::span(x).first(10), {},
                                                                                           m);
    CHECK(m.payload_bits() == 32 + 2 * (3 * 4 + 2));  // 10 vertices take 4 bits
}

TEST_CASE("cross_polytope: the variance is (D - 1) / R exactly", "[compress][cross_polytope][statistical]") {
    const auto x = sample::normal_vector(16, 3);
    for (const int repetitions : {1, 2, 6}) {
        const cross_polytope c{.dimension = 16, .repetitions = repetitions, .gain_bits = 16, .group = 16};
        sample::estimate error, square;
        for (std::uint64_t round = 0; round < 20000; ++round) {
            const auto y = sample::round_trip(c, x, {.seed = 3, .round = round});
            error.add(sample::squared_distance(x, y) / sample::squared_norm(x));
            square.add(sample::squared_norm(y) / sample::squared_norm(x));
        }
        CHECK(error.z(15.0 / repetitions) < 4.5);
        CHECK(c.variance(16) == Approx(15.0 / repetitions));
        if (repetitions == 1) {
            CHECK(square.mean() == Approx(16).epsilon(1e-5));  // every vertex is as long
        }
    }
}

TEST_CASE("cross_polytope: coordinates are drawn with probability |u_i| / sqrt(D) and their share of the rest",
          "[compress][cross_polytope][statistical]") {
    const std::array x{3.0f, -4.0f, 0.0f};
    const cross_polytope c{.dimension = 3, .repetitions = 1, .gain_bits = 16, .group = 3};
    std::array<double, 6> count{};
    constexpr int rounds = 30000;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        const auto y = sample::round_trip(c, x, {.seed = 5, .round = round});
        for (std::size_t i = 0; i < 3; ++i) {
            count[2 * i] += y[i] > 0;
            count[2 * i + 1] += y[i] < 0;
        }
    }
    const double root = std::sqrt(3.0);
    const double rest = (1 - 1.4 / root) / 6;
    const std::array expected{0.6 / root + rest, rest, rest, 0.8 / root + rest, rest, rest};
    for (std::size_t v = 0; v < 6; ++v) {
        const double p = expected[v];
        CHECK(std::fabs(count[v] - rounds * p) < 4.5 * std::sqrt(rounds * p * (1 - p)));
    }
}
