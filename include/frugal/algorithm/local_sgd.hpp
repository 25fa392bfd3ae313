//! Local SGD, post-local SGD, SlowMo: runs of local steps between means (Stich 2019; Lin et al. 2020; Wang et al.
//! 2020).
#pragma once

#include <utility>
#include <vector>

#include <frugal/algorithm/synchronous.hpp>
#include <frugal/work/local_run.hpp>

namespace frugal {

//! x_i <- x;  H times x_i <- optimizer(x_i, g(x_i));  x <- x - outer step along the mean of x - x_i.
//!
//! The exchange carries differences, so any compressor will do. outer = sgd{.learning_rate = 1}: the mean of models;
//! momentum there: SlowMo; nesterov: as in DiLoCo. steps.from_round: post-local SGD. `hierarchical` of period 1 takes
//! the mean in two levels; with a longer period blocks have models of their own, which `decentralized` averages. The
//! local optimizers keep their momentum from round to round.
template <class F, class B, AveragingExchange E, LocalOptimizer O, LocalOptimizer Outer = sgd>
auto local_sgd(const training_options& options, local_steps steps, const F& objective,
               const std::vector<float>& initial, const B& batches, E exchange, O optimizer,
               Outer outer = Outer{.learning_rate = 1.0}) {
    const std::size_t servers = has_server(exchange) ? 1 : 0;
    const auto step_of = steps_of(objective, batches, std::move(optimizer), initial.size());
    return training_population<synchronous_node>(
        options, servers, [=](std::size_t worker) { return local_run(step_of(worker), steps); }, std::move(exchange),
        std::move(outer), initial, shares_of(batches, options.workers, servers));
}

}  // namespace frugal
