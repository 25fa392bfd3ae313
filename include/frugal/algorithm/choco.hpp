//! CHOCO-Gossip and CHOCO-SGD: decentralized averaging and training with any contractive compressor
//! (Koloskova, Stich, Jaggi 2019; Koloskova et al. 2020; Lin 2022, ch. 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <frugal/algorithm/decentralized.hpp>
#include <frugal/exchange/choco.hpp>

namespace frugal {

//! Settings of `choco` and `choco_gossip`.
struct choco_options {
    float consensus_step = 0.2f;  //!< gamma in (0, 1]: smaller for coarser compressors; too large diverges
    std::uint64_t seed = 0;       //!< of the messages' randomness
    round_order order = round_order::sequential;
};

//! Nodes for CHOCO-Gossip: all models converge to the mean of the initial ones although only compressed differences
//! travel. initial: one vector per row of w, all of the same length.
template <MixingMatrix W, Compressor C>
auto choco_gossip(const choco_options& options, const W& w, std::vector<std::vector<float>> initial, C compressor) {
    expect(initial.size() == w.size(), [&] {
        return "choco_gossip: " + std::to_string(initial.size()) + " initial vectors for " + std::to_string(w.size()) +
               " nodes";
    });
    for (const auto& x : initial) {
        expect(!x.empty() && x.size() == initial[0].size(),
               "choco_gossip: the initial vectors must have one length, and not be empty");
    }
    const choco_exchange exchange(w, std::move(compressor), options.consensus_step);
    using node = averaging_node<choco_exchange<W, C>>;
    return population<node>(
        w.size(), options.seed, [=](std::uint32_t i) { return node(exchange, initial[i]); }, digest_of(initial[0]));
}

//! Nodes for CHOCO-SGD on the graph of `w`, one per row.
//!
//!     sequential (Lin 2022, algorithm 14):  x -= eta g(x);  q = C(x - h);  exchange;  x += gamma sum_j w_ij (h_j - h)
//!     overlap (algorithm 2):                q = C(x - h);  exchange while g(x);  x += gamma sum_j w_ij (h_j - h) - eta
//!     g
//!
//! With identity and consensus step 1, sequential is D-PSGD. objective, batches: as for `synchronous`; node i is worker
//! i.
template <MixingMatrix W, class F, class B, Compressor C, LocalOptimizer O>
auto choco(const choco_options& options, const W& w, const F& objective, const std::vector<float>& initial,
           const B& batches, C compressor, O optimizer) {
    return decentralized({options.seed, options.order}, w.size(), objective, initial, batches,
                         choco_exchange(w, std::move(compressor), options.consensus_step), std::move(optimizer));
}

}  // namespace frugal
