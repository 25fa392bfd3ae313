//! FedAvg, and with another optimizer at the server FedAvgM, FedAdam (McMahan et al. 2017; Hsu et al. 2019; Reddi et
//! al. 2021).
#pragma once

#include <utility>
#include <vector>

#include <frugal/algorithm/federated.hpp>

namespace frugal {

//! In each round a cohort of clients makes local steps from the server's model, and the server moves along the mean of
//! what they changed. at_server: sgd{.learning_rate = 1} (FedAvg), momentum (FedAvgM), adam (FedAdam). Clients forget
//! their optimizer's state between rounds. Uplink differences may be compressed; so may the model down.
template <class F, class B, LocalOptimizer O, LocalOptimizer AtServer = sgd, class E = server<>>
auto fedavg(const federated_options& options, const F& objective, const std::vector<float>& initial, const B& batches,
            O optimizer, AtServer at_server = AtServer{.learning_rate = 1.0}, E exchange = E()) {
    const auto step_of = steps_of(objective, batches, std::move(optimizer), initial.size());
    return federated_population(
        options, batches, [=](std::size_t client) { return local_run(step_of(client), options.steps, true); },
        std::move(exchange), std::move(at_server), initial);
}

}  // namespace frugal
