//! Natural compression: unbiased rounding to powers of two.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/quantize/rounding.hpp>

namespace frugal {

//! Natural dithering (Horvath et al. 2019): |x| to 0 or a power of two 2^(1 - levels), ..., 1/2, 1, with its sign.
//!
//! index(x, u): sign(x) j with j the level next to |x|, drawn without bias;  value(i) = sign(i) 2^(|i| - levels), 0 for
//! 0.
//! x: divided by the norm, |x| <= 1. Relative variance 1/8 of what lies above the lowest level 2^(1 - levels), however
//! large the dynamic range; without a lowest level (as in the original without a norm) it is 1/8. O(levels) per
//! coordinate.
struct natural {
    int levels = 8;

    static constexpr auto describe() {
        return describes("natural", "unbiased rounding to powers of two",
                         option("levels", &natural::levels, "powers of two up to the norm").from(1).to(64));
    }
    static constexpr bool unbiased = true;
    constexpr alphabet symbols() const { return {-levels, levels}; }
    constexpr float range() const { return 1.0f; }
    template <class T>
    T index(const T& x, const T& u) const {
        const T size = magnitude(x);
        T j(0.0f);
        float low = 0;
        float high = lowest_level();
        for (int level = 0; level < levels; ++level) {
            // The position of |x| between two levels; gaps are powers of two, so only the position itself is rounded.
            const T position = (size - T(low)) * T(1.0f / (high - low));
            j = j + select(u < position - T(0.5f), T(1.0f), T(0.0f));
            low = high;
            high = high + high;
        }
        return with_sign_of(x, j);
    }
    template <class T>
    T value(const T& i) const {
        const T j = magnitude(i);
        T size(0.0f);
        float level = lowest_level();
        for (int k = 1; k <= levels; ++k, level = level + level) {
            size = select(j >= T(static_cast<float>(k)), T(level), size);
        }
        return with_sign_of(i, size);
    }
    //! E(C(x) - x)^2 of one coordinate, in the norm squared.
    double step_variance(double x) const {
        const double size = std::min(std::fabs(x), 1.0);
        double low = 0;
        double high = double(lowest_level());
        while (high < size) {
            low = high;
            high = 2 * high;
        }
        return (size - low) * (high - size);
    }
    //! Its largest value, in the middle of the widest gap.
    double step_variance() const { return levels == 1 ? 0.25 : 1.0 / 16; }
    //! The widest gap: that between 1/2 and 1, or all of [0, 1].
    double largest_error() const { return levels == 1 ? 1 : 0.5; }
    double max_norm_variance(std::size_t n) const {
        const auto d = static_cast<double>(n);
        const auto lowest = double(lowest_level());
        return 1.0 / 8 + std::min(std::sqrt(d) * lowest, d * lowest * lowest / 4);
    }
    double l2_norm_variance(std::size_t n) const { return max_norm_variance(n); }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }

private:
    float lowest_level() const {
        float level = 1;
        for (int k = 1; k < levels; ++k) {
            level *= 0.5f;
        }
        return level;
    }
};

}  // namespace frugal
