//! Which samples a node works on in a round: a fresh permutation every epoch, from the shared seed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/random.hpp>

namespace frugal {

//! The mini-batches of one node, addressed by round and without state: batch(r) is the same whoever asks, in any order,
//! on any machine and after a resume. The permutation of the current epoch is cached: a batch costs O(1) and allocates
//! nothing, the first batch of another epoch O(samples).
//!
//! - `global(...)`: all nodes permute all samples alike; batch r of the epoch is split over the nodes in order, so that
//!   together they see every sample of an epoch once, but for the last samples % batch of the permutation.
//! - `local(...)`: a node permutes its own samples (see data/partition.hpp); the last batch of an epoch may be short.
//!
//! A batch is never empty (to an Objective an empty batch means all samples).
class batch_sampler {
public:
    //! Node `node` of `nodes`, with `batch` samples per round for all nodes together: floor((node + 1) batch / nodes) -
    //! floor(node batch / nodes) of them are this node's.
    //!
    //! Throws `invalid_input` unless nodes <= batch <= samples and node < nodes.
    static batch_sampler global(std::size_t samples, std::size_t batch, std::size_t node, std::size_t nodes,
                                std::uint64_t seed) {
        expect(node < nodes, [&] {
            return "node " + std::to_string(node) + " does not exist: a batch is split over " + std::to_string(nodes) +
                   " nodes";
        });
        expect(nodes <= batch && batch <= samples, [&] {
            return "a batch of " + std::to_string(batch) + " cannot be split over " + std::to_string(nodes) +
                   " nodes and " + std::to_string(samples) + " samples; expected nodes <= batch <= samples";
        });
        expect(samples <= std::numeric_limits<std::uint32_t>::max(), "a sampler addresses at most 2^32 - 1 samples");
        batch_sampler s;
        s.order_.resize(samples);
        s.batch_ = batch;
        s.rounds_per_epoch_ = samples / batch;
        s.first_ = node * batch / nodes;
        s.last_ = (node + 1) * batch / nodes;
        s.key_ = random_key{.seed = seed, .node = 0, .round = 0, .purpose = purposes::sampling};
        return s;
    }

    //! A node with samples of its own, `batch` of them per round (all of them if it has fewer).
    //!
    //! Throws `invalid_input` if there are no samples or batch is 0.
    static batch_sampler local(std::span<const std::uint32_t> samples, std::size_t batch, std::size_t node,
                               std::uint64_t seed) {
        expect(!samples.empty(),
               [&] { return "node " + std::to_string(node) + " has no samples to draw a batch from"; });
        expect(batch > 0, "a batch needs at least one sample");
        batch_sampler s;
        s.samples_.assign(samples.begin(), samples.end());
        s.order_.resize(samples.size());
        s.batch_ = std::min(batch, samples.size());
        s.rounds_per_epoch_ = (samples.size() + s.batch_ - 1) / s.batch_;
        s.last_ = s.batch_;
        s.key_ = random_key{seed, static_cast<std::uint32_t>(node), 0, purposes::sampling};
        s.key_ = s.key_.for_purpose(1);
        return s;
    }

    //! This node's samples of the round; valid until the next call.
    std::span<const std::uint32_t> batch(std::uint64_t round) {
        const std::uint64_t epoch = round / rounds_per_epoch_;
        if (epoch != epoch_) {
            if (samples_.empty()) {
                std::iota(order_.begin(), order_.end(), 0u);
            } else {
                std::copy(samples_.begin(), samples_.end(), order_.begin());
            }
            random_key key = key_;
            key.round = epoch;
            shuffle(std::span<std::uint32_t>(order_), key);
            epoch_ = epoch;
        }
        const std::size_t begin = static_cast<std::size_t>(round % rounds_per_epoch_) * batch_;
        const std::size_t last = std::min(begin + last_, order_.size());
        return std::span<const std::uint32_t>(order_).subspan(begin + first_, last - begin - first_);
    }

    //! Rounds until every sample was seen (but for the remainder that `global` leaves out).
    std::uint64_t rounds_per_epoch() const { return rounds_per_epoch_; }
    //! Samples of this node in a full round.
    std::size_t batch_size() const { return last_ - first_; }
    //! This node's fraction of the global batch, the weight of its gradient in the exact mean; 1 for `local`.
    double weight() const { return static_cast<double>(last_ - first_) / static_cast<double>(batch_); }

private:
    batch_sampler() = default;

    std::vector<std::uint32_t> samples_;  // empty: all of them
    std::vector<std::uint32_t> order_;    // the permutation of epoch_
    std::size_t batch_ = 1;
    std::uint64_t rounds_per_epoch_ = 1;
    std::size_t first_ = 0;  // this node's part of a batch
    std::size_t last_ = 1;
    std::uint64_t epoch_ = std::numeric_limits<std::uint64_t>::max();
    random_key key_;
};

}  // namespace frugal
