//! Unbiased rounding onto any ordered set of levels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>

namespace frugal {

//! What to do with an input outside the levels: refuse it, or take the nearest level (biased there).
enum class out_of_range { reject, clamp };

//! Index of one of the two levels around x, drawn so that the expected level is x (unbiased random scalar quantizer).
//!
//! levels: increasing, at least 2;  x: in [levels.front(), levels.back()];  u: uniform on (0, 1].
//! With o <= x <= p the levels around x, returns p's index with probability (x - o) / (p - o), that is if u is at most
//! that; x on a level is kept with certainty. Variance (x - o)(p - x) <= (p - o)^2 / 4. O(log levels).
//! Throws `invalid_input` for NaN, and for x outside the levels unless `policy` is `clamp`.
template <class Real>
std::size_t stochastic_index(std::span<const Real> levels, std::type_identity_t<Real> x, std::type_identity_t<Real> u,
                             out_of_range policy = out_of_range::reject) {
    expect(levels.size() >= 2, "a stochastic codebook needs at least two levels");
    if (!(x >= levels.front() && x <= levels.back())) [[unlikely]] {
        expect(x == x, "a stochastic codebook was given NaN: check the input for divergence");
        expect(policy == out_of_range::clamp,
               "a value lies outside the levels of a stochastic codebook: widen the levels or clamp");
        return x < levels.front() ? 0 : levels.size() - 1;
    }
    const auto above = std::upper_bound(levels.begin() + 1, levels.end() - 1, x);
    const Real high = *above;
    const Real low = *(above - 1);
    const auto j = static_cast<std::size_t>(above - levels.begin()) - 1;
    return u <= (x - low) / (high - low) ? j + 1 : j;
}

//! The variance of the level that `stochastic_index` draws for x within the levels: (x - o)(p - x).
template <class Real>
Real stochastic_variance(std::span<const Real> levels, std::type_identity_t<Real> x) {
    const auto above = std::upper_bound(levels.begin() + 1, levels.end() - 1, x);
    return (x - *(above - 1)) * (*above - x);
}

//! `stochastic_index` as a Quantizer: unbiased rounding onto levels that need not be uniform.
//!
//! index(x, u): the index of a level next to x;  value(i): that level.
//! levels: increasing, some on either side of 0; the scale maps the norm to the nearer end. A search for each
//! coordinate, O(log levels), which is not vectorized: some 50 times as long as to copy the vector.
struct stochastic_codebook {
    std::vector<float> levels;

    static constexpr auto describe() {
        return describes("stochastic_codebook", "unbiased rounding onto any levels, such as levels=[-1,-0.25,0,0.25,1]",
                         option("levels", &stochastic_codebook::levels, "increasing, on both sides of 0"));
    }
    static constexpr bool unbiased = true;
    alphabet symbols() const { return {0, static_cast<int>(levels.size()) - 1}; }
    float range() const { return std::min(-levels.front(), levels.back()); }
    float index(float x, float u) const {
        return static_cast<float>(stochastic_index(std::span(levels), x, u + 0.5f, out_of_range::clamp));
    }
    float value(float i) const { return levels[static_cast<std::size_t>(i)]; }
    //! Largest variance of a coordinate: a quarter of the widest gap squared.
    double step_variance() const { return largest_error() * largest_error() / 4; }
    //! The widest gap.
    double largest_error() const {
        double gap = 0;
        for (std::size_t j = 1; j < levels.size(); ++j) {
            gap = std::max(gap, double(levels[j]) - double(levels[j - 1]));
        }
        return gap;
    }
    double step_variance(double x) const {
        const auto inside = std::clamp(static_cast<float>(x), levels.front(), levels.back());
        return double(stochastic_variance(std::span(levels), inside));
    }
    void validate() const {
        expect(levels.size() >= 2, "stochastic_codebook: at least two levels are needed");
        validate_described(*this);
        for (std::size_t j = 1; j < levels.size(); ++j) {
            expect(levels[j - 1] < levels[j], "stochastic_codebook: levels must be strictly increasing");
        }
        expect(levels.front() < 0 && levels.back() > 0,
               "stochastic_codebook: levels must lie on both sides of 0; for others call stochastic_index");
    }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
