//! What the nearest of M random Gaussian codewords does to a vector, exactly: shrinkage, error, and its parts.
//!
//! By rotation invariance E[nearest codeword to x] = r(||x||) x (Leconte 2024, theorem 7). Given the distance T from x
//! to its nearest codeword, the direction of the error is von Mises-Fisher with concentration ||x|| T / v, so that all
//! moments are integrals over T alone. No libm and no contraction: the same bits on every machine.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/exact_math.hpp>

namespace frugal {

//! Moments of Q, the nearest of M codewords drawn from N(0, v I_D), for a vector x of given norm.
struct radial_moments {
    double norm = 0;           //!< ||x||
    double shrinkage = 1;      //!< r: E[Q] = r x
    double squared_error = 0;  //!< E||Q - x||^2
    double radial = 0;         //!< the part of squared_error along x; the rest is orthogonal to it

    double orthogonal() const { return squared_error - radial; }
    double squared_bias() const { return rounded(norm * norm * ((1 - shrinkage) * (1 - shrinkage))); }
    //! E||Q||^2.
    double second_moment() const { return rounded(norm * norm * (2 * shrinkage - 1)) + squared_error; }
    //! E||Q / r - x||^2: the variance of the unbiased estimate.
    double variance() const { return (squared_error - squared_bias()) / (shrinkage * shrinkage); }
    double unbiased_radial() const { return (radial - squared_bias()) / (shrinkage * shrinkage); }
};

namespace detail {

//! log(1 - f) for f in [0, 1].
inline double exact_log_of_complement(double f) {
    if (f > 0.25) {
        return exact_log(1.0 - f);
    }
    const double s = f / (2.0 - f);  // log(1 - f) = -2 atanh(s)
    const double z = rounded(s * s);
    double p = 1.0 / 19.0;
    for (int k = 17; k >= 1; k -= 2) {
        p = multiply_add(z, p, 1.0 / k);
    }
    return -2.0 * rounded(s * p);
}

//! ratios[i] = I_{D/2}(kappa_i) / I_{D/2-1}(kappa_i) for kappa_i = i step: the mean cosine of the von Mises-Fisher law
//! in D dimensions. Continued fraction from below; divisions and sums only, so that it vectorises without contraction.
inline void mean_cosines(std::size_t dimension, double step, std::vector<double>& ratios) {
    const std::size_t n = ratios.size();
    constexpr std::size_t block = 512;
    double kappa[block];
    for (std::size_t first = 0; first < n; first += block) {
        const std::size_t count = std::min(block, n - first);
        double* const a = ratios.data() + first;
        for (std::size_t i = 0; i < count; ++i) {
            kappa[i] = static_cast<double>(first + i) * step;
        }
        const auto depth = 16 + static_cast<int>(5 * std::sqrt(kappa[count - 1]));
        const double order = static_cast<double>(dimension) + 2.0 * depth;
        for (std::size_t i = 0; i < count; ++i) {  // a bound that is sharp for high orders (Amos 1974)
            const double square = rounded(kappa[i] * kappa[i]);
            a[i] = kappa[i] / (order / 2 - 0.5 + std::sqrt(rounded((order / 2 + 0.5) * (order / 2 + 0.5)) + square));
        }
        for (int j = depth - 1; j >= 0; --j) {
            const double numerator = static_cast<double>(dimension) + 2.0 * j;
            for (std::size_t i = 0; i < count; ++i) {
                a[i] = 1.0 / (numerator / kappa[i] + a[i]);
            }
        }
    }
}

}  // namespace detail

//! The moments for `norm` = ||x|| >= 0, by the trapezoid rule on `nodes` intervals. Relative error below 1e-8.
inline radial_moments nearest_gaussian_codeword(std::size_t dimension, std::size_t codewords, double variance,
                                                double norm, std::size_t nodes = 8192) {
    const auto d = static_cast<double>(dimension);
    const auto m = static_cast<double>(codewords);
    const double farthest = norm + rounded(std::sqrt(variance) * (std::sqrt(d) + 7));
    const double h = farthest / static_cast<double>(nodes);
    const double concentration = norm / variance;  // kappa = concentration * t
    const double kappa_step = rounded(concentration * h);
    std::vector<double> cosine(nodes + 1);
    detail::mean_cosines(dimension, kappa_step, cosine);

    // Density of one distance up to a constant: log f = (D - 1) log t - t^2 / 2v + integral of the mean cosine over
    // kappa, since the logarithmic derivative of kappa^-nu I_nu(kappa) is I_{nu+1} / I_nu.
    std::vector<double> density(nodes + 1);
    const auto cosine_slope = [&](std::size_t i) {
        const double a = cosine[i];
        return i == 0 ? 1 / d : 1 - rounded(a * a) - rounded((d - 1) * a) / (static_cast<double>(i) * kappa_step);
    };
    double integral = 0;
    double highest = dimension == 1 ? 0.0 : -1e300;
    double slope = cosine_slope(0);
    for (std::size_t i = 1; i <= nodes; ++i) {
        const double t = static_cast<double>(i) * h;
        if (norm > 0) {
            const double next_slope = cosine_slope(i);
            integral += rounded(kappa_step * 0.5 * (cosine[i - 1] + cosine[i])) +
                        rounded(kappa_step * kappa_step / 12 * (slope - next_slope));
            slope = next_slope;
        }
        density[i] = rounded((d - 1) * exact_log(t)) - rounded(t * t / (2 * variance)) + integral;
        highest = std::max(highest, density[i]);
    }
    for (std::size_t i = 1; i <= nodes; ++i) {
        density[i] = exact_exp(density[i] - highest);
    }
    density[0] = dimension == 1 ? exact_exp(-highest) : 0.0;

    // Its integral, with the end correction of the trapezoid rule.
    std::vector<double> distribution(nodes + 1);
    const double slope_at_zero = dimension == 2 ? exact_exp(-highest) : 0.0;
    double sum = 0;
    for (std::size_t i = 1; i <= nodes; ++i) {
        const double t = static_cast<double>(i) * h;
        sum += rounded(h * 0.5 * (density[i - 1] + density[i]));
        const double log_slope = (d - 1) / t - t / variance + rounded(concentration * cosine[i]);
        const double correction = rounded(h * h / 12 * (rounded(density[i] * log_slope) - slope_at_zero));
        distribution[i] = std::max(sum - correction, 0.0);
    }
    const double total = distribution[nodes];

    double weights = 0;
    double square = 0;
    double projection = 0;
    double radial = 0;
    for (std::size_t i = 0; i <= nodes; ++i) {
        const double below = std::min(distribution[i] / total, 1.0);
        const double survival = exact_exp(rounded((m - 1) * detail::exact_log_of_complement(below)));
        const double w = rounded(density[i] * survival) * (i == 0 || i == nodes ? 0.5 : 1.0);
        const double t = static_cast<double>(i) * h;
        const double kappa = static_cast<double>(i) * kappa_step;
        const double across = kappa > 0 ? rounded((d - 1) * cosine[i]) / kappa : (d - 1) / d;  // E[sin^2]
        const double wt = rounded(w * t);
        weights += w;
        square += rounded(wt * t);
        projection += rounded(wt * cosine[i]);
        radial += rounded(rounded(wt * t) * (1 - across));
    }
    radial_moments result;
    result.norm = norm;
    result.squared_error = square / weights;
    result.radial = radial / weights;
    result.shrinkage = norm > 0 ? 1 - projection / weights / norm : 1 - result.squared_error / (d * variance);
    return result;
}

//! 1 / r and the moments over norms in [0, largest_norm], tabulated: evaluation takes a few operations.
//!
//! Between nodes, at most 0.2 apart, lies the cubic through the four nearest: relative error below 1e-6.
class radial_bias {
public:
    radial_bias(std::size_t dimension, std::size_t codewords, double variance, double largest_norm)
        : intervals_(std::max<std::size_t>(128, static_cast<std::size_t>(largest_norm / 0.2) + 1)),
          step_(largest_norm / static_cast<double>(intervals_)),
          inverse_step_(1 / step_) {
        const double farthest = largest_norm + rounded(std::sqrt(variance) * (std::sqrt(double(dimension)) + 7));
        const auto nodes = std::max<std::size_t>(1024, static_cast<std::size_t>(farthest / 0.03));
        moments_.reserve(intervals_ + 2);
        for (std::size_t i = 0; i <= intervals_ + 1; ++i) {
            moments_.push_back(
                nearest_gaussian_codeword(dimension, codewords, variance, static_cast<double>(i) * step_, nodes));
        }
        const auto inverse_at = [&](std::size_t i) { return 1 / moments_[i].shrinkage; };
        cubics_.reserve(intervals_);
        for (std::size_t i = 0; i < intervals_; ++i) {
            const double before = inverse_at(i == 0 ? 1 : i - 1);  // r is an even function
            const double y0 = inverse_at(i);
            const double y1 = inverse_at(i + 1);
            const double after = inverse_at(i + 2);
            const double third = (after - before - rounded(3 * (y1 - y0))) / 6;
            const double second = (before + y1) / 2 - y0;
            cubics_.push_back({y0, y1 - y0 - second - third, second, third});
        }
        greatest_inverse_ = inverse_at(intervals_);
    }

    //! Where a norm lies: in which interval, and how far, from 0 to 1. Norms beyond the last node are cut.
    struct place {
        std::size_t interval;
        double part;
    };
    place locate(double norm) const {
        const double position = std::min(norm * inverse_step_, static_cast<double>(intervals_));
        const std::size_t i = std::min(static_cast<std::size_t>(position), intervals_ - 1);
        return {i, position - static_cast<double>(i)};
    }
    //! 1 / r(norm).
    double inverse(place at) const {
        const auto& c = cubics_[at.interval];
        return c[0] + rounded(at.part * (c[1] + rounded(at.part * (c[2] + rounded(at.part * c[3])))));
    }
    double inverse(double norm) const { return inverse(locate(norm)); }
    double least_inverse() const { return cubics_.front()[0]; }
    double greatest_inverse() const { return greatest_inverse_; }
    double largest_norm() const { return step_ * static_cast<double>(intervals_); }
    std::size_t intervals() const { return intervals_; }
    //! At norm i largest_norm / intervals(), i <= intervals().
    const radial_moments& at_node(std::size_t i) const { return moments_[i]; }

private:
    std::size_t intervals_;
    double step_;
    double inverse_step_;
    double greatest_inverse_ = 1;
    std::vector<radial_moments> moments_;
    std::vector<std::array<double, 4>> cubics_;
};

//! Rounds 1 / r(norm) onto increasing levels at random, without bias: `stochastic_index` of `radial_bias::inverse`, in
//! a few operations. Levels must reach from the least to the greatest inverse, but for a rounding.
class rounded_inverse {
public:
    rounded_inverse(std::shared_ptr<const radial_bias> bias, std::span<const float> levels)
        : bias_(std::move(bias)), levels_(levels.begin(), levels.end()) {
        expect(levels_.size() >= 2, "a random rounding needs at least two levels");
        for (std::size_t j = 1; j < levels_.size(); ++j) {
            inverse_gaps_.push_back(1 / (levels_[j] - levels_[j - 1]));
        }
        for (std::size_t i = 0; i < bias_->intervals(); ++i) {
            const auto least = static_cast<float>(bias_->inverse(radial_bias::place{i, 0}));
            const auto above = std::upper_bound(levels_.begin() + 1, levels_.end() - 1, least);
            first_.push_back(static_cast<std::uint32_t>(above - levels_.begin()) - 1);
        }
    }
    std::span<const float> levels() const { return levels_; }
    const radial_bias& bias() const { return *bias_; }

    //! u: uniform on (0, 1].
    std::uint32_t index(double norm, float u) const {
        const radial_bias::place at = bias_->locate(norm);
        const auto x = static_cast<float>(bias_->inverse(at));
        std::uint32_t j = first_[at.interval];
        while (j + 1 < inverse_gaps_.size() && levels_[j + 1] <= x) {
            ++j;
        }
        return j + static_cast<std::uint32_t>(u <= rounded((x - levels_[j]) * inverse_gaps_[j]));
    }

private:
    std::shared_ptr<const radial_bias> bias_;
    std::vector<float> levels_;
    std::vector<float> inverse_gaps_;
    std::vector<std::uint32_t> first_;  // of each interval, the level below its least inverse
};

//! The table for these parameters; computed once per process (tens of milliseconds) and shared.
inline std::shared_ptr<const radial_bias> shared_radial_bias(std::size_t dimension, std::size_t codewords,
                                                             double variance, double largest_norm) {
    struct entry {
        std::size_t dimension;
        std::size_t codewords;
        double variance;
        double largest_norm;
        std::shared_ptr<const radial_bias> table;
    };
    static std::mutex mutex;
    static std::vector<entry> entries;
    const std::lock_guard lock(mutex);
    for (const entry& e : entries) {
        if (e.dimension == dimension && e.codewords == codewords && e.variance == variance &&
            e.largest_norm == largest_norm) {
            return e.table;
        }
    }
    entries.push_back({dimension, codewords, variance, largest_norm,
                       std::make_shared<const radial_bias>(dimension, codewords, variance, largest_norm)});
    return entries.back().table;
}

}  // namespace frugal
