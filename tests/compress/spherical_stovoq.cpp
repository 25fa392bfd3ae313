#include <frugal/compress/spherical_stovoq.hpp>

#include <cmath>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("spherical_stovoq: the cost", "[compress][spherical_stovoq][exact]") {
    const auto x = sample::normal_vector(512, 1);
    message m;
    spherical_stovoq{.dimension = 16, .codewords = 8192, .gain_bits = 6}.compress(x, {}, m);
    CHECK(m.payload_bits() == 32 + 32 * (13 + 6));
    spherical_stovoq{.dimension = 8, .codewords = 256, .gain_bits = 4, .group = 64}.compress(x, {}, m);
    CHECK(m.payload_bits() == 8 * (32 + 8 * (8 + 4)));
}

TEST_CASE("spherical_stovoq: the variance is 1 / r^2 - 1, for every x", "[compress][spherical_stovoq][statistical]") {
    for (const float factor : {1e-12f, 1.0f, 1e12f}) {  // of half of the buckets
        auto x = sample::normal_vector(400 * 8, 3);
        for (std::size_t i = 0; i < x.size() / 2; ++i) {
            x[i] *= factor;
        }
        const spherical_stovoq c{.dimension = 8, .codewords = 256, .gain_bits = 16, .group = 64};
        sample::estimate error;
        for (std::uint64_t round = 0; round < 8; ++round) {
            const auto y = sample::round_trip(c, x, {.seed = 3, .round = round});
            for (std::size_t i = 0; i < x.size(); i += 8) {
                const std::span<const float> a(x.data() + i, 8), b(y.data() + i, 8);
                error.add(sample::squared_distance(a, b) / sample::squared_norm(a));
            }
        }
        // Buckets of one message share codewords: their errors are not independent, but nearly so for many directions.
        CHECK(error.mean() == Approx(0.44728).margin(0.03));
        CHECK(c.variance(x.size()) == Approx(0.44728).epsilon(1e-4));
    }
}

TEST_CASE("spherical_stovoq: codewords made one by one equal those made in bulk",
          "[compress][spherical_stovoq][exact]") {
    const spherical_stovoq c{.dimension = 3, .codewords = 1024, .group = 30};
    const auto x = sample::normal_vector(3000, 12);
    message m;
    std::vector<float> echo(x.size()), y(x.size());
    c.compress(x, {}, m, echo);  // from all codewords
    // Of another key, so that nothing made is left over.
    sample::round_trip(c, x, {.round = 1});
    c.decompress(m, {}, y);
    CHECK(y == echo);
}
