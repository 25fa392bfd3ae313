//! Symbols back to coordinates near a known vector: the inner loop of quantizers with side information.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frugal/concepts.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/batch.hpp>
#include <frugal/kernels/philox.hpp>
#include <frugal/kernels/quantize.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

//! Does Q's value with side information work on batches of Arch?
template <class Q, class Arch>
inline constexpr bool values_batches_near = false;
#if defined(FRUGAL_HAS_SIMD)
template <class Q, SimdArch Arch>
inline constexpr bool values_batches_near<Q, Arch> = requires(const Q q, const float_batch<Arch> x) {
    { q.value(x, x, x) } -> std::same_as<float_batch<Arch>>;
};
#endif

//! y[i] = step * value(symbols[i] + lowest, dither, side[i] / step); 0 where step is 0. `side` may be y. O(n).
//!
//! From 2^24 steps on a float does not resolve what the symbol says (and the quotient may overflow): there y[i] =
//! side[i].
template <class Arch = default_arch, Quantizer Q, class Symbol>
    requires decodes_with_side_information<Q>
void reconstruct_near(const Q& q, const Symbol* symbols, float step, const random_stream& dither, std::uint64_t first,
                      std::span<const float> side, std::span<float> y) {
    constexpr std::size_t block = 1024;
    constexpr float limit = 0x1p24f;
    const int lowest = q.symbols().lowest;
    const float inverse_step = step > 0 ? 1.0f / step : 0.0f;
    float u[block];
    const auto near = [&](std::size_t at, float index, float dither_of) {
        const float scaled = rounded(side[at] * inverse_step);
        const bool resolved = scaled > -limit && scaled < limit;
        y[at] = resolved ? rounded(step * q.value(index, dither_of, scaled)) : side[at];
    };
    for (std::size_t at = 0, n = 0; at < y.size(); at += n) {
        n = std::min<std::size_t>(block - (first + at) % block, y.size() - at);
        random_centered<Arch>(dither, first + at, n, u);
        std::size_t i = 0;
        if constexpr (group_of<Q> > 0) {
            detail::for_groups<group_of<Q>>(first + at, n, [&](std::size_t from, bool whole) {
                int index[group_of<Q>];
                float point[group_of<Q>];
                const std::size_t count = whole ? group_of<Q> : 1;
                for (std::size_t j = 0; j < count; ++j) {
                    index[j] = static_cast<int>(symbols[at + from + j]) + lowest;
                    point[j] = static_cast<float>(index[j]);
                }
                if (whole) {
                    q.expand_group(index, point);
                }
                for (std::size_t j = 0; j < count; ++j) {
                    near(at + from + j, point[j], u[from + j]);
                }
            });
            continue;
        }
#if defined(FRUGAL_HAS_SIMD)
        if constexpr (group_of<Q> == 0 && values_batches_near<Q, Arch>) {
            using batch = float_batch<Arch>;
            for (; i + batch::size <= n; i += batch::size) {
                int_batch<Arch> symbol;
                if constexpr (sizeof(Symbol) == 1) {
                    symbol = lane_operations<Arch>::load_bytes(symbols + at + i);
                } else {
                    symbol = same_bits<std::int32_t>(word_batch<Arch>::load_unaligned(symbols + at + i));
                }
                const batch index = xsimd::to_float(symbol + int_batch<Arch>(lowest));
                const batch known = batch::load_unaligned(side.data() + at + i);
                const batch scaled = rounded(known * batch(inverse_step));
                const batch value = batch(step) * q.value(index, batch::load_unaligned(u + i), scaled);
                xsimd::select(xsimd::abs(scaled) < batch(limit), value, known).store_unaligned(y.data() + at + i);
            }
        }
#endif
        for (; i < n; ++i) {
            near(at + i, static_cast<float>(static_cast<int>(symbols[at + i]) + lowest), u[i]);
        }
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
