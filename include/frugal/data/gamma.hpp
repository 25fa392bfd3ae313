//! Gamma and Dirichlet variates of any shape, however small, from a random stream (Marsaglia, Tsang 2000).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frugal/core/error.hpp>
#include <frugal/core/exact_math.hpp>
#include <frugal/core/random.hpp>

namespace frugal {

//! Logarithms of gamma variates with scale 1: in log space since a variate of shape 0.01 is often below the smallest
//! double. The same bits on every machine. Element i is a pure function of the key and i.
class log_gamma_stream {
public:
    //! Throws `invalid_input` unless shape is finite and positive.
    log_gamma_stream(double shape, random_key key)
        : shape_(shape), normals_(key.for_purpose(1)), uniforms_(key.for_purpose(2)) {
        expect(shape > 0 && std::isfinite(shape), "the shape of a gamma distribution must be finite and positive");
        d_ = (shape < 1 ? shape + 1 : shape) - 1.0 / 3.0;
        c_ = 1.0 / std::sqrt(9.0 * d_);
        log_d_ = exact_log(d_);
    }

    //! Element i, i < 2^58; expected O(1).
    double operator()(std::uint64_t i) const {
        // Shapes below 1 by Gamma(a) = Gamma(a + 1) U^(1/a). Uniform 64 i is that U, the others belong to the attempts.
        const double boost = shape_ < 1 ? exact_log(open_uniform(i * attempts)) / shape_ : 0.0;
        double v = 1;
        for (std::uint64_t attempt = 1; attempt < attempts; ++attempt) {
            const double x = static_cast<double>(normals_.normal(i * attempts + attempt));
            const double t = 1.0 + rounded(c_ * x);
            v = rounded(rounded(t * t) * t);
            if (t > 0) {
                const double log_u = exact_log(open_uniform(i * attempts + attempt));
                if (log_u < rounded(0.5 * rounded(x * x)) + rounded(d_ * (1.0 - v + exact_log(v)))) {
                    break;
                }
            }
            v = 1;  // an attempt fails with probability below 0.05, so all 63 never do
        }
        return log_d_ + exact_log(v) + boost;
    }

private:
    static constexpr std::uint64_t attempts = 64;
    double open_uniform(std::uint64_t i) const { return uniforms_.uniform_double(i) + 0x1p-54; }

    double shape_;
    random_stream normals_;
    random_stream uniforms_;
    double d_ = 0;
    double c_ = 0;
    double log_d_ = 0;
};

//! A Dirichlet variate with all parameters `alpha`: shares[i] >= 0 with sum 1. O(shares.size()).
inline void dirichlet_variate(double alpha, random_key key, std::span<double> shares) {
    const log_gamma_stream gamma(alpha, key);
    double largest = -HUGE_VAL;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        shares[i] = gamma(i);
        largest = shares[i] > largest ? shares[i] : largest;
    }
    double sum = 0;
    for (double& s : shares) {
        s = exact_exp(s - largest);
        sum += s;
    }
    for (double& s : shares) {
        s /= sum;
    }
}

}  // namespace frugal
