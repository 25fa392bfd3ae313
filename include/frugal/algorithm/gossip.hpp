//! What decentralized algorithms share: the order of a round, a node's row of the mixing matrix, fused vector passes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/kernels/batch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal {

//! What a round does first. Both have the same rates; they differ in where the gradient is taken.
enum class round_order : std::uint8_t {
    sequential,  //!< gradient step, then averaging: x <- W (x - eta g(x)) without compression
    overlap,     //!< both from the same point, so that communication hides behind the gradient: x <- W x - eta g(x)
};

namespace detail {

//! Row i of a mixing matrix without i: whom a node talks to, and with which weight.
struct mixing_row {
    std::vector<std::uint32_t> nodes;
    std::vector<float> weights;
    double weight_sum = 0;  // of the rounded weights, without the node's own

    template <MixingMatrix W>
    static mixing_row of(const W& w, std::size_t i) {
        mixing_row row;
        for (const neighbor& e : w.neighbors(i)) {
            if (e.node != i && e.weight > 0) {
                row.nodes.push_back(e.node);
                row.weights.push_back(static_cast<float>(e.weight));
                row.weight_sum += static_cast<double>(row.weights.back());
            }
        }
        return row;
    }
    std::size_t size() const { return nodes.size(); }
};

//! out = x + sum_k weights[k] (y[k] - x), neighbour after neighbour for every coordinate, in one pass: differences,
//! because the rounded weights of a row need not sum to 1. `out` may be x.
template <class Arch = default_arch>
void mix_into(std::span<float> out, std::span<const float> x, std::span<const std::span<const float>> y,
              std::span<const float> weights) {
    std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
    if constexpr (SimdArch<Arch>) {
        using batch = kernels::float_batch<Arch>;
        for (; i + batch::size <= x.size(); i += batch::size) {
            const batch own = batch::load_unaligned(x.data() + i);
            batch sum = own;
            for (std::size_t k = 0; k < y.size(); ++k) {
                const batch difference = batch::load_unaligned(y[k].data() + i) - own;
                sum = multiply_add(batch(weights[k]), difference, sum);
            }
            sum.store_unaligned(out.data() + i);
        }
    }
#endif
    for (; i < x.size(); ++i) {
        const float own = x[i];
        float sum = own;
        for (std::size_t k = 0; k < y.size(); ++k) {
            sum = multiply_add(weights[k], y[k][i] - own, sum);
        }
        out[i] = sum;
    }
}

}  // namespace detail
}  // namespace frugal

FRUGAL_KERNELS_END
