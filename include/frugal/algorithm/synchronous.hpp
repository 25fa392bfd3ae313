//! Synchronous data-parallel training: the mean of all workers' gradients, by any averaging exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <frugal/algorithm/set_up.hpp>
#include <frugal/core/factors.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/update.hpp>
#include <frugal/optimize/sgd.hpp>

namespace frugal {

using synchronous_options = training_options;

//! g_i = gradient at x (or what a run of local steps amounts to);  g = mean of the g_i;  x <- optimizer(x, g).
//!
//! The optimizer works where the mean is reduced, and what it made of x is sent on: x itself if the exchange is exact,
//! its change otherwise. So every node has the same x after every round, whatever the exchange loses. Where the
//! exchange sends factors (compress/factored.hpp), the work leaves them and computes no gradient of large weights.
template <GradientWork W, AveragingExchange E, LocalOptimizer O>
class synchronous_node {
public:
    synchronous_node(std::optional<W> work, E exchange, O optimizer, std::vector<float> initial)
        : work_(std::move(work)),
          exchange_(std::move(exchange)),
          optimizer_(std::move(optimizer)),
          parameters_(std::move(initial)) {}

    task<> round(peer here) {
        borrowed_vector g = here.borrow(parameters_.size());
        if (work_) {
            report(here, gradient(here.round(), g));
        }
        co_await update_by_mean(exchange_, here, parameters_, g, optimizer_);
    }
    //! The model; of workers with a server, which only keep a copy of its model, empty.
    std::span<const float> parameters() const {
        return has_server(exchange_) && work_ ? std::span<const float>() : std::span<const float>(parameters_);
    }
    E& exchange() { return exchange_; }
    void state(state_archive& a) {
        state_of_model(a, parameters_);
        exchange_.state(a);
        optimizer_.state(a);
        save_or_restore(a, work_);
    }

private:
    work_report gradient(std::uint64_t t, std::span<float> g) {
        if constexpr (TakesFactors<E>) {
            if (factor_taker(exchange_).takes_factors()) {
                if constexpr (requires { work_->gradient(parameters_, t, g, factors_); }) {
                    const work_report seen = work_->gradient(parameters_, t, g, factors_);
                    factor_taker(exchange_).take(factors_);
                    return seen;
                } else {
                    throw invalid_input(
                        "the exchange sends the factors of gradients, which only one backward pass through the layers "
                        "of a model leaves: no run of local steps, and no other objective");
                }
            }
        }
        return work_->gradient(parameters_, t, g);
    }

    std::optional<W> work_;
    E exchange_;
    by_part<O> optimizer_;
    std::vector<float> parameters_;
    [[no_unique_address]] std::conditional_t<TakesFactors<E>, factor_record, std::monostate> factors_;
};

//! SyncSGD with any exchange: `server` has a node of its own, in `sharded` and `all_gather` all nodes are workers.
//!
//! objective: an Objective, copied for each worker (copies must share their data), or a callable (worker) that makes
//! one. batches: a BatchSource, a callable (worker) that makes one, or a callable (t, worker) that gives sample
//! indices. Worker k is node k, or node k + 1 after a server. Numbers that are not finite end the run as diverged.
//!
//! Example: `auto nodes = synchronous({.workers = 16, .seed = 1}, objective, w0, batches, compressor, mean{},
//! momentum{}); run(tbb_engine{}, nodes, rounds{500}); nodes[0].parameters()`.
template <class F, class B, AveragingExchange E, LocalOptimizer O>
auto synchronous(const synchronous_options& options, const F& objective, const std::vector<float>& initial,
                 const B& batches, E exchange, O optimizer) {
    const std::size_t servers = has_server(exchange) ? 1 : 0;
    return training_population<synchronous_node>(options, servers, steps_of(objective, batches, sgd{}, initial.size()),
                                                 std::move(exchange), std::move(optimizer), initial,
                                                 shares_of(batches, options.workers, servers));
}

//! With a server that gets C(g_i) from the workers and sends the model (DQSG, QSGD, TernGrad, EF-SGD, DoStoVoQ-SGD).
template <class F, class B, Compressor C, Aggregator A, LocalOptimizer O>
auto synchronous(const synchronous_options& options, const F& objective, const std::vector<float>& initial,
                 const B& batches, C compressor, A aggregator, O optimizer) {
    return synchronous(options, objective, initial, batches,
                       server(std::move(compressor), identity{}, std::move(aggregator)), std::move(optimizer));
}

}  // namespace frugal
