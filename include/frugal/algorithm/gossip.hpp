//! What decentralized algorithms share: the order of a round, a node's row of the mixing matrix, fused vector passes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/exact.hpp>

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

//! out = x + sum_k weights[k] (y[k] - x), neighbour after neighbour for every coordinate: differences, because the rounded
//! weights of a row need not sum to 1. `out` may be x. Chunks keep the sums in the first-level cache.
inline void mix_into(std::span<float> out, std::span<const float> x, std::span<const std::span<const float>> y,
                     std::span<const float> weights) {
    constexpr std::size_t chunk = 2048;
    float sum[chunk];
    for (std::size_t begin = 0; begin < x.size(); begin += chunk) {
        const std::size_t n = x.size() - begin < chunk ? x.size() - begin : chunk;
        const float* own = x.data() + begin;
        for (std::size_t i = 0; i < n; ++i) {
            sum[i] = own[i];
        }
        for (std::size_t k = 0; k < y.size(); ++k) {
            const float* other = y[k].data() + begin;
            const float weight = weights[k];
            for (std::size_t i = 0; i < n; ++i) {
                sum[i] = multiply_add(weight, other[i] - own[i], sum[i]);
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            out[begin + i] = sum[i];
        }
    }
}

}  // namespace detail
}  // namespace frugal
