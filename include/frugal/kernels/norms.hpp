//! Norms in one pass, with detection of non-finite input, by a reduction of fixed shape.
//!
//! Element i belongs to lane i mod 16; lanes are combined by a fixed tree. No instruction set and no thread count
//! changes that order, so a norm has the same bits everywhere.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>

namespace frugal::kernels {

inline constexpr std::size_t reduction_lanes = 16;

//! Combines 16 lanes: 8 pairs (i, i + 8), then 4, 2, 1.
template <class T, class Combine>
constexpr T combine_lanes(std::array<T, reduction_lanes> lane, Combine combine) {
    for (std::size_t width = reduction_lanes / 2; width > 0; width /= 2) {
        for (std::size_t i = 0; i < width; ++i) {
            lane[i] = combine(lane[i], lane[i + width]);
        }
    }
    return lane[0];
}

//! max |x_i|; not finite if any element is not. O(n), one pass.
inline float max_abs(std::span<const float> x) {
    std::array<float, reduction_lanes> lane{};
    for (std::size_t i = 0; i < x.size(); ++i) {
        float& m = lane[i % reduction_lanes];
        const float a = std::fabs(x[i]);
        m = a > m || !(a == a) ? a : m;
    }
    return combine_lanes(lane, [](float a, float b) { return a > b || !(a == a) ? a : (b == b ? b : b); });
}

//! sum of |x_i| in double.
inline double sum_abs(std::span<const float> x) {
    std::array<double, reduction_lanes> lane{};
    for (std::size_t i = 0; i < x.size(); ++i) {
        lane[i % reduction_lanes] += std::fabs(double(x[i]));
    }
    return combine_lanes(lane, [](double a, double b) { return a + b; });
}

//! sum of x_i^2 in double (exact products, so no contraction can change it).
inline double sum_squares(std::span<const float> x) {
    std::array<double, reduction_lanes> lane{};
    for (std::size_t i = 0; i < x.size(); ++i) {
        lane[i % reduction_lanes] += double(x[i]) * double(x[i]);
    }
    return combine_lanes(lane, [](double a, double b) { return a + b; });
}

//! Index of the first element that is NaN or infinite; x.size() if there is none.
inline std::size_t first_nonfinite(std::span<const float> x) {
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!(x[i] - x[i] == 0.0f)) {
            return i;
        }
    }
    return x.size();
}

}  // namespace frugal::kernels
