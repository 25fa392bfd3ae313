//! FedProx: FedAvg whose clients are held near the server's model (Li et al. 2020).
#pragma once

#include <utility>
#include <vector>

#include <frugal/algorithm/federated.hpp>
#include <frugal/work/proximal_step.hpp>

namespace frugal {

//! As `fedavg`, each client minimising f_i(x) + (mu / 2) ||x - server's x||^2. mu = 0 is `fedavg`.
template <class F, class B, LocalOptimizer O, LocalOptimizer AtServer = sgd, class E = server<>>
auto fedprox(const federated_options& options, float mu, const F& objective, const std::vector<float>& initial,
             const B& batches, O optimizer, AtServer at_server = AtServer{.learning_rate = 1.0}, E exchange = E()) {
    const auto step_of = steps_of(objective, batches, std::move(optimizer), initial.size());
    return federated_population(
        options, batches,
        [=](std::size_t client) { return local_run(proximal_step(step_of(client), mu), options.steps, true); },
        std::move(exchange), std::move(at_server), initial);
}

}  // namespace frugal
