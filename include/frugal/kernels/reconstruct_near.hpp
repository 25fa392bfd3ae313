//! Symbols back to coordinates near a known vector: the inner loop of quantizers with side information.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frugal/concepts.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/random.hpp>

namespace frugal::kernels {

//! y[i] = step * value(symbols[i] + lowest, dither, side[i] / step); 0 where step is 0. `side` may be y. O(n).
//!
//! From 2^24 steps on a float does not resolve what the symbol says (and the quotient may overflow): there y[i] = side[i].
template <Quantizer Q, class Symbol>
requires decodes_with_side_information<Q>
void reconstruct_near(const Q& q, const Symbol* symbols, float step, const random_stream& dither, std::uint64_t first,
                      std::span<const float> side, std::span<float> y) {
    const int lowest = q.symbols().lowest;
    const float inverse_step = step > 0 ? 1.0f / step : 0.0f;
    for (std::size_t i = 0; i < y.size(); ++i) {
        const auto index = static_cast<float>(static_cast<int>(symbols[i]) + lowest);
        const float scaled = rounded(side[i] * inverse_step);
        const bool resolved = scaled > -0x1p24f && scaled < 0x1p24f;
        y[i] = resolved ? rounded(step * q.value(index, dither.centered(first + i), scaled)) : side[i];
    }
}

}  // namespace frugal::kernels
