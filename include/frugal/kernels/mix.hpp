//! Averaging with neighbours.
#pragma once

#include <cstddef>
#include <span>

#include <frugal/core/exact.hpp>
#include <frugal/kernels/batch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

//! out += sum_k weights[k] (y[k] - base), neighbour after neighbour for every coordinate, in one pass: differences,
//! because the rounded weights of a row need not sum to 1. `base` may be `out`.
template <class Arch = default_arch>
void mix(std::span<float> out, std::span<const float> base, std::span<const std::span<const float>> y,
         std::span<const float> weights) {
    std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
    if constexpr (SimdArch<Arch>) {
        using batch = float_batch<Arch>;
        for (; i + batch::size <= out.size(); i += batch::size) {
            const batch own = batch::load_unaligned(base.data() + i);
            batch sum = batch::load_unaligned(out.data() + i);
            for (std::size_t k = 0; k < y.size(); ++k) {
                const batch difference = batch::load_unaligned(y[k].data() + i) - own;
                sum = multiply_add(batch(weights[k]), difference, sum);
            }
            sum.store_unaligned(out.data() + i);
        }
    }
#endif
    for (; i < out.size(); ++i) {
        const float own = base[i];
        float sum = out[i];
        for (std::size_t k = 0; k < y.size(); ++k) {
            sum = multiply_add(weights[k], y[k][i] - own, sum);
        }
        out[i] = sum;
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
