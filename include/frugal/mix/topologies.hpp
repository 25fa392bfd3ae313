//! The topologies. Each returns a `mixing_matrix` with Metropolis weights 1 / max(degree_i, degree_j), degrees counting
//! the node itself (so that an even ring is not bipartite). Spectral gap rho = 1 - largest |eigenvalue| but one, here
//! for rings from 3 nodes and tori with sides from 3:
//!
//! | topology            | neighbours     | rho                             | choose it for                          |
//! |---------------------|----------------|---------------------------------|----------------------------------------|
//! | `ring(n)`           | 2              | (2/3)(1 - cos(2 pi / n))        | the hard case every paper reports      |
//! | `chain(n)`          | 1 or 2         | about pi^2 / (3 n^2)            | pipelines, the worst case              |
//! | `star(n)`           | 1, hub n - 1   | 1 / n for n >= 3                | a server seen as gossip                |
//! | `torus(r, c)`       | 4              | (2/5)(1 - cos(2 pi / max(r,c))) | the mesh of a machine room             |
//! | `complete(n)`       | n - 1          | 1                               | exact averaging                        |
//! | `exponential(n)`    | 2 log2 n - 1   | 2 / log2 n for n = 2^k >= 4     | few messages and fast mixing           |
//! | `social_network()`  | 3 to 14        | 0.0821                          | irregular: 18 women and 14 events      |
//! | `from_edges(n, e)`  | yours          | measure it                      | your own network                       |
//!
//! Of other n, `exponential(n)` has about 2 log2 n neighbours and rho between 1.7 / log2 n and 3.2 / log2 n (measured
//! for n up to 256). A torus of 2 x c has 3 neighbours and rho = (1/2)(1 - cos(2 pi / c)) for c >= 4.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/mix/mixing_matrix.hpp>

namespace frugal {

//! Your own graph: node numbers are below `nodes`, edges undirected; an edge given twice counts once.
//! Throws `invalid_input` for nodes out of range, loops, and graphs in several parts.
inline mixing_matrix from_edges(std::size_t nodes, std::span<const edge> edges) {
    return mixing_matrix::metropolis("from_edges(" + std::to_string(nodes) + ")", nodes, edges);
}
inline mixing_matrix from_edges(std::size_t nodes, std::initializer_list<edge> edges) {
    return from_edges(nodes, std::span<const edge>(edges.begin(), edges.size()));
}

namespace detail {

inline void expect_nodes(std::size_t nodes, const char* topology) {
    expect(nodes > 0 && nodes <= (std::size_t{1} << 31), [&] {
        return std::string(topology) + ": the number of nodes must be between 1 and 2^31, got " + std::to_string(nodes);
    });
}

}  // namespace detail

//! Node i next to i - 1 and i + 1 modulo n. Weights 1/3 for n >= 3.
inline mixing_matrix ring(std::size_t nodes) {
    detail::expect_nodes(nodes, "ring");
    std::vector<edge> edges;
    for (std::uint32_t i = 0; i < nodes && nodes > 1; ++i) {
        edges.emplace_back(i, static_cast<std::uint32_t>((i + 1) % nodes));
    }
    return mixing_matrix::metropolis("ring(" + std::to_string(nodes) + ")", nodes, edges);
}

//! Node i next to i - 1 and i + 1, open at both ends.
inline mixing_matrix chain(std::size_t nodes) {
    detail::expect_nodes(nodes, "chain");
    std::vector<edge> edges;
    for (std::uint32_t i = 0; i + 1 < nodes; ++i) {
        edges.emplace_back(i, i + 1);
    }
    return mixing_matrix::metropolis("chain(" + std::to_string(nodes) + ")", nodes, edges);
}

//! Node 0 next to all others.
inline mixing_matrix star(std::size_t nodes) {
    detail::expect_nodes(nodes, "star");
    std::vector<edge> edges;
    for (std::uint32_t i = 1; i < nodes; ++i) {
        edges.emplace_back(0u, i);
    }
    return mixing_matrix::metropolis("star(" + std::to_string(nodes) + ")", nodes, edges);
}

//! rows x columns nodes, row by row, each next to four, wrapping around. A side of 2 has one edge where two would
//! join the same nodes, so `torus(2, 2)` is `ring(4)`.
inline mixing_matrix torus(std::size_t rows, std::size_t columns) {
    expect(rows > 0 && columns > 0 && rows <= (std::size_t{1} << 31) / columns,
           "torus: rows and columns must be at least 1, and their product at most 2^31");
    std::vector<edge> edges;
    const auto node = [&](std::size_t r, std::size_t c) {
        return static_cast<std::uint32_t>(r % rows * columns + c % columns);
    };
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < columns; ++c) {
            if (rows > 1) {
                edges.emplace_back(node(r, c), node(r + 1, c));
            }
            if (columns > 1) {
                edges.emplace_back(node(r, c), node(r, c + 1));
            }
        }
    }
    return mixing_matrix::metropolis("torus(" + std::to_string(rows) + "," + std::to_string(columns) + ")",
                                     rows * columns, edges);
}

//! Everybody next to everybody: one step of mixing is the mean.
inline mixing_matrix complete(std::size_t nodes) {
    expect(nodes > 0 && nodes <= 10000, "complete: the number of nodes must be between 1 and 10000");
    std::vector<edge> edges;
    for (std::uint32_t i = 0; i < nodes; ++i) {
        for (std::uint32_t j = i + 1; j < nodes; ++j) {
            edges.emplace_back(i, j);
        }
    }
    return mixing_matrix::metropolis("complete(" + std::to_string(nodes) + ")", nodes, edges);
}

//! Node i next to i + 1, i + 2, i + 4, ... and i - 1, i - 2, i - 4, ... modulo n (the undirected form of the static
//! exponential graph of Ying et al. 2021).
inline mixing_matrix exponential(std::size_t nodes) {
    detail::expect_nodes(nodes, "exponential");
    std::vector<edge> edges;
    for (std::uint32_t i = 0; i < nodes; ++i) {
        for (std::size_t offset = 1; offset < nodes; offset *= 2) {
            edges.emplace_back(i, static_cast<std::uint32_t>((i + offset) % nodes));
        }
    }
    return mixing_matrix::metropolis("exponential(" + std::to_string(nodes) + ")", nodes, edges);
}

//! Who attended what: the 18 women (nodes 0 to 17) and 14 events (nodes 18 to 31) of Davis, Gardner and Gardner
//! (1941), 89 edges; the irregular graph of Koloskova et al. (2020).
inline mixing_matrix social_network() {
    constexpr std::array<std::uint32_t, 18> events_of_woman = {// bit k is event k + 1
                                                               0x01BF, 0x00F7, 0x01FE, 0x00FD, 0x005C, 0x00B4,
                                                               0x00F0, 0x01A0, 0x01D0, 0x09C0, 0x0B80, 0x3B80,
                                                               0x3BC0, 0x3F60, 0x0EC0, 0x0180, 0x0500, 0x0500};
    std::vector<edge> edges;
    for (std::uint32_t woman = 0; woman < 18; ++woman) {
        for (std::uint32_t event = 0; event < 14; ++event) {
            if ((events_of_woman[woman] >> event & 1u) != 0) {
                edges.emplace_back(woman, 18 + event);
            }
        }
    }
    return mixing_matrix::metropolis("social_network", 32, edges);
}

//! What their names and arguments are. Expressions may name fewer nodes than the functions take: a text must not ask
//! for any amount of memory.
inline constexpr auto nodes_argument = argument<std::size_t>("nodes", "number of nodes").from(1).to(1 << 20);
inline constexpr auto ring_description =
    describes_function("ring", "each node and two neighbours", ring, nodes_argument);
inline constexpr auto chain_description =
    describes_function("chain", "a ring that is not closed", chain, nodes_argument);
inline constexpr auto star_description = describes_function("star", "one node in the middle", star, nodes_argument);
inline constexpr auto torus_description = describes_function(
    "torus", "a grid that wraps around", torus, argument<std::size_t>("rows", "of nodes").from(1).to(4096),
    argument<std::size_t>("columns", "of nodes").from(1).to(4096));
inline constexpr auto complete_description =
    describes_function("complete", "everyone with everyone", complete, nodes_argument.to(10000));
inline constexpr auto exponential_description =
    describes_function("exponential", "neighbours at distances 1, 2, 4, ...", exponential, nodes_argument);
inline constexpr auto social_network_description =
    describes_function("social_network", "Davis' southern women and their events, 32 nodes", social_network);

}  // namespace frugal
