//! What federated averaging and its kin share: a server, and clients that hold nothing between their rounds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <frugal/algorithm/set_up.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/optimize/sgd.hpp>
#include <frugal/work/local_run.hpp>

namespace frugal {

//! Settings of federated algorithms.
struct federated_options {
    std::uint32_t clients = 1;
    std::uint32_t sampled = 0;  //!< clients of a round; 0: all of them
    local_steps steps{};
    std::uint64_t seed = 0;        //!< of sampling and of the messages' randomness
    std::vector<float> weights{};  //!< of each client, such as its number of samples; empty: what the batch sources say
};

//! Server: spread x; collect g = weighted mean of x - x_i; x <- optimizer(x, g).   Client: x_i <- local steps from x.
//! Another work, aggregator and optimizer make other algorithms of it (fedbool.hpp, majbool.hpp).
template <GradientWork W, class E, LocalOptimizer O>
class federated_node {
public:
    federated_node(std::optional<W> client, E exchange, O optimizer, std::vector<float> initial)
        : client_(std::move(client)),
          exchange_(std::move(exchange)),
          optimizer_(std::move(optimizer)),
          dimension_(initial.size()),
          parameters_(client_ ? std::vector<float>() : std::move(initial)) {}

    task<> round(peer here) {
        borrowed_vector x = here.borrow(dimension_), g = here.borrow(dimension_);
        std::ranges::copy(parameters_, x.span().begin());
        co_await exchange_.spread(here.lane(0), x);
        if (client_) {
            report(here, client_->gradient(x, here.round(), g));
            count_flips(here, *client_);
        } else {
            std::ranges::copy(parameters_, g.span().begin());  // what a vote without a quorum leaves
        }
        x.give_back();
        co_await exchange_.collect(here.lane(1), g);
        if (!client_) {
            optimizer_.update(parameters_, g, here.round());
            count_flips(here, optimizer_);
        }
    }
    //! The model; of clients, empty.
    std::span<const float> parameters() const { return parameters_; }
    void state(state_archive& a) {
        state_of_model(a, parameters_);
        exchange_.state(a);
        save_or_restore(a, optimizer_);
        save_or_restore(a, client_);
    }

private:
    //! Of what inverts truth values and says how many: "flips". Where they are 0 in every round, its rate is too small
    //! for the threshold and nothing is learnt.
    template <class T>
    static void count_flips([[maybe_unused]] const peer& here, [[maybe_unused]] const T& of) {
        if constexpr (requires { flips_of(of); }) {
            here.count("flips", static_cast<double>(flips_of(of)));
        }
    }

    std::optional<W> client_;
    E exchange_;
    O optimizer_;
    std::size_t dimension_;
    std::vector<float> parameters_;
};

//! Node 0 is the server, nodes 1, ... are clients. make_work(client): what it does, a GradientWork.
template <class B, class MakeWork, class E, LocalOptimizer O>
auto federated_population(const federated_options& options, const B& batches, MakeWork make_work, E exchange,
                          O at_server, const std::vector<float>& initial) {
    expect(options.sampled <= options.clients, "federated averaging cannot sample more clients than there are");
    const bool partial = options.sampled > 0 && options.sampled < options.clients;
    return training_population<federated_node>(training_options{options.clients, options.seed, options.weights}, 1,
                                               std::move(make_work), std::move(exchange), std::move(at_server), initial,
                                               shares_of(batches, options.clients, 1),
                                               partial ? sampled_clients(options.clients, options.sampled) : cohort());
}

}  // namespace frugal
