//! `variance_budget` and `random_sparse`: coordinates drawn with a probability proportional to their magnitude.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <string>

#include <frugal/compress/index_coding.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/compress/selector/selection.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/kernels/philox.hpp>

namespace frugal {
namespace detail {

//! Sums over the coordinates that are not certain to be sent, those with lambda |x_i| < 1.
struct uncertain_sums {
    std::size_t certain = 0;
    double magnitude = 0;
    double squares = 0;
};

inline uncertain_sums sums_below_certainty(std::span<const float> x, double lambda) {
    constexpr std::size_t lanes = kernels::reduction_lanes;
    std::array<double, lanes> magnitude{};
    std::array<double, lanes> squares{};
    std::array<double, lanes> certain{};
    const auto add = [&](std::size_t lane, float v) {
        const double a = std::fabs(static_cast<double>(v));
        const double counts = lambda * a < 1 ? 1.0 : 0.0;
        magnitude[lane] += counts * a;  // these products are exact, so that contraction changes nothing
        squares[lane] += counts * (a * a);
        certain[lane] += 1.0 - counts;
    };
    const std::size_t whole = x.size() / lanes * lanes;
    for (std::size_t i = 0; i < whole; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            add(lane, x[i + lane]);
        }
    }
    for (std::size_t i = whole; i < x.size(); ++i) {
        add(i - whole, x[i]);
    }
    const auto total = [](const std::array<double, lanes>& lane) {
        return kernels::combine_lanes(lane, [](double a, double b) { return a + b; });
    };
    return {static_cast<std::size_t>(total(certain)), total(magnitude), total(squares)};
}

//! The fixed point of lambda = solve(sums for lambda). The certain set only grows, so it is reached in finitely many
//! steps (few in practice), each O(d) (Wangni et al. 2018, algorithm 3).
template <class Solve>
double solve_proportion(std::span<const float> x, Solve solve) {
    uncertain_sums sums = sums_below_certainty(x, 0);
    double lambda = solve(sums);
    for (;;) {
        const uncertain_sums next = sums_below_certainty(x, lambda);
        if (next.certain <= sums.certain) {
            return lambda;
        }
        sums = next;
        lambda = std::max(lambda, solve(sums));
    }
}

//! Coordinate i with probability p_i = min(1, lambda |x_i|) rounded up to a multiple of 2^-32, as x_i / p_i.
inline void sample_proportional(std::span<const float> x, double lambda, random_key k, selection& chosen) {
    const random_stream stream(k);
    chosen.indices.clear();
    chosen.values.clear();
    constexpr std::size_t piece = 1024;
    std::array<std::uint32_t, piece> words, taken;
    for (std::size_t first = 0; first < x.size(); first += piece) {
        const std::size_t n = std::min(piece, x.size() - first);
        kernels::random_words(stream, first, n, words.data());
        std::size_t count = 0;
        for (std::size_t i = 0; i < n; ++i) {  // without a branch, which nothing could predict
            taken[count] = static_cast<std::uint32_t>(first + i);
            const double scaled = std::min(1.0, lambda * std::fabs(double(x[first + i]))) * 0x1p32;
            count += static_cast<double>(words[i]) < scaled ? 1u : 0u;  // the same for it rounded up
        }
        for (std::size_t t = 0; t < count; ++t) {
            const double v = double(x[taken[t]]);
            const double limit = std::ceil(std::min(1.0, lambda * std::fabs(v)) * 0x1p32);
            chosen.indices.push_back(taken[t]);
            chosen.values.push_back(static_cast<float>(v / (limit * 0x1p-32)));
        }
    }
}

}  // namespace detail

//! x_i / p_i with probability p_i = min(1, lambda |x_i|), lambda such that E||C(x) - x||^2 = epsilon ||x||^2.
//!
//! Of all unbiased random selections with that variance, the one that sends fewest coordinates on average. O(d).
struct variance_budget {
    double epsilon = 1;
    using default_indices = rice_indices;  // of so many that 19 bits each would be most of the message

    static constexpr auto describe() {
        return describes("variance_budget", "the fewest coordinates of unbiased selections of that variance",
                         option("epsilon", &variance_budget::epsilon, "the relative variance").above(0));
    }
    void select(std::span<const float> x, random_key k, selection& chosen) const {
        max_norm{}.measure(x);
        const double norm = kernels::sum_squares(x);
        const double lambda = detail::solve_proportion(x, [&](const detail::uncertain_sums& s) {
            const double budget = rounded(epsilon * norm) + s.squares;
            return budget > 0 ? s.magnitude / budget : 0.0;
        });
        detail::sample_proportional(x, lambda, k, chosen);
    }
    constexpr double variance(std::size_t) const { return epsilon; }
    constexpr laws laws_for(std::size_t d) const { return laws_from_variance(true, variance(d)); }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

//! x_i / p_i with probability p_i = min(1, lambda |x_i|), lambda such that `count` coordinates are sent on average
//! (Wangni et al. 2018). Unbiased; variance sum x_i^2 (1 / p_i - 1), at most (d / count - 1) ||x||^2. O(d).
struct random_sparse {
    std::size_t count = 1;

    static constexpr auto describe() {
        return describes("random_sparse", "unbiased, larger magnitudes likelier, a count on average",
                         option("count", &random_sparse::count, "the expected number of coordinates")
                             .from(1)
                             .to(static_cast<double>(1ull << 48)));
    }
    void select(std::span<const float> x, random_key k, selection& chosen) const {
        max_norm{}.measure(x);
        const double lambda = detail::solve_proportion(x, [&](const detail::uncertain_sums& s) {
            const double left = static_cast<double>(count) - static_cast<double>(std::min(count, s.certain));
            return s.magnitude > 0 ? left / s.magnitude : std::numeric_limits<double>::max();
        });
        detail::sample_proportional(x, lambda, k, chosen);
    }
    constexpr double variance(std::size_t d) const {
        return static_cast<double>(d) / static_cast<double>(std::min(count, d)) - 1;
    }
    constexpr laws laws_for(std::size_t d) const { return laws_from_variance(true, variance(d)); }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
