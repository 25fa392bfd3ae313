//! Statistics for tests with fixed seeds: how far a sample is from what theory says, in standard deviations.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <frugal/core/random.hpp>
#include <frugal/testing/moments.hpp>

namespace test {

using frugal::testing::moments;
using frugal::testing::z_limit;

//! z of a count of `successes` in n trials of probability p.
inline double z_of_count(double successes, double n, double p) {
    return std::fabs(successes - n * p) / std::sqrt(std::max(n * p * (1 - p), 1e-300));
}

//! Chi-square of numbers against the uniform distribution on [low, high), as a z-score (its mean is bins - 1 and its
//! variance twice that). A number outside makes it infinite.
inline double z_of_uniformity(const std::vector<double>& numbers, double low, double high, std::size_t bins = 64) {
    std::vector<double> count(bins, 0.0);
    for (const double x : numbers) {
        const double at = (x - low) / (high - low) * static_cast<double>(bins);
        if (!(at >= 0 && at < static_cast<double>(bins))) {
            return HUGE_VAL;
        }
        ++count[static_cast<std::size_t>(at)];
    }
    const double expected = static_cast<double>(numbers.size()) / static_cast<double>(bins);
    double chi_square = 0;
    for (const double c : count) {
        chi_square += (c - expected) * (c - expected) / expected;
    }
    const auto freedom = static_cast<double>(bins - 1);
    return std::fabs(chi_square - freedom) / std::sqrt(2 * freedom);
}

//! Distribution function of the standard normal.
inline double normal_cdf(double x) {
    return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

//! n elements of N(0, 1).
inline std::vector<float> normal_vector(std::size_t n, std::uint64_t seed) {
    const frugal::random_stream stream({.seed = seed, .purpose = frugal::purposes::data});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

//! ||a - b||^2 in double.
template <class A, class B>
double squared_distance(const A& a, const B& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double e = double(a[i]) - double(b[i]);
        sum += e * e;
    }
    return sum;
}

template <class A>
double squared_norm(const A& a) {
    return squared_distance(a, std::vector<double>(a.size()));
}

}  // namespace test
