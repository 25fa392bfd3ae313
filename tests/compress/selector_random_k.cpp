#include <frugal/compress/selector/random_k.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <frugal/compress/sparse.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

namespace {

std::vector<std::uint32_t> chosen_by(const random_k& s, std::size_t d, random_key k) {
    selection chosen;
    s.regenerate(d, k, chosen);
    return chosen.indices;
}

}  // namespace

TEST_CASE("random_k: indices are distinct, increasing and uniform", "[compress][sparse][statistical]") {
    const std::size_t d = 20;
    for (const std::size_t k : {1u, 3u, 10u, 13u, 19u, 20u}) {
        const random_k s{.count = k};
        std::vector<std::uint64_t> hits(d);
        std::vector<std::uint64_t> pairs(d * d);
        const std::uint64_t n = 20000;
        for (std::uint64_t round = 0; round < n; ++round) {
            const auto indices = chosen_by(s, d, {.seed = 9, .round = round});
            REQUIRE(indices.size() == k);
            REQUIRE(std::adjacent_find(indices.begin(), indices.end(), std::greater_equal<>()) == indices.end());
            REQUIRE(indices.back() < d);
            for (const auto i : indices) {
                ++hits[i];
                for (const auto j : indices) {
                    ++pairs[i * d + j];
                }
            }
        }
        const double p = double(k) / double(d);
        const double q = p * double(k - 1) / double(d - 1);
        for (std::size_t i = 0; i < d; ++i) {
            CHECK(std::fabs(double(hits[i]) - n * p) <= 4.5 * std::sqrt(n * p * (1 - p)) + 1e-6);
            for (std::size_t j = 0; j < i; ++j) {
                CHECK(std::fabs(double(pairs[i * d + j]) - n * q) <= 4.5 * std::sqrt(n * q * (1 - q)) + 1e-6);
            }
        }
    }
}

TEST_CASE("random_k: every subset is equally likely; biased loss is 7 and unbiased 14 for (1, -2, 3, 0)",
          "[compress][sparse][statistical]") {
    const std::array x{1.0f, -2.0f, 3.0f, 0.0f};
    std::set<std::vector<std::uint32_t>> subsets;
    double biased = 0;
    double unbiased = 0;
    for (std::uint64_t round = 0; subsets.size() < 6; ++round) {
        const random_key key{.seed = 2, .round = round};
        sparse_compressor b{random_k{.fraction = 0.5, .unbiased = false}};
        sparse_compressor u{random_k{.fraction = 0.5}};
        if (subsets.insert(chosen_by(u.selector(), 4, key.for_purpose(2))).second) {  // each mask once: the exact mean
            biased += sample::squared_distance(x, sample::round_trip(b, x, key)) / 6;
            unbiased += sample::squared_distance(x, sample::round_trip(u, x, key)) / 6;
        }
    }
    CHECK(biased == Approx(7).epsilon(1e-12));
    CHECK(unbiased == Approx(14).epsilon(1e-12));
}

TEST_CASE("random_k: unbiased with variance d / k - 1, or biased with loss 1 - k / d",
          "[compress][sparse][statistical]") {
    const std::size_t d = 100;
    const auto x = sample::normal_vector(d, 6);
    const double norm = sample::squared_norm(x);
    for (const std::size_t k : {1u, 10u, 60u}) {
        sparse_compressor u{random_k{.count = k}};
        sparse_compressor b{random_k{.count = k, .unbiased = false}};
        CHECK(laws_of(u, 100).unbiased);
        CHECK_FALSE(laws_of(b, 100).unbiased);
        CHECK(u.variance(d) == Approx(double(d) / double(k) - 1));
        CHECK(b.contraction(d) == Approx(double(k) / double(d)));
        sample::estimate variance;
        sample::estimate loss;
        std::vector<sample::estimate> mean(d);
        for (std::uint64_t round = 0; round < 4000; ++round) {
            const auto y = sample::round_trip(u, x, {.seed = 3, .round = round});
            variance.add(sample::squared_distance(x, y) / norm);
            loss.add(sample::squared_distance(x, sample::round_trip(b, x, {.seed = 4, .round = round})) / norm);
            for (std::size_t i = 0; i < d; ++i) {
                mean[i].add(y[i]);
            }
        }
        CHECK(variance.z(u.variance(d)) < 4.5);
        CHECK(loss.z(1 - b.contraction(d)) < 4.5);
        for (std::size_t i = 0; i < d; ++i) {
            const double p = double(k) / double(d);  // the standard error is known: x^2 (1 / p - 1) / n
            CHECK(std::fabs(mean[i].mean() - x[i]) < 4.5 * std::fabs(x[i]) * std::sqrt((1 / p - 1) / 4000) + 1e-6);
        }
    }
}
