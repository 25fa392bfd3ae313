//! `exhaustive_search`: the best of all sign vectors of few dimensions, the yardstick of binary training.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/core/error.hpp>

namespace frugal {

//! The first sign vector with the least value, in the order they were tried.
struct best_signs {
    std::vector<float> weights{};
    double value = 0;
};

//! Tries all w of {-1, +1}^d and keeps the best; NaN is never best while something else is.
//!
//! loss(w), or loss(w, flipped): two vectors in a row differ in one coordinate only (Gray code), `flipped`, so that a
//! loss that keeps its terms can be updated in place of worked out anew; d for the first, which is all -1.
//! 2^d losses. Throws `invalid_input` unless 1 <= d <= 24.
template <class Loss>
best_signs exhaustive_search(std::size_t d, Loss loss) {
    expect(d >= 1 && d <= 24, "an exhaustive search tries 2^d vectors: d must be from 1 to 24");
    std::vector<float> w(d, -1.0f);
    const auto evaluate = [&](std::size_t flipped) -> double {
        if constexpr (std::invocable<Loss&, std::span<const float>, std::size_t>) {
            return loss(std::span<const float>(w), flipped);
        } else {
            return loss(std::span<const float>(w));
        }
    };
    best_signs best{w, evaluate(d)};
    for (std::uint32_t k = 1; k < std::uint32_t{1} << d; ++k) {
        const auto flipped = static_cast<std::size_t>(std::countr_zero(k));
        w[flipped] = -w[flipped];
        const double value = evaluate(flipped);
        if (value < best.value || best.value != best.value) {
            best = {w, value};
        }
    }
    return best;
}

}  // namespace frugal
