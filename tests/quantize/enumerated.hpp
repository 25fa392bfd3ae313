//! Exact moments of a quantizer at one x: instead of random dither, all of 2^16 equally spaced values of it.
#pragma once

#include <cstddef>

#include <frugal/concepts.hpp>

namespace test {

inline constexpr int dither_points = 1 << 16;

//! The midpoint of one of 2^16 equal parts of (-1/2, 1/2): exact in float.
inline float dither_point(int k) {
    return static_cast<float>(2 * k + 1 - dither_points) / (2.0f * dither_points);
}

struct dither_moments {
    double mean = 0;      //!< E C(x)
    double variance = 0;  //!< E (C(x) - x)^2
    double largest = 0;   //!< the largest |C(x) - x|
};

template <frugal::Quantizer Q>
dither_moments moments_over_dither(const Q& q, float x) {
    dither_moments m;
    for (int k = 0; k < dither_points; ++k) {
        const float u = dither_point(k);
        const float i = q.index(x, u);
        double y;
        if constexpr (frugal::decodes_with_dither<Q>) {
            y = double{q.value(i, u)};
        } else {
            y = double{q.value(i)};
        }
        const double e = y - double{x};
        m.mean += y / dither_points;
        m.variance += e * e / dither_points;
        m.largest = e < 0 ? (-e > m.largest ? -e : m.largest) : (e > m.largest ? e : m.largest);
    }
    return m;
}

}  // namespace test
