//! Rounding for quantizers, generic in T (`float` or a SIMD batch found through its own namespace).
#pragma once

#include <cmath>

namespace frugal {

//! floor(t + 1/2): the rounding of every quantizer here.
template <class T>
T round_half_up(const T& t) {
    using std::floor;
    return floor(t + T(0.5f));
}

}  // namespace frugal
