//! Averages over Gaussian buckets of what quantize/radial_bias.hpp knows for one norm.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include <frugal/quantize/radial_bias.hpp>
#include <frugal/quantize/stochastic_codebook.hpp>

namespace test {

struct averages {
    double radial = 0, orthogonal = 0, unbiased_radial = 0, unbiased_orthogonal = 0, squared_bias = 0, quantized = 0;
};

//! Over x ~ N(0, I_D): the norm has the chi law, weight rho^(D-1) exp(-rho^2 / 2).
inline averages average_over_gaussian(std::size_t d, std::size_t m, double v, std::span<const float> levels = {}) {
    averages sum;
    double total = 0;
    for (double rho = 0.05; rho < std::sqrt(double(d)) + 6; rho += 0.1) {
        const double weight = std::pow(rho, double(d) - 1) * std::exp(-rho * rho / 2);
        const frugal::radial_moments at = frugal::nearest_gaussian_codeword(d, m, v, rho, 1024);
        sum.radial += weight * at.radial;
        sum.orthogonal += weight * at.orthogonal();
        sum.unbiased_radial += weight * at.unbiased_radial();
        sum.unbiased_orthogonal += weight * (at.variance() - at.unbiased_radial());
        sum.squared_bias += weight * at.squared_bias();
        if (!levels.empty()) {
            sum.quantized += weight * (at.variance() + at.second_moment() * frugal::stochastic_variance(
                                                                                levels, float(1 / at.shrinkage)));
        }
        total += weight;
    }
    for (double* p : {&sum.radial, &sum.orthogonal, &sum.unbiased_radial, &sum.unbiased_orthogonal, &sum.squared_bias,
                      &sum.quantized}) {
        *p /= total;
    }
    return sum;
}

}  // namespace test
