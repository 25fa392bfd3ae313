//! Unbiased random rounding without dither at the receiver: QSGD, TernGrad, DoReFa. "Steps" are the unit of x.
//!
//! | quantizer           | symbols      | bits (packed by radix)  | choose it when                                         |
//! |---------------------|--------------|-------------------------|--------------------------------------------------------|
//! | stochastic{.levels} | 2 levels + 1 | log2(2 levels + 1)      | QSGD; with l2_norm few levels give sparse messages     |
//! | ternary{}           | 3            | log2 3 = 1.585          | sparse or heavy-tailed vectors: zeros stay zeros       |
//! | dorefa{.bits}       | 2^bits       | bits                    | whole bits are wanted; a zero does not stay a zero     |
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
namespace detail {

//! The largest E||C(x) - x||^2 / ||x||^2 of random rounding to multiples of max|x| / m, over all x of n elements. It is
//! attained by one element at the maximum and n - 1 at m / (m + sqrt(m^2 + n - 1)) steps.
inline double random_rounding_variance(double m, std::size_t n) {
    return n == 0 ? 0 : (std::sqrt(1 + static_cast<double>(n - 1) / (m * m)) - 1) / 2;
}

}  // namespace detail

//! Stochastic quantizer of QSGD (Alistarh et al. 2017): x to one of the two integers around it, unbiased.
//!
//! index(x, u) = floor(x + u + 1/2) in {-levels..levels}, integers kept;  value(i) = i.  |x| <= levels, in steps. With
//! `l2_norm` the original, with `max_norm` the form of Abdi 2020 (A.4). Level `levels` is reached when one coordinate
//! carries the whole norm, so the alphabet has 2 levels + 1 symbols. Variance of a coordinate f(1 - f), f the
//! fractional part of x. The same index as `dithered` has for the same u, whose receiver also subtracts u. bits: with
//! dither_bits::sixteen u is one of 2^16 numbers at half the cost; then the probability of rounding up, and so the
//! mean, is off by at most 2^-17 of a step.
struct stochastic {
    int levels = 1;
    dither_bits bits = dither_bits::thirty_two;

    static constexpr auto describe() {
        return describes(
            "stochastic", "random rounding (QSGD; with l2_norm in its original form)",
            option("levels", &stochastic::levels, "levels on each side of zero").from(1).to(1 << 24),
            option("dither_bits", &stochastic::bits, "random bits a coordinate; 16: cheaper, biased by 2^-17")
                .one_of("32", "16")
                .unless_default());
    }
    static constexpr bool unbiased = true;
    constexpr dither_bits dither() const { return bits; }
    constexpr alphabet symbols() const { return {-levels, levels}; }
    template <class T>
    T index(const T& x, const T& u) const {
        return round_with_dither(x, u);
    }
    template <class T>
    T value(const T& i) const {
        return i;
    }
    static constexpr double step_variance() { return 0.25; }
    static double step_variance(double x) {
        const double f = x - std::floor(x);
        return f * (1 - f);
    }
    static constexpr double largest_error() { return 1; }
    //! Worst E||C(x) - x||^2 / ||x||^2 over x of n elements under max_norm (attained).
    double max_norm_variance(std::size_t n) const { return detail::random_rounding_variance(levels, n); }
    //! The same under l2_norm: the published min(n / levels^2, sqrt(n) / levels).
    double l2_norm_variance(std::size_t n) const {
        const auto d = static_cast<double>(n);
        return std::min(d / (double(levels) * levels), std::sqrt(d) / levels);
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

//! TernGrad (Wen et al. 2017): max|x| sign(x) Bernoulli(|x| / max|x|): `stochastic` with one level.
//!
//! E||C(x) - x||^2 = s ||x||_1 - ||x||^2 with s the scale. For one scale shared by all senders see `shared_norm`.
struct ternary {
    static constexpr auto describe() { return describes("ternary", "random rounding to three levels (TernGrad)"); }
    static constexpr bool unbiased = true;
    constexpr alphabet symbols() const { return {-1, 1}; }
    template <class T>
    T index(const T& x, const T& u) const {
        return round_with_dither(x, u);
    }
    template <class T>
    T value(const T& i) const {
        return i;
    }
    static constexpr double step_variance() { return 0.25; }
    static double step_variance(double x) { return stochastic::step_variance(x); }
    static constexpr double largest_error() { return 1; }
    double max_norm_variance(std::size_t n) const { return stochastic{1}.max_norm_variance(n); }
    double l2_norm_variance(std::size_t n) const { return stochastic{1}.l2_norm_variance(n); }
    std::string name() const { return described_name(*this); }
};

//! The gradient quantizer of DoReFa-Net (Zhou et al. 2016): 2^bits levels spread evenly over [-max|x|, max|x|].
//!
//! index(x, u) = round(x + n/2 + u) in {0..n}, n = 2^bits - 1;  value(i) = i - n/2.  |x| <= n/2, in steps of 2 max|x| /
//! n. Unbiased: the noise u of half a step never carries the ends outside. Variance f(1 - f) <= 1/4 with f the
//! fractional part of x + n/2; 1/4 at x = 0, which is no level.
struct dorefa {
    int bits = 2;

    static constexpr auto describe() {
        return describes("dorefa", "levels spread evenly, without a zero (DoReFa-Net's gradients)",
                         option("bits", &dorefa::bits, "bits per coordinate").from(1).to(16));
    }
    static constexpr bool unbiased = true;
    constexpr alphabet symbols() const { return {0, (1 << bits) - 1}; }
    constexpr float range() const { return static_cast<float>((1 << bits) - 1) * 0.5f; }
    template <class T>
    T index(const T& x, const T& u) const {
        return round_with_dither(T(x + T(range())), u);
    }
    template <class T>
    T value(const T& i) const {
        return i - T(range());
    }
    static constexpr double step_variance() { return 0.25; }
    double step_variance(double x) const { return stochastic::step_variance(x + double(range())); }
    static constexpr double largest_error() { return 1; }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
