//! `validate`: is this a mixing matrix that gossip converges with?
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <frugal/concepts.hpp>

namespace frugal {

//! Throws `invalid_input`, naming row and column, unless w is well formed (columns in range and increasing), has no
//! negative or non-finite weight, is symmetric, has rows that sum to 1 within `tolerance`, and is connected.
//! (With equal rows and columns, row sums 1 make it doubly stochastic.) O(edges log degree).
template <MixingMatrix W>
void validate(const W& w, double tolerance = 1e-12) {
    const std::size_t n = w.size();
    expect(n > 0, "a mixing matrix needs at least one node");
    const auto weight_of = [&](std::size_t i, std::size_t j) {
        std::span<const neighbor> row = w.neighbors(i);
        std::size_t low = 0, high = row.size();
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            (row[middle].node < j ? low : high) = row[middle].node < j ? middle + 1 : middle;
        }
        return low < row.size() && row[low].node == j ? row[low].weight : 0.0;
    };
    for (std::size_t i = 0; i < n; ++i) {
        std::span<const neighbor> row = w.neighbors(i);
        double sum = 0;
        for (std::size_t k = 0; k < row.size(); ++k) {
            expect(row[k].node < n && (k == 0 || row[k - 1].node < row[k].node), [&] {
                return "row " + std::to_string(i) + " of a mixing matrix must list nodes below " + std::to_string(n) +
                       " in increasing order, each once";
            });
            expect(row[k].weight >= 0 && row[k].weight - row[k].weight == 0, [&] {
                return "the weight of nodes " + std::to_string(i) + " and " + std::to_string(row[k].node) +
                       " in a mixing matrix must be finite and not negative";
            });
            sum += row[k].weight;
        }
        expect(std::fabs(sum - 1) <= tolerance, [&] {
            return "row " + std::to_string(i) + " of a mixing matrix sums to " + std::to_string(sum) +
                   ", expected 1: give the rest to the node itself";
        });
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (const neighbor& e : w.neighbors(i)) {
            expect(std::fabs(e.weight - weight_of(e.node, i)) <= tolerance, [&] {
                return "a mixing matrix must be symmetric, but the weights of nodes " + std::to_string(i) + " and " +
                       std::to_string(e.node) + " differ by direction";
            });
        }
    }
    std::vector<std::size_t> reached{0};
    std::vector<bool> seen(n, false);
    seen[0] = true;
    for (std::size_t k = 0; k < reached.size(); ++k) {
        for (const neighbor& e : w.neighbors(reached[k])) {
            if (e.weight > 0 && !seen[e.node]) {
                seen[e.node] = true;
                reached.push_back(e.node);
            }
        }
    }
    expect(reached.size() == n, [&] {
        return "a mixing matrix must be connected, but only " + std::to_string(reached.size()) + " of " +
               std::to_string(n) + " nodes can be reached from node 0: add edges";
    });
}

}  // namespace frugal
