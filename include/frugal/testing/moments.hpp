//! How far a sample is from what theory says, in standard deviations.
#pragma once

#include <cmath>
#include <cstddef>

namespace frugal::testing {

//! A |z| that a correct implementation exceeds once in 150000 tests; seeds are fixed, so a test passes always or never.
inline constexpr double z_limit = 4.5;

//! Mean and variance of numbers added one by one (Welford 1962).
class moments {
public:
    void add(double x) {
        ++n_;
        const double delta = x - mean_;
        mean_ += delta / static_cast<double>(n_);
        squares_ += delta * (x - mean_);
    }
    double mean() const { return mean_; }
    double variance() const { return n_ > 1 ? squares_ / static_cast<double>(n_ - 1) : 0; }
    double standard_error() const { return std::sqrt(variance() / static_cast<double>(n_)); }
    //! |sample mean - expected| in standard errors; 0 where all numbers equal what was expected.
    double z_of(double expected) const {
        const double away = std::fabs(mean_ - expected);
        return away == 0 ? 0 : away / standard_error();
    }

private:
    std::size_t n_ = 0;
    double mean_ = 0;
    double squares_ = 0;
};

}  // namespace frugal::testing
