//! Where a node's mini-batches come from.
//!
//! | which one        | batch of a step                                       | header            |
//! |------------------|-------------------------------------------------------|-------------------|
//! | `batch_sampler`  | the next part of a fresh permutation every epoch      | sampler.hpp       |
//! | `full_batch`     | all samples                                           | here              |
//! | `batch_function` | what a callable of (t, worker) says                   | here              |
//!
//! A source that remembers something between rounds has `state(state_archive&)`, so that checkpoints can keep it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <frugal/concepts.hpp>

namespace frugal {

//! Mini-batches of one node: batch(t) is that of step t, valid until the next call; empty means all samples.
//! Optional: `double weight()`: this node's share of what all nodes see in a step.
template <class S>
concept BatchSource = std::move_constructible<S> && requires(S s, std::uint64_t t) {
    { s.batch(t) } -> std::convertible_to<sample_indices>;
};

//! The whole data set in every step: exact gradients.
struct full_batch {
    sample_indices batch(std::uint64_t) const { return {}; }
};

//! A callable `(t, worker) -> indices` as a BatchSource; the indices must stay valid until its next call.
template <class F>
class batch_function {
public:
    batch_function(F f, std::size_t worker) : f_(std::move(f)), worker_(worker) {}
    auto batch(std::uint64_t t) { return f_(t, worker_); }

private:
    F f_;
    std::size_t worker_;
};

}  // namespace frugal
