//! Rounding and selection for quantizers, generic in T: `float`, or a SIMD batch whose functions are found through its
//! own namespace. A quantizer written with them compiles to one branch-free vector loop.
#pragma once

#include <cmath>
#include <type_traits>

#include <frugal/core/exact.hpp>

namespace frugal {

//! floor(t + 1/2): round to nearest, halves up. (Of the float sum: the largest float below 1/2 rounds to 1.)
template <class T>
[[gnu::always_inline]] inline T round_half_up(const T& t) {
    using std::floor;
    return floor(t + T(0.5f));
}

//! condition ? yes : no, lane by lane. `condition` is what comparing two T yields.
template <class Condition, class T>
[[gnu::always_inline]] inline T select(const Condition& condition, const T& yes, const T& no) {
    if constexpr (std::is_same_v<Condition, bool>) {
        return condition ? yes : no;
    } else {
        return select(condition, yes, no);  // the batch's own, which is more specialised
    }
}

//! |x|.
template <class T>
[[gnu::always_inline]] inline T magnitude(const T& x) {
    using std::abs;
    return abs(x);
}

//! y with the sign of x, for y >= 0 and x not NaN; a zero of either sign counts as positive.
template <class T>
[[gnu::always_inline]] inline T with_sign_of(const T& x, const T& y) {
    return select(x < T(0.0f), T(-y), y);
}

//! The square root, correctly rounded.
template <class T>
T square_root(const T& x) {
    using std::sqrt;
    return sqrt(x);
}

//! floor(x + u + 1/2) for u in (-1/2, 1/2), as in exact arithmetic where it matters: an integer x is always kept. (A
//! sum in float would round it up for the largest u, so that a zero coordinate could become a non-zero one.)
template <class T>
[[gnu::always_inline]] inline T round_with_dither(const T& x, const T& u) {
    using std::floor;
    const T below = floor(x);
    const T fraction = x - below;
    return below + select(u >= T(0.5f) - fraction, T(1.0f), T(0.0f));
}

}  // namespace frugal
