//! What the nearest of many random directions does to a vector, exactly: the mean of the largest cosine.
//!
//! By rotation invariance the codeword nearest to u, of M drawn uniformly from the unit sphere, has expectation r u
//! with r = E[largest cosine] (Leconte 2024, appendix B.4.1), which does not depend on u. Dividing by r makes it
//! unbiased, and its squared error is then 1 / r^2 - 1 exactly. No libm and no contraction: the same bits on every
//! machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <frugal/core/exact.hpp>
#include <frugal/core/exact_math.hpp>
#include <frugal/quantize/radial_bias.hpp>

namespace frugal {

//! r for M >= 1 codewords uniform on the unit sphere of `dimension` >= 1 dimensions. Relative error below 1e-9.
//!
//! With t = tan(angle / 2) the cosine is (1 - t^2) / (1 + t^2), and t has density proportional to
//! t^(D-2) / (1 + t^2)^(D-1): a rational integrand, taken by Simpson's rule over [0, 1] and by symmetry beyond.
//! O(nodes D).
inline double mean_largest_cosine(std::size_t dimension, std::size_t codewords, std::size_t nodes = 1 << 14) {
    const auto m = static_cast<double>(codewords);
    if (dimension == 1) {  // all codewords are -1 with probability 2^-M
        return 1 - 2 * std::ldexp(1.0, -static_cast<int>(std::min<std::size_t>(codewords, 1000)));
    }
    const double h = 1 / static_cast<double>(2 * nodes);
    const auto density = [&](std::size_t i) {
        const double t = static_cast<double>(i) * h;
        const double q = 1 / (1 + rounded(t * t));
        double f = q;
        for (std::size_t j = 2; j < dimension; ++j) {
            f = rounded(f * rounded(t * q));
        }
        return f;
    };
    // below[i]: the probability, up to a constant, of a t below that of node 2 i.
    std::vector<double> below(nodes + 1);
    double before = density(0);
    for (std::size_t i = 1; i <= nodes; ++i) {
        const double middle = density(2 * i - 1);
        const double after = density(2 * i);
        below[i] = below[i - 1] + rounded(h / 3 * (before + rounded(4 * middle) + after));
        before = after;
    }
    // E[largest cosine] = 2 P(some cosine > c) integrated over c from -1 to 1, minus 1; here over its t. With
    // G(t) = P(one t is below) the probability is 1 - (1 - G)^M, and G(1 / t) = 1 - G(t).
    const double half = 2 * below[nodes];
    const auto log_power = [&](double p) { return exact_exp(rounded(m * detail::exact_log_of_complement(p))); };
    const auto slope = [&](double t) {  // of the cosine
        const double s = 1 + rounded(t * t);
        return 4 * t / rounded(s * s);
    };
    double sum = 0;
    for (std::size_t i = 0; i <= nodes; ++i) {
        const double t = static_cast<double>(2 * i) * h;
        const double g = std::min(below[i] / half, 0.5);
        const double near = 1 - log_power(g);     // cosines from 0 to 1
        const double far = 1 - log_power(1 - g);  // from -1 to 0
        const double weight = i == 0 || i == nodes ? 1 : i % 2 == 1 ? 4 : 2;
        sum += rounded(weight * rounded(slope(t) * (near + far)));
    }
    return rounded(2 * h / 3 * sum) - 1;
}

}  // namespace frugal
