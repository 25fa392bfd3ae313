//! exp, log and tanh in double with the same bits on every machine: no libm, no contraction.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include <frugal/core/exact.hpp>

namespace frugal {

//! Natural logarithm of x > 0, relative error below 1e-15; -inf at 0, NaN below.
constexpr double exact_log(double x) {
    if (!(x > 0)) {
        return x == 0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
    }
    if (x > std::numeric_limits<double>::max()) {
        return x;
    }
    double exponent = 0;
    if (x < std::numeric_limits<double>::min()) {
        x *= 0x1p54;
        exponent = -54;
    }
    const std::uint64_t shifted =
        std::bit_cast<std::uint64_t>(x) - 0x3FE6A09E667F3BCDu;  // mantissa in [sqrt(1/2), sqrt(2))
    exponent += static_cast<double>(static_cast<std::int64_t>(shifted) >> 52);
    const double f = std::bit_cast<double>((shifted & 0x000FFFFFFFFFFFFFu) + 0x3FE6A09E667F3BCDu) - 1.0;
    const double s = f / (2.0 + f);  // log(1 + f) = 2 atanh(s), |s| <= 0.1716
    const double z = rounded(s * s);
    double p = 1.0 / 21.0;
    for (int k = 19; k >= 3; k -= 2) {
        p = multiply_add(z, p, 1.0 / k);
    }
    const double tail = rounded(2.0 * rounded(rounded(s * z) * p)) + rounded(exponent * 1.9082149292705877e-10);
    return rounded(exponent * 0.693147180369123816490) + (2.0 * s + tail);
}

//! e^x, relative error below 1e-15 where the result is normal; 0 below -745.2 and infinite above 709.8.
constexpr double exact_exp(double x) {
    if (!(x > -745.2)) {
        return x == x ? 0.0 : x;
    }
    if (x > 709.782712893384) {
        return std::numeric_limits<double>::infinity();
    }
    const int k = static_cast<int>(rounded(x * 1.4426950408889634) + (x < 0 ? -0.5 : 0.5));
    const double high = x - rounded(k * 0.693147180369123816490);  // exact: the constant has 21 trailing zero bits
    const double r = high - rounded(k * 1.9082149292705877e-10);
    double p = 1.0 / 6227020800.0;
    double factorial = 479001600.0;
    for (int n = 12; n >= 1; --n) {
        p = multiply_add(r, p, 1.0 / factorial);
        factorial /= n;
    }
    p = multiply_add(r, p, 1.0);
    const int half = k / 2;  // in two steps, so that results near the ends of the range are reached
    const auto power = [](int e) { return std::bit_cast<double>(static_cast<std::uint64_t>(e + 1023) << 52); };
    return p * power(half) * power(k - half);
}

//! tanh x, relative error below 1e-15 where |x| is not small, absolute below 1e-16 elsewhere.
constexpr double exact_tanh(double x) {
    const double e = exact_exp(-2 * (x < 0 ? -x : x));
    const double y = (1 - e) / (1 + e);
    return x < 0 ? -y : y;
}

}  // namespace frugal
