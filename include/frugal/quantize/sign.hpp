//! One bit per coordinate: the sign.
#pragma once

#include <cstddef>
#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/quantize/rounding.hpp>

namespace frugal {

//! index(x) = [x >= 0];  value(i) = 2 i - 1.  Biased; sign(0) = +1, as one bit cannot say 0 (Bernstein et al. 2018).
//!
//! Under `mean_abs`, the default scale of quantizers that ignore theirs, E||C(x) - x||^2 = ||x||^2 - ||x||_1^2 / d
//! exactly: a contraction of ||x||_1^2 / (d ||x||^2) >= 1/d, to be wrapped in `error_feedback`. `fixed{1}` gives signs
//! alone.
struct sign {
    static constexpr auto describe() {
        return describes("sign", "one bit, the sign; with mean_abs and error feedback");
    }
    static constexpr bool unbiased = false;
    static constexpr bool scale_free = true;
    constexpr alphabet symbols() const { return {0, 1}; }
    constexpr float range() const { return 1.0f; }
    template <class T>
    T index(const T& x) const {
        return select(x >= T(0.0f), T(1.0f), T(0.0f));
    }
    template <class T>
    T value(const T& i) const {
        return T(2.0f) * i - T(1.0f);
    }
    //! E||C(x) - x||^2 <= (1 - this) ||x||^2 under mean_abs, for x of n elements.
    static constexpr double mean_abs_contraction(std::size_t n) { return n == 0 ? 1 : 1 / static_cast<double>(n); }
    //! E||C(x) - x||^2 <= ||x||^2 - this ||x||_1^2 / n under mean_abs.
    static constexpr double mean_contraction() { return 1; }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
