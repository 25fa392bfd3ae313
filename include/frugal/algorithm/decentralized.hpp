//! Decentralized training: every node has a model of its own, trains it, and averages with its neighbours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/algorithm/set_up.hpp>
#include <frugal/exchange/exchange.hpp>

namespace frugal {

//! What a round does first. Both have the same rates; they differ in where the gradient is taken.
enum class round_order : std::uint8_t {
    sequential,  //!< x <- step(x);  x <- average with neighbours
    overlap,     //!< both from the same x, so that communication hides behind the gradient
};

//! Settings of decentralized algorithms.
struct decentralized_options {
    std::uint64_t seed = 0;  //!< of the messages' randomness
    round_order order = round_order::sequential;
};

//! One node: gradient steps and an exchange with neighbours.
template <class Step, Exchange E>
class decentralized_node {
public:
    decentralized_node(Step step, E exchange, std::vector<float> initial, round_order order)
        : step_(std::move(step)), exchange_(std::move(exchange)), parameters_(std::move(initial)), order_(order) {}

    task<> round(peer here) {
        if (order_ == round_order::sequential) {
            report(here, step_.step(parameters_, here.round()));
            co_await mean_of(exchange_, here, parameters_);
            co_return;
        }
        borrowed_vector g = here.borrow(parameters_.size());
        exchange_.begin(here, parameters_);
        report(here, step_.gradient(parameters_, here.round(), g));
        co_await exchange_.end(here, parameters_);
        step_.apply(parameters_, g, here.round());
    }
    std::span<const float> parameters() const { return parameters_; }
    E& exchange() { return exchange_; }
    void state(state_archive& a) {
        state_of_model(a, parameters_);
        exchange_.state(a);
        step_.state(a);
    }

private:
    Step step_;
    E exchange_;
    std::vector<float> parameters_;
    round_order order_;
};

//! A node that only averages.
template <Exchange E>
class averaging_node {
public:
    averaging_node(E exchange, std::vector<float> initial)
        : exchange_(std::move(exchange)), parameters_(std::move(initial)) {}

    task<> round(peer here) { return mean_of(exchange_, here, parameters_); }
    std::span<const float> parameters() const { return parameters_; }
    E& exchange() { return exchange_; }
    void state(state_archive& a) {
        state_of_model(a, parameters_);
        exchange_.state(a);
    }

private:
    E exchange_;
    std::vector<float> parameters_;
};

//! Node i is worker i of `n`; `exchange` is copied for each. objective, batches: as for `synchronous`.
template <class F, class B, Exchange E, LocalOptimizer O>
auto decentralized(const decentralized_options& options, std::size_t n, const F& objective,
                   const std::vector<float>& initial, const B& batches, E exchange, O optimizer) {
    const auto step_of = steps_of(objective, batches, std::move(optimizer), initial.size());
    using node = decentralized_node<decltype(step_of(0)), E>;
    return population<node>(
        n, options.seed,
        [=, order = options.order](std::uint32_t i) { return node(step_of(i), exchange, initial, order); },
        digest_of(initial));
}

}  // namespace frugal
