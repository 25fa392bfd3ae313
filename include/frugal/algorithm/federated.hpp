//! Federated averaging and its kin: a server, and clients that hold nothing between the rounds they are sampled for.
#pragma once

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
#include <frugal/work/proximal_step.hpp>

namespace frugal {

//! Settings of `fedavg` and `fedprox`.
struct federated_options {
    std::uint32_t clients = 1;
    std::uint32_t sampled = 0;  //!< clients of a round; 0: all of them
    local_steps steps{};
    std::uint64_t seed = 0;        //!< of sampling and of the messages' randomness
    std::vector<float> weights{};  //!< of each client, such as its number of samples; empty: what the batch sources say
};

//! Server: spread x; collect g = weighted mean of x - x_i; x <- optimizer(x, g).   Client: x_i <- local steps from x.
template <GradientWork W, class E, LocalOptimizer O>
class federated_node {
public:
    federated_node(std::optional<W> client, E exchange, O optimizer, std::vector<float> initial, std::size_t dimension)
        : client_(std::move(client)),
          exchange_(std::move(exchange)),
          optimizer_(std::move(optimizer)),
          parameters_(std::move(initial)),
          dimension_(dimension) {}

    task<> round(peer here) {
        if (!client_) {
            borrowed_vector x = here.borrow(dimension_), g = here.borrow(dimension_);
            std::ranges::copy(parameters_, x.span().begin());
            co_await exchange_.spread(here.lane(0), x);
            co_await exchange_.collect(here.lane(1), g);
            optimizer_.update(parameters_, g, here.round());
            co_return;
        }
        borrowed_vector x = here.borrow(dimension_), g = here.borrow(dimension_);
        co_await exchange_.spread(here.lane(0), x);
        report(here, client_->gradient(x, here.round(), g));
        x.give_back();
        co_await exchange_.collect(here.lane(1), g);
    }
    //! The model; of clients, empty.
    std::span<const float> parameters() const { return parameters_; }
    void state(state_archive& a) {
        const std::size_t d = parameters_.size();
        a(parameters_);
        expect_message(parameters_.size() == d, "a saved model has another dimension than the one being restored");
        exchange_.state(a);
        save_or_restore(a, optimizer_);
        if (client_) {
            client_->state(a);
        }
    }

private:
    std::optional<W> client_;
    E exchange_;
    O optimizer_;
    std::vector<float> parameters_;
    std::size_t dimension_;
};

//! Node 0 is the server, nodes 1, ..., clients. make_work(client): what it does, a GradientWork.
template <class MakeWork, class E, LocalOptimizer O>
auto federated_population(const federated_options& options, MakeWork make_work, E exchange, O optimizer,
                          const std::vector<float>& initial, std::vector<float> shares) {
    using node = federated_node<decltype(make_work(0)), E, O>;
    expect(options.clients > 0 && options.sampled <= options.clients,
           "federated averaging needs at least one client, and samples no more than there are");
    expect(options.weights.empty() || options.weights.size() == options.clients,
           "federated averaging: give one weight per client, or none");
    std::copy(options.weights.begin(), options.weights.end(), shares.begin() + 1);
    exchange.weigh(shares);
    const bool partial = options.sampled > 0 && options.sampled < options.clients;
    return population<node>(
        options.clients + std::size_t{1}, options.seed,
        [=](std::uint32_t i) {
            return node(i == 0 ? std::nullopt : std::optional(make_work(i - 1)), exchange, optimizer,
                        i == 0 ? initial : std::vector<float>(), initial.size());
        },
        digest_of(initial), partial ? sampled_clients(options.clients, options.sampled) : cohort{});
}

}  // namespace frugal
