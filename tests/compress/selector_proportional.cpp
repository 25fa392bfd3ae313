#include <frugal/compress/selector/proportional.hpp>

#include <algorithm>
#include <array>
#include <cmath>

#include <frugal/compress/sparse.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("variance_budget: unbiased with exactly the variance asked for", "[compress][sparse][statistical]") {
    const std::size_t d = 200;
    auto x = sample::normal_vector(d, 7);
    x[3] = 40;
    x[4] = 0;
    const double norm = sample::squared_norm(x);
    for (const double epsilon : {0.05, 0.5, 3.0}) {
        sparse_compressor c{variance_budget{epsilon}};
        CHECK(c.variance(d) == Approx(epsilon));
        sample::estimate variance;
        std::vector<sample::estimate> mean(d);
        for (std::uint64_t round = 0; round < 4000; ++round) {
            const auto y = sample::round_trip(c, x, {.seed = 5, .round = round});
            variance.add(sample::squared_distance(x, y) / norm);
            for (std::size_t i = 0; i < d; ++i) {
                mean[i].add(y[i]);
            }
        }
        CHECK(variance.z(epsilon) < 4.5);
        std::size_t far = 0;
        for (std::size_t i = 0; i < d; ++i) {
            far += mean[i].standard_error() > 0 && mean[i].z(x[i]) > 4;
        }
        CHECK(far == 0);
        CHECK(mean[4].mean() == 0);
    }
}

TEST_CASE("random_sparse: sends the expected count, unbiased, with the variance of its probabilities",
          "[compress][sparse][statistical]") {
    const std::size_t d = 100;
    auto x = sample::normal_vector(d, 17);
    x[0] = 30;  // certain to be sent
    const std::size_t target = 20;
    sparse_compressor c{random_sparse{.count = target}};
    double rest = 0;
    for (std::size_t i = 1; i < d; ++i) {
        rest += std::fabs(double(x[i]));
    }
    double expected = 0;
    for (std::size_t i = 1; i < d; ++i) {
        const double a = std::fabs(double(x[i]));
        expected += a * rest / double(target - 1) - a * a;
    }
    sample::estimate sent;
    sample::estimate error;
    for (std::uint64_t round = 0; round < 4000; ++round) {
        const auto y = sample::round_trip(c, x, {.seed = 6, .round = round});
        sent.add(double(d) - double(std::count(y.begin(), y.end(), 0.0f)));
        error.add(sample::squared_distance(x, y));
    }
    CHECK(sent.z(double(target)) < 4.5);
    CHECK(error.z(expected) < 4.5);
    CHECK(expected <= c.variance(d) * sample::squared_norm(x));
    for (const std::size_t count : {99u, 100u, 1000u}) {  // all of them
        sparse_compressor all{random_sparse{.count = count}};
        CHECK(sample::squared_distance(x, sample::round_trip(all, x, {})) < 0.5);
    }
    sparse_compressor three{random_sparse{.count = 5}};
    CHECK(sample::round_trip(three, std::array{0.0f, 2.0f, 0.0f}, {}) == std::vector{0.0f, 2.0f, 0.0f});
}
