//! Selection of coordinates by magnitude: the k largest, or all above a threshold. Exact, linear time, never a sort.
//!
//! The magnitude of a finite float orders like the unsigned integer of its bits without the sign; selection counts
//! those integers digit by digit (radix selection), so that its result is a pure function of the bits of x.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/error.hpp>

namespace frugal::kernels {

//! The bits of |x|: increasing in |x|, at most `largest_finite_magnitude` for finite x.
constexpr std::uint32_t magnitude_bits(float x) {
    return std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu;
}
inline constexpr std::uint32_t largest_finite_magnitude = 0x7F7FFFFFu;

namespace detail {

[[noreturn]] inline void throw_not_finite(std::size_t i) {
    throw invalid_input("input element " + std::to_string(i) + " is not finite: check the gradient for divergence");
}

//! What radix selection finds: everything above `bits` is selected, and the first `ties` elements equal to it.
struct selection_boundary {
    std::uint32_t bits = 0;
    std::size_t ties = 0;
};

//! The boundary of the k largest among n > 0 magnitudes, 1 <= k <= n; key(i) is the magnitude of element i. 3 passes.
template <class Key>
selection_boundary boundary_of_largest(std::size_t n, std::size_t k, Key key) {
    constexpr std::array<unsigned, 3> shifts{20, 9, 0};  // digits of 11, 11 and 9 bits
    std::uint32_t prefix = 0;
    std::uint32_t prefix_mask = 0;
    for (const unsigned shift : shifts) {
        std::array<std::uint32_t, 2048> count{};
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint32_t b = key(i);
            count[(b >> shift) & 2047u] += static_cast<std::uint32_t>((b & prefix_mask) == prefix);
        }
        std::uint32_t digit = 2047;
        for (; count[digit] < k; --digit) {
            k -= count[digit];
        }
        prefix |= digit << shift;
        prefix_mask = ~((std::uint32_t{1} << shift) - 1u);
    }
    return {prefix, k};
}

}  // namespace detail

//! Fills `indices` with the increasing indices of the k elements of largest |x|, ties to the lowest index; returns
//! how many: min(k, x.size()). Throws `invalid_input` naming the first element that is NaN or infinite.
//! O(n); allocates nothing once `indices` is warm.
inline std::size_t select_top_k(std::span<const float> x, std::size_t k, std::vector<std::uint32_t>& indices) {
    expect(x.size() <= std::numeric_limits<std::uint32_t>::max(),
           "top-k selects among at most 2^32 - 1 elements: split the vector");
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (magnitude_bits(x[i]) > largest_finite_magnitude) {
            detail::throw_not_finite(i);
        }
    }
    k = std::min(k, x.size());
    indices.resize(k);
    if (k == 0) {
        return 0;
    }
    auto [bits, ties] = detail::boundary_of_largest(x.size(), k, [&](std::size_t i) { return magnitude_bits(x[i]); });
    for (std::size_t i = 0, n = 0; n < k; ++i) {
        const std::uint32_t b = magnitude_bits(x[i]);
        if (b > bits || (b == bits && ties > 0)) {
            ties -= static_cast<std::size_t>(b == bits);
            indices[n++] = static_cast<std::uint32_t>(i);
        }
    }
    return k;
}

//! Fills `indices` with the increasing indices of all elements with |x| >= threshold (threshold >= 0) and returns how
//! many. Throws `invalid_input` naming the first element that is NaN or infinite. O(n).
inline std::size_t select_threshold(std::span<const float> x, float threshold, std::vector<std::uint32_t>& indices) {
    expect(x.size() <= std::numeric_limits<std::uint32_t>::max(),
           "threshold selects among at most 2^32 - 1 elements: split the vector");
    expect(threshold >= 0, "the threshold of a selection must not be negative or NaN");
    indices.clear();
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (magnitude_bits(x[i]) > largest_finite_magnitude) {
            detail::throw_not_finite(i);
        }
        if (magnitude_bits(x[i]) >= magnitude_bits(threshold)) {
            indices.push_back(static_cast<std::uint32_t>(i));
        }
    }
    return indices.size();
}

}  // namespace frugal::kernels
