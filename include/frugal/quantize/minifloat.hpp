//! Floating-point formats of 4 to 8 bits, rounded at random: the elements of block floating point.
//!
//! | quantizer                        | format     | bits | largest    | choose it with                                       |
//! |----------------------------------|------------|------|------------|------------------------------------------------------|
//! | minifloat{2, 1}                  | E2M1       | 4    | 6          | shared_exponent{32} (MXFP4), shared_e4m3{16} (NVFP4) |
//! | minifloat{2, 3}, minifloat{3, 2} | E2M3, E3M2 | 6    | 7.5, 28    | shared_exponent{32} (MXFP6)                          |
//! | minifloat{4, 3}, minifloat{5, 2} | E4M3, E5M2 | 8    | 448, 57344 | shared_exponent{32} (MXFP8)                          |
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/quantize/rounding.hpp>

namespace frugal {

//! A sign, an exponent and a mantissa with subnormals, as in the microscaling formats (OCP 2023, sec. 5.3). Codes that
//! the formats keep for infinity and NaN (the last one of E4M3, the last four of E5M2) are never sent.
//!
//! The index of a number is its magnitude's code, exponent and mantissa side by side, with its sign; there is one zero.
//! index(x, u): one of the two neighbours of x among the format's numbers, so that the mean is x: unbiased for
//! |x| <= largest(). Variance at most 4^-(mantissa_bits + 1) x^2, or the square of half the smallest number.
struct minifloat {
    int exponent_bits = 2;
    int mantissa_bits = 1;

    static constexpr auto describe() {
        return describes(
            "minifloat", "a floating-point number of few bits, rounded at random",
            option("exponent_bits", &minifloat::exponent_bits, "of the format").from(2).to(5),
            option("mantissa_bits", &minifloat::mantissa_bits, "of the format; 2,1 2,3 3,2 4,3 5,2").from(1).to(3));
    }
    static constexpr bool unbiased = true;
    //! Of the number with the largest magnitude.
    constexpr int last_code() const {
        const int codes = 1 << (exponent_bits + mantissa_bits);
        return codes - 1 - (exponent_bits == 4 ? 1 : (exponent_bits == 5 ? 4 : 0));
    }
    constexpr alphabet symbols() const { return {-last_code(), last_code()}; }
    float largest() const { return value(static_cast<float>(last_code())); }
    float range() const { return largest(); }
    //! The smallest number above 0.
    constexpr float smallest() const { return power(first_exponent() - mantissa_bits); }

    template <class T>
    T index(const T& x, const T& u) const {
        T quanta = magnitude(x) * T(1 / smallest());  // products with powers of two are exact
        T skipped(0.0f);  // codes below those of this exponent, less those its leading one takes
        for_each_step([&](int step) {
            const auto further = quanta >= T(power(mantissa_bits + step));
            quanta = select(further, T(quanta * T(power(-step))), quanta);
            skipped = select(further, T(skipped + T(codes_of(step))), skipped);
        });
        const T code = round_with_dither(quanta, u) + skipped;
        return with_sign_of(x, code);
    }
    template <class T>
    T value(const T& i) const {
        const T code = select(i < T(0.0f), T(-i), i);
        T quantum(smallest());
        T mantissa = code;  // with its leading one, where there is one
        for_each_step([&](int step) {
            const auto further = mantissa >= T(codes_of(step + 1));
            quantum = select(further, T(quantum * T(power(step))), quantum);
            mantissa = select(further, T(mantissa - T(codes_of(step))), mantissa);
        });
        const T result = mantissa * quantum;
        return select(i < T(0.0f), T(-result), result);
    }
    //! E(C(x) - x)^2 in steps squared, at most.
    constexpr double step_variance() const { return square(double(power(last_exponent() - mantissa_bits)) / 2); }
    //! Relative to ||x||^2, for x of n elements under the max-norm.
    double max_norm_variance(std::size_t n) const {
        return square(double(power(-mantissa_bits)) / 2) +
               static_cast<double>(n) * square(double(smallest()) / (2 * double(range())));
    }
    constexpr double largest_error() const { return double(power(last_exponent() - mantissa_bits)); }
    void validate() const {
        validate_described(*this);
        expect((exponent_bits == 2 && mantissa_bits != 2) || exponent_bits + mantissa_bits == 7 ||
                   (exponent_bits == 3 && mantissa_bits == 2),
               "minifloat: the formats are E2M1, E2M3, E3M2, E4M3 and E5M2");
    }
    std::string name() const { return described_name(*this); }

private:
    static constexpr double square(double v) { return v * v; }
    static constexpr float power(int e) { return std::bit_cast<float>(static_cast<std::uint32_t>(127 + e) << 23); }
    //! Of the smallest normal number, and of the largest.
    constexpr int first_exponent() const { return 2 - (1 << (exponent_bits - 1)); }
    constexpr int last_exponent() const { return first_exponent() + (last_code() >> mantissa_bits) - 1; }
    //! So many exponents apart.
    constexpr float codes_of(int exponents) const { return static_cast<float>(exponents << mantissa_bits); }
    //! Binary search for an exponent: f(step) goes so many further up, or does not.
    template <class F>
    constexpr void for_each_step(F f) const {
        for (int left = last_exponent() - first_exponent(); left > 0; left /= 2) {
            f((left + 1) / 2);
        }
    }
};

}  // namespace frugal
