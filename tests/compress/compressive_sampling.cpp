#include <frugal/compress/compressive_sampling.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/contractive.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(sample::UnbiasedWithVariance<compressive_sampling>);

namespace {

std::vector<float> heavy_tailed(std::size_t n) {
    const auto a = test::normal_vector(n, 11);
    const auto b = test::normal_vector(n, 12);
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = a[i] * std::exp(1.5f * b[i]);
    }
    return x;
}

//! n / (12 Q^2) E max (T x)_i^2 / ||x||^2 + n / k - 1, the expectation over signs from many draws.
double expected_error(const compressive_sampling& c, std::span<const float> x) {
    const double q = c.levels == 0 ? 0.5 : c.levels;
    const hadamard t{.size = c.size, .kept = c.kept};
    std::vector<float> v(c.kept);
    double sum = 0;
    const int draws = 4000;
    for (int i = 0; i < draws; ++i) {
        const double largest = t.forward(x, {.seed = 77, .round = static_cast<std::uint64_t>(i)}, v);
        sum += largest * largest;
    }
    const auto n = static_cast<double>(c.size);
    return n / static_cast<double>(c.kept) - 1 + n / (12 * q * q) * sum / draws / sample::squared_norm(x);
}

}  // namespace

TEST_CASE("compressive_sampling: unbiased, with its exact error, below its bound", "[compress][compressive_sampling]") {
    for (const compressive_sampling& c :
         {compressive_sampling{.size = 64, .kept = 64, .levels = 1},
          compressive_sampling{.size = 64, .kept = 32, .levels = 3},
          compressive_sampling{.size = 64, .kept = 5, .levels = 1},
          compressive_sampling{.size = 96, .kept = 40, .levels = 2},
          compressive_sampling{.size = 64, .kept = 64, .levels = 0}, compressive_sampling{.size = 64, .kept = 1}}) {
        INFO(c.name());
        const auto x = heavy_tailed(c.size);
        test::moments error;
        std::vector<test::moments> coordinate(c.size);
        for (std::uint64_t round = 0; round < 4000; ++round) {
            const auto y = sample::round_trip(c, x, {.seed = 1, .round = round});
            error.add(sample::squared_distance(x, y) / sample::squared_norm(x));
            for (std::size_t i = 0; i < c.size; ++i) {
                coordinate[i].add(y[i]);
            }
        }
        for (std::size_t i = 0; i < c.size; ++i) {
            CHECK(coordinate[i].z_of(double(x[i])) < test::z_limit);
        }
        const double expected = c.kept == 1 ? static_cast<double>(c.size) - 1 : expected_error(c, x);
        CHECK(error.mean() == Approx(expected).margin(4.5 * error.standard_error()).epsilon(0.01));
        CHECK(error.mean() <= c.variance(c.size) + 4.5 * error.standard_error());
        CHECK(c.variance(c.size) <= c.gamma() * (1 + 1e-12));
    }
}

TEST_CASE("compressive_sampling: all rows without coarse quantization give the vector back",
          "[compress][compressive_sampling]") {
    const compressive_sampling c{.size = 128, .kept = 128, .levels = 1 << 18};
    const auto x = heavy_tailed(300);
    CHECK(sample::squared_distance(sample::round_trip(c, x, {}), x) < 1e-9 * sample::squared_norm(x));
}

TEST_CASE("compressive_sampling: the published bounds, and the best rows and levels for a gain",
          "[compress][compressive_sampling][exact]") {
    const auto gamma = [](std::size_t n, std::size_t k, int q) {
        return compressive_sampling{.size = n, .kept = k, .levels = q}.gamma();
    };
    CHECK(gamma(64, 64, 1) == Approx(1.056).margin(5e-4));
    CHECK(gamma(64, 32, 3) == Approx(1.199).margin(5e-4));
    CHECK(gamma(256, 128, 1) == Approx(3.445).margin(5e-4));
    CHECK(gamma(256, 32, 2) == Approx(8.789).margin(5e-4));
    CHECK(gamma(256, 256, 0) == Approx(5.567).margin(5e-4));
    struct row {
        double gain;
        std::size_t n;
        std::size_t kept;
        int levels;
        double gamma;
    };
    for (const row& r : {row{20.2, 256, 174, 2, 0.948}, row{32, 256, 110, 2, 2.017}, row{50, 256, 70, 2, 3.642},
                         row{100, 256, 35, 2, 7.987}, row{200, 256, 17, 2, 16.892}, row{1000, 256, 5, 1, 75.95},
                         row{20.2, 512, 349, 2, 1.005}, row{32, 512, 220, 2, 2.115}, row{50, 512, 141, 2, 3.762},
                         row{100, 512, 70, 2, 8.285}, row{200, 512, 35, 2, 16.975}, row{1000, 512, 7, 2, 82.5}}) {
        CAPTURE(r.gain, r.n);
        const auto c = compressive_sampling::of_gain(r.gain, r.n);
        CHECK(c.kept == r.kept);
        CHECK(c.levels == r.levels);
        CHECK(c.gamma() == Approx(r.gamma).epsilon(6e-4));
        CHECK(c.gain() >= r.gain);
    }
    CHECK_THROWS_AS(compressive_sampling::of_gain(0.5, 64), invalid_input);
}

TEST_CASE("compressive_sampling: shrunk, a contraction of 1 / (1 + its variance)", "[compress][compressive_sampling]") {
    contractive c{compressive_sampling{.size = 64, .kept = 16, .levels = 1}};
    const double variance = c.inner().variance(64);
    CHECK(c.contraction(64) == Approx(1 / (1 + variance)));
    const auto x = heavy_tailed(64);
    test::moments error;
    for (std::uint64_t round = 0; round < 1000; ++round) {
        error.add(sample::squared_distance(x, sample::round_trip(c, x, {.round = round})) / sample::squared_norm(x));
    }
    CHECK(error.mean() <= variance / (1 + variance));
}

TEST_CASE("compressive_sampling: the payload of the composition it names, and its bits",
          "[compress][compressive_sampling][exact]") {
    const auto x = heavy_tailed(1000);
    const compressive_sampling c{.size = 64, .kept = 16, .levels = 1};
    const transformed whole{hadamard{.size = 64, .kept = 16},
                            scalar_compressor{dithered{.levels = 1}, bucketed{max_norm{}, 16}, radix{}}};
    message a, b;
    c.compress(x, {.seed = 4}, a);
    whole.compress(x, {.seed = 4}, b);
    CHECK(std::ranges::equal(a.payload(), b.payload()));
    CHECK(granule_of(c) == 64);
    // 15 buckets of 64 and one of 40: 16 scales, 256 numbers of three values, five in a byte.
    CHECK(a.payload_bits() == b.payload_bits());
    CHECK(a.payload().size() == 16 * 4 + 52);
}

TEST_CASE("compressive_sampling: refuses what it has no matrix for", "[compress][compressive_sampling]") {
    message m;
    const std::vector<float> x(10, 1.0f);
    CHECK_THROWS_AS((compressive_sampling{.size = 7, .kept = 2}.compress(x, {}, m)), invalid_input);
    CHECK_THROWS_AS((compressive_sampling{.size = 8, .kept = 9}.compress(x, {}, m)), invalid_input);
}
