//! Uniform quantizers with subtractive dither.
#pragma once

#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/quantize/rounding.hpp>

namespace frugal {

//! Subtractively dithered uniform quantizer with 2 levels + 1 values (Abdi 2020, sec. 2.3.1).
//!
//! index(x, u) = round(x + u) in {-levels..levels};  value(i, u) = i - u.
//! x: input in steps, |x| <= levels;  u: dither, uniform on (-1/2, 1/2), known to both sides.
//! The error is uniform on (-1/2, 1/2) and independent of x: unbiased, variance 1/12 per coordinate, in steps squared.
struct dithered {
    int levels = 1;

    static constexpr bool unbiased = true;
    constexpr alphabet symbols() const { return {-levels, levels}; }
    template <class T>
    T index(const T& x, const T& u) const {
        return round_half_up(x + u);
    }
    template <class T>
    T value(const T& i, const T& u) const {
        return i - u;
    }
    //! E||C(x) - x||^2 in steps squared per coordinate.
    static constexpr double step_variance() { return 1.0 / 12; }
    std::string name() const { return expression("dithered", {{"levels", double(levels)}}); }
};

}  // namespace frugal
