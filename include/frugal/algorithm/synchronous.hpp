//! Synchronous data-parallel training: the mean of all workers' gradients, by any averaging exchange.
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
#include <frugal/kernels/elementwise.hpp>
#include <frugal/optimize/by_part.hpp>
#include <frugal/optimize/sgd.hpp>

namespace frugal {

//! Settings of `synchronous` and of what is built on it.
struct synchronous_options {
    std::size_t workers = 1;
    std::uint64_t seed = 0;  //!< of the messages' randomness (dither, masks, codebooks)
    //! One weight per worker, of its gradient in the mean. Empty: what the batch sources say, else equal.
    std::vector<float> weights{};
};

//! g_i = gradient at x (or what a run of local steps amounts to);  g = mean of the g_i;  x <- optimizer(x, g).
//!
//! The optimizer works where the mean is reduced, and what it made of x is sent on: x itself if the exchange is exact, its
//! change otherwise. So every node has the same x after every round, whatever the exchange loses.
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
            report(here, work_->gradient(parameters_, here.round(), g));
        }
        const bool exact = exchange_.exact();
        const auto update = [&](std::size_t first, std::span<float> part) {
            borrowed_vector x = here.borrow(part.size());
            const auto old = std::span<const float>(parameters_).subspan(first, part.size());
            std::ranges::copy(old, x.span().begin());
            optimizer_.update(first, x, part, here.round());
            exact ? void(std::ranges::copy(x.span(), part.begin())) : kernels::subtract(x, old, part);
        };
        co_await mean_of(exchange_, here, g, update);
        exact ? void(std::ranges::copy(g.span(), parameters_.begin())) : kernels::add(parameters_, g, parameters_);
    }
    //! The model; of workers with a server, which only keep a copy of its model, empty.
    std::span<const float> parameters() const {
        return has_server<E> && work_ ? std::span<const float>() : std::span<const float>(parameters_);
    }
    E& exchange() { return exchange_; }
    void state(state_archive& a) {
        const std::size_t d = parameters_.size();
        a(parameters_);
        expect_message(parameters_.size() == d, "a saved model has another dimension than the one being restored");
        exchange_.state(a);
        optimizer_.state(a);
        if (work_) {
            work_->state(a);
        }
    }

private:
    std::optional<W> work_;
    E exchange_;
    by_part<O> optimizer_;
    std::vector<float> parameters_;
};

//! A population of synchronous nodes: worker k is node k, or node k + 1 after a server. make_work(worker): a GradientWork.
template <class MakeWork, AveragingExchange E, LocalOptimizer O>
auto synchronous_population(const synchronous_options& options, MakeWork make_work, E exchange, O optimizer,
                            const std::vector<float>& initial, const std::vector<float>& shares) {
    using node = synchronous_node<decltype(make_work(0)), E, O>;
    constexpr std::size_t servers = has_server<E> ? 1 : 0;
    expect(options.workers > 0, "synchronous: at least one worker is needed");
    if constexpr (has_server<E>) {
        expect(!exchange.contributes(),
               "synchronous: the server has no data of its own: give it no .contributes, or use sharded or all_gather");
    }
    expect(options.weights.empty() || options.weights.size() == options.workers,
           "synchronous: give one weight per worker, or none");
    std::vector<float> weights(servers, 0.0f);
    weights.insert(weights.end(), options.weights.begin(), options.weights.end());
    exchange.weigh(options.weights.empty() ? shares : weights);
    return population<node>(
        options.workers + servers, options.seed,
        [=](std::uint32_t i) {
            return node(i < servers ? std::nullopt : std::optional(make_work(i - servers)), exchange, optimizer,
                        initial);
        },
        digest_of(initial));
}

//! SyncSGD with any exchange: `server` has a node of its own, in `sharded` and `all_gather` all nodes are workers.
//!
//! objective: an Objective, copied for each worker (copies must share their data), or a callable (worker) that makes one.
//! batches: a BatchSource, a callable (worker) that makes one, or a callable (t, worker) that gives sample indices.
//! Numbers that are not finite end the run as diverged.
//!
//! Example: `auto nodes = synchronous({.workers = 16, .seed = 1}, objective, w0, batches, compressor, mean{}, momentum{});
//! run(tbb_engine{}, nodes, rounds{500}); nodes[0].parameters()`.
template <class F, class B, AveragingExchange E, LocalOptimizer O>
auto synchronous(const synchronous_options& options, const F& objective, const std::vector<float>& initial,
                 const B& batches, E exchange, O optimizer) {
    return synchronous_population(options, steps_of(objective, batches, sgd{}, initial.size()), std::move(exchange),
                                  std::move(optimizer), initial,
                                  shares_of(batches, options.workers, has_server<E> ? 1 : 0));
}

//! With a server that gets C(g_i) from the workers and sends the model (DQSG, QSGD, TernGrad, EF-SGD, DoStoVoQ-SGD).
template <class F, class B, Compressor C, Aggregator A, LocalOptimizer O>
auto synchronous(const synchronous_options& options, const F& objective, const std::vector<float>& initial,
                 const B& batches, C compressor, A aggregator, O optimizer) {
    return synchronous(options, objective, initial, batches,
                       server(std::move(compressor), identity{}, std::move(aggregator)), std::move(optimizer));
}

}  // namespace frugal
