//! Nested dithered quantization: fewer bits where the receiver already knows a vector close to the sender's.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/quantize/rounding.hpp>

namespace frugal {

//! Quantizes with step `fine` but sends the index modulo k = coarse / fine; the receiver, who knows y close to x (the
//! side information), finds which of the values that share the symbol is meant (Abdi 2020, sec. 2.2).
//!
//! fine, coarse: steps relative to the norm, coarse an integer multiple k >= 2 of fine;  shrink: a in (0, 1]. index(x,
//! u) = round(a x + u) modulo k, centred: {-(k-1)/2..(k-1)/2} for odd k, {-k/2..k/2-1} for even k: log2 k bits.
//! value(i, u, y): r = i - u - a y;  y + a (r - k round(r / k)).  x, u and y in fine steps; value(i, u) takes y = 0.
//!
//! If |a (x - y) + u| < k/2 the error is -(a e + (1 - a^2)(x - y)) with e uniform on (-1/2, 1/2) and independent of
//! both; for a = 1 that is the error of `dithered`. Otherwise the choice wraps and is off by a multiple of a k: with |x
//! - y| of standard deviation above k/6 wraps dominate, so count them (`wrap_failures`).
struct nested_dithered {
    double fine = 1.0 / 3;
    double coarse = 1;
    double shrink = 1;

    static constexpr auto describe() {
        return describes(
            "nested_dithered", "coarse cell left to the receiver's side information (NDQSG)",
            option("fine", &nested_dithered::fine, "fine step relative to the norm").above(1e-7),
            option("coarse", &nested_dithered::coarse, "coarse step, an integer multiple of fine").above(0).below(1e7),
            option("shrink", &nested_dithered::shrink, "the factor a").above(0).to(1));
    }
    static constexpr bool unbiased = false;  // unless nothing wraps, which the sender cannot know
    //! k, the number of symbols.
    constexpr int ratio() const { return static_cast<int>(coarse / fine + 0.5); }
    constexpr alphabet symbols() const { return {-(ratio() / 2), (ratio() - 1) / 2}; }
    //! A norm scale makes the step fine * norm. Inputs beyond it are no error: indices are taken modulo k.
    constexpr float range() const { return static_cast<float>(1 / fine); }
    template <class T>
    T index(const T& x, const T& u) const {
        return centred(round_half_up(T(rounded(T(T(static_cast<float>(shrink)) * x)) + u)));
    }
    template <class T>
    T value(const T& i, const T& u) const {
        return value(i, u, T(0.0f));
    }
    template <class T>
    T value(const T& i, const T& u, const T& side) const {
        const T a(static_cast<float>(shrink));
        const T r = (i - u) - rounded(T(a * side));
        return side + rounded(T(a * centred(r)));
    }

    //! E(C(x) - x)^2 in the norm squared when nothing wraps; deviation: that of x - y, relative to the norm.
    double success_variance(double deviation) const {
        const double lost = (1 - shrink * shrink) * deviation;
        return shrink * shrink * fine * fine / 12 + lost * lost;
    }
    //! Chebyshev's bound of the probability that a coordinate wraps (Abdi 2020, lemma 1; for shrink = 1).
    double wrap_bound(double deviation) const {
        return (fine * fine / 3 + 4 * deviation * deviation) / (coarse * coarse);
    }
    //! The shrink factor that minimises `success_variance`: 0, so none, when y is better than any message.
    static double optimal_shrink(double fine, double deviation) {
        return std::sqrt(std::max(0.0, 1 - fine * fine / (24 * deviation * deviation)));
    }

    void validate() const {
        validate_described(*this);
        const double k = coarse / fine;
        expect(k > 1.5 && k < 65536.5, "nested_dithered: coarse / fine must lie in 2..65536");
        expect(std::fabs(k - ratio()) <= 1e-5 * k, "nested_dithered: coarse must be an integer multiple of fine");
    }
    std::string name() const { return described_name(*this); }

private:
    //! t minus the multiple of k nearest to it. Exact for integers t, and no product here is rounded.
    template <class T>
    T centred(const T& t) const {
        const T k(static_cast<float>(ratio()));
        return t - rounded(T(k * round_half_up(T(t / k))));
    }
};

//! How many coordinates of `decoded` went to a wrong multiple of the coarse step: are nearer to one than to x.
//!
//! norm: the scale that x was sent with (its max-norm, say). For reports and simulations: a receiver does not know x.
inline std::size_t wrap_failures(const nested_dithered& q, float norm, std::span<const float> x,
                                 std::span<const float> decoded) {
    expect(x.size() == decoded.size(), "wrap_failures: the two vectors differ in length");
    const double limit = q.shrink * q.coarse * double(norm) / 2;
    std::size_t failures = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        failures += std::fabs(double(decoded[i]) - double(x[i])) > limit ? 1u : 0u;
    }
    return failures;
}

//! Wrap failures over many messages, for a report.
struct wrap_statistic {
    std::uint64_t coordinates = 0;
    std::uint64_t failures = 0;

    void add(const nested_dithered& q, float norm, std::span<const float> x, std::span<const float> decoded) {
        failures += wrap_failures(q, norm, x, decoded);
        coordinates += x.size();
    }
    double rate() const { return coordinates == 0 ? 0 : double(failures) / double(coordinates); }
};

}  // namespace frugal
