//! `mixing_matrix`: sparse symmetric doubly stochastic weights, the model of MixingMatrix that every topology returns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/mix/spectrum.hpp>
#include <frugal/mix/validate.hpp>

namespace frugal {

//! An undirected edge.
using edge = std::pair<std::uint32_t, std::uint32_t>;

//! Rows of (node, weight) in one array. A value: copy it, store it. Immutable. Memory O(nodes + edges).
class mixing_matrix {
public:
    //! One node that mixes with nobody.
    mixing_matrix() : mixing_matrix("complete(1)", {0, 1}, {{0, 1.0}}) {}

    //! Metropolis weights 1 / max(degree_i, degree_j), degrees counting the node itself; the rest stays at the node.
    //!
    //! Edges given twice (in either direction) count once. Throws for nodes out of range, loops, and graphs in parts.
    static mixing_matrix metropolis(std::string name, std::size_t nodes, std::span<const edge> edges) {
        expect(nodes > 0, [&] { return name + ": a topology needs at least one node"; });
        expect(nodes <= UINT32_MAX, [&] { return name + ": at most 2^32 - 1 nodes"; });
        std::vector<edge> both;
        both.reserve(2 * edges.size());
        for (const auto& [a, b] : edges) {
            expect(a < nodes && b < nodes, [&, a = a, b = b] {
                return name + ": edge (" + std::to_string(a) + ", " + std::to_string(b) + ") names a node beyond " +
                       std::to_string(nodes - 1);
            });
            expect(a != b, [&, a = a] {
                return name + ": node " + std::to_string(a) +
                       " has an edge to itself: leave it out, every node keeps a share anyway";
            });
            both.emplace_back(a, b);
            both.emplace_back(b, a);
        }
        std::sort(both.begin(), both.end());
        both.erase(std::unique(both.begin(), both.end()), both.end());
        std::vector<std::uint32_t> degree(nodes, 1);
        for (const auto& [a, b] : both) {
            ++degree[a];
        }
        std::vector<std::size_t> offsets{0};
        std::vector<neighbor> entries;
        offsets.reserve(nodes + 1);
        entries.reserve(both.size() + nodes);
        auto next = both.begin();
        for (std::uint32_t i = 0; i < nodes; ++i) {
            const std::size_t begin = entries.size();
            std::size_t self = begin;
            double rest = 1;
            for (; next != both.end() && next->first == i; ++next) {
                const double weight = 1.0 / std::max(degree[i], degree[next->second]);
                entries.push_back({next->second, weight});
                rest -= weight;
                self += next->second < i ? 1u : 0u;
            }
            entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(self), neighbor{i, std::max(rest, 0.0)});
            offsets.push_back(entries.size());
        }
        return mixing_matrix(std::move(name), std::move(offsets), std::move(entries));
    }

    //! Weights of your own: n x n, row by row. Throws unless they are a mixing matrix (see validate.hpp).
    static mixing_matrix from_weights(std::string name, std::size_t nodes, std::span<const double> weights) {
        expect(nodes > 0 && weights.size() == nodes * nodes,
               [&] { return name + ": a mixing matrix needs nodes * nodes weights"; });
        std::vector<std::size_t> offsets{0};
        std::vector<neighbor> entries;
        for (std::size_t i = 0; i < nodes; ++i) {
            for (std::size_t j = 0; j < nodes; ++j) {
                if (weights[i * nodes + j] != 0 || i == j) {
                    entries.push_back({static_cast<std::uint32_t>(j), weights[i * nodes + j]});
                }
            }
            offsets.push_back(entries.size());
        }
        return mixing_matrix(std::move(name), std::move(offsets), std::move(entries));
    }

    std::size_t size() const { return offsets_.size() - 1; }
    //! Row i: its neighbours and i itself, by increasing node.
    std::span<const neighbor> neighbors(std::size_t i) const {
        return std::span<const neighbor>(entries_).subspan(offsets_[i], offsets_[i + 1] - offsets_[i]);
    }
    //! Number of neighbours of node i without itself.
    std::size_t degree(std::size_t i) const { return neighbors(i).size() - 1; }
    std::size_t edges() const { return (entries_.size() - size()) / 2; }
    //! Weight of nodes i and j; 0 if they are not neighbours.
    double weight(std::size_t i, std::size_t j) const {
        for (const neighbor& e : neighbors(i)) {
            if (e.node == j) {
                return e.weight;
            }
        }
        return 0;
    }
    //! rho = 1 - max(|second eigenvalue|, |last eigenvalue|), in [0, 1]. Computed on each call: O(n^3) for n <= 128.
    double spectral_gap() const { return extremes(*this).spectral_gap(); }
    //! ||I - W|| = 1 - last eigenvalue, in [0, 2].
    double beta() const { return extremes(*this).beta(); }
    const std::string& name() const { return name_; }

private:
    mixing_matrix(std::string name, std::vector<std::size_t> offsets, std::vector<neighbor> entries)
        : name_(std::move(name)), offsets_(std::move(offsets)), entries_(std::move(entries)) {
        validate(*this);
    }

    std::string name_;
    std::vector<std::size_t> offsets_;
    std::vector<neighbor> entries_;
};

}  // namespace frugal
