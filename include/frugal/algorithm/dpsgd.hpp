//! D-PSGD: decentralized SGD (Lian et al. 2017).
#pragma once

#include <utility>
#include <vector>

#include <frugal/algorithm/decentralized.hpp>
#include <frugal/exchange/gossip.hpp>

namespace frugal {

//! Nodes for D-PSGD on the graph of `w`, one per row.
//!
//!     sequential:  x_i <- sum_j w_ij (x_j - eta d_j)        overlap:  x_i <- sum_j w_ij x_j - eta d_i
//!
//! d: the optimizer's direction (momentum and weight decay stay local). On a complete graph with equal starts this is
//! mini-batch SGD. Sends 32 d bits to each neighbour per round; with a compressor, what it makes of them, at the price
//! of consensus as coarse as it is (see `choco`). objective, batches: as for `synchronous`; node i is worker i.
template <MixingMatrix W, class F, class B, LocalOptimizer O, Compressor C = identity>
auto dpsgd(const decentralized_options& options, const W& w, const F& objective, const std::vector<float>& initial,
           const B& batches, O optimizer, C compressor = C()) {
    return decentralized(options, w.size(), objective, initial, batches, gossip(w, std::move(compressor)),
                         std::move(optimizer));
}

}  // namespace frugal
