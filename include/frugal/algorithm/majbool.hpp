//! MajBool: federated training of truth values by local flips and a vote (Leconte 2024, chapter 4, algorithm 5).
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include <frugal/aggregate/majority_vote.hpp>
#include <frugal/algorithm/fedbool.hpp>
#include <frugal/optimize/adopt.hpp>
#include <frugal/work/flip_count.hpp>

namespace frugal {

//! Round: a bit for each truth value goes down; clients make local steps with a `boolean_optimizer` that begins anew,
//! and send a bit for each; the server takes those that enough clients agree on (`majority_vote`). Real tensors (a last
//! layer) are those of a federated average, their optimizer beginning anew too.
//!
//! As accumulators begin at 0 in every round, a client inverts a weight only where the rate times the sum of its
//! gradients over the local steps reaches the threshold: with a small rate nothing ever does. run_report counts "flips"
//! of all clients: where there are none, raise the rate or the number of steps. Under unlike data clients drift apart
//! and the vote suffers; FedBool does not. No convergence theorem is known.
template <class F, class B, LocalOptimizer Real = adam>
auto majbool(const federated_options& options, const F& objective, const std::vector<float>& initial, const B& batches,
             boolean_optimizer flips = {.learning_rate = 200}, Real real = Real{.learning_rate = 0.01},
             majority_vote vote = majority_vote()) {
    const tensor_layout layout = layout_of(objective);
    const auto step_of =
        steps_of(objective, batches, optimizer_by_kind(std::move(flips), std::move(real), layout), initial.size());
    return federated_population(
        with_equal_weights(options), batches,
        [=](std::size_t client) {
            return flip_count(local_run(step_of(client), options.steps, true, run_result::model), layout);
        },
        exchange_by_kind(server(signs(), signs(), std::move(vote)), server<>(), layout), adopt{}, initial);
}

}  // namespace frugal
