//! `mixing_row`: what one node needs of a mixing matrix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <frugal/concepts.hpp>

namespace frugal {

//! Row i of a mixing matrix without i: whom a node talks to, by increasing node, and with which weight.
struct mixing_row {
    std::vector<std::uint32_t> nodes;
    std::vector<float> weights;
    float weight_sum = 0;       //!< of the rounded weights,
    float weight_sum_rest = 0;  //!< and what is missing to it: so that w (y_j - y_i) cancel over all nodes

    mixing_row() = default;
    template <MixingMatrix W>
    mixing_row(const W& w, std::size_t i) {
        double sum = 0;
        for (const neighbor& e : w.neighbors(i)) {
            if (e.node != i && e.weight > 0) {
                nodes.push_back(e.node);
                weights.push_back(static_cast<float>(e.weight));
                sum += static_cast<double>(weights.back());
            }
        }
        weight_sum = static_cast<float>(sum);
        weight_sum_rest = static_cast<float>(sum - static_cast<double>(weight_sum));
    }
    std::size_t size() const { return nodes.size(); }
};

}  // namespace frugal
