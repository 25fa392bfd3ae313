//! Uniform quantizers with dither. "Steps" are the unit of x: the scale divides the input by the step.
//!
//! | quantizer                    | symbols      | error                                    | choose it when                    |
//! |------------------------------|--------------|------------------------------------------|-----------------------------------|
//! | dithered{.levels}            | 2 levels + 1 | uniform, independent of x; 1/12          | dense vectors; the default        |
//! | one_bit_dithered{}           | 2            | the same with step 2 max: as levels 1/2  | one bit must do, without feedback |
//! | half_dithered{.levels}       | 2 levels + 1 | mean 0; f(1 - f) depends on x            | the receiver cannot draw dither   |
//! | half_dithered{.dithers = 2}  | 2 levels + 3 | mean 0; 1/4 for every x                  | noise must not reveal x's size    |
#pragma once

#include <cmath>
#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/quantize/rounding.hpp>

namespace frugal {

//! Subtractively dithered uniform quantizer with 2 levels + 1 values (Abdi 2020, sec. 2.3.1).
//!
//! index(x, u) = round(x + u) in {-levels..levels};  value(i, u) = i - u.
//! x: input in steps, |x| <= levels;  u: dither, uniform on (-1/2, 1/2), known to both sides.
//! The error is uniform on (-1/2, 1/2) and independent of x: unbiased, variance 1/12 per coordinate, in steps squared.
//! That is for levels whose dither a float can still resolve beside x: to 0.1 % up to about 2^13.
//! bits: with dither_bits::sixteen u is one of 2^16 numbers at half the cost, and the error is one of as many, at even
//! distances: its mean over the dither is at most 2^-17 steps from 0, its mean square at most 2^-32 from 1/12.
struct dithered {
    int levels = 1;
    dither_bits bits = dither_bits::thirty_two;

    static constexpr auto describe() {
        return describes(
            "dithered", "uniform with subtractive dither (DQSG)",
            option("levels", &dithered::levels, "levels on each side of zero").from(1).to(1 << 24),
            option("dither_bits", &dithered::bits, "random bits a coordinate; 16: cheaper, biased by 2^-17")
                .one_of("32", "16")
                .unless_default());
    }
    static constexpr bool unbiased = true;
    constexpr dither_bits dither() const { return bits; }
    constexpr alphabet symbols() const { return {-levels, levels}; }
    template <class T>
    T index(const T& x, const T& u) const {
        return round_half_up(T(x + u));
    }
    template <class T>
    T value(const T& i, const T& u) const {
        return i - u;
    }
    //! E(C(x) - x)^2 in steps squared per coordinate: the same for every x.
    static constexpr double step_variance() { return 1.0 / 12; }
    static constexpr double step_variance(double) { return step_variance(); }
    static constexpr double largest_error() { return 0.5; }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

//! One bit per coordinate with subtractive dither (Abdi 2020, App. A, reconstruction q/2 - u).
//!
//! index(x, u) = [x + u > 0];  value(i, u) = i - 1/2 - u.  The step is twice the norm: x in [-1/2, 1/2].
//! Error uniform on (-1/2, 1/2) steps, independent of x: a `dithered` of half a level, variance norm^2 / 3.
struct one_bit_dithered {
    static constexpr auto describe() {
        return describes("one_bit_dithered", "one bit with subtractive dither, for use without feedback");
    }
    static constexpr bool unbiased = true;
    constexpr alphabet symbols() const { return {0, 1}; }
    constexpr float range() const { return 0.5f; }
    template <class T>
    T index(const T& x, const T& u) const {
        return select(x + u > T(0.0f), T(1.0f), T(0.0f));
    }
    template <class T>
    T value(const T& i, const T& u) const {
        return (i - T(0.5f)) - u;
    }
    static constexpr double step_variance() { return 1.0 / 12; }
    static constexpr double step_variance(double) { return step_variance(); }
    static constexpr double largest_error() { return 0.5; }
    std::string name() const { return described_name(*this); }
};

//! Dithered rounding whose receiver does not subtract the dither (Abdi 2020, App. A).
//!
//! index(x, u) = round(x + v);  value(i) = i.  |x| <= levels, in steps.
//! dithers = 1: v = u is uniform; unbiased, variance f(1 - f) where f is the fractional part of x.
//! dithers = 2: v is the sum of two independent uniforms (triangular on (-1, 1), made from the one u by the inverse of
//! its
//!     distribution function); unbiased, variance exactly 1/4 for every x, one more level on either side.
struct half_dithered {
    int levels = 1;
    int dithers = 1;

    static constexpr auto describe() {
        return describes(
            "half_dithered", "dithered, not subtracted by the receiver",
            option("levels", &half_dithered::levels, "levels on each side of zero").from(1).to((1 << 24) - 1),
            option("dithers", &half_dithered::dithers, "1: uniform; 2: triangular, noise independent of x")
                .from(1)
                .to(2));
    }
    static constexpr bool unbiased = true;
    constexpr alphabet symbols() const { return {-levels - (dithers - 1), levels + (dithers - 1)}; }
    constexpr float range() const { return static_cast<float>(levels); }
    template <class T>
    T index(const T& x, const T& u) const {
        if (dithers == 1) {
            return round_with_dither(x, u);
        }
        const T triangular = T(1.0f) - square_root(T(T(1.0f) - T(2.0f) * magnitude(u)));
        return round_half_up(T(x + with_sign_of(u, triangular)));
    }
    template <class T>
    T value(const T& i) const {
        return i;
    }
    static constexpr double step_variance() { return 0.25; }
    double step_variance(double x) const {
        const double f = x - std::floor(x);
        return dithers == 1 ? f * (1 - f) : 0.25;
    }
    double largest_error() const { return dithers == 1 ? 1 : 1.5; }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
