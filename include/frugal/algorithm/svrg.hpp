//! Distributed SVRG: stochastic gradients corrected by a full one, whose noise vanishes (Johnson and Zhang 2013).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <frugal/algorithm/set_up.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/exchange/update.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/optimize/sgd.hpp>
#include <frugal/work/variance_reduced.hpp>

namespace frugal {

//! In every `epoch`-th round: s <- x, m <- mean of the full gradients at s, x stays.
//! In the others: x <- optimizer(x, mean of g_i(x) - g_i(s) + m), g_i(x) and g_i(s) on one batch.
//!
//! The gradient at s costs each node a second pass over its batch. Memory: s and m, 2 d floats.
template <GradientWork Full, GradientWork Batch, AveragingExchange E, LocalOptimizer O>
class svrg_node {
public:
    svrg_node(Full full, Batch batch, E exchange, O optimizer, std::vector<float> initial, std::uint64_t epoch)
        : full_(std::move(full)),
          batch_(std::move(batch)),
          exchange_(std::move(exchange)),
          optimizer_(std::move(optimizer)),
          parameters_(std::move(initial)),
          epoch_(epoch) {}

    task<> round(peer here) {
        borrowed_vector g = here.borrow(parameters_.size());
        if (here.round() % epoch_ == 0) {
            snapshot_ = parameters_;
            report(here, full_.gradient(snapshot_, here.round(), g));
            co_await mean_of(exchange_, here.lane(0), g);
            mean_.assign(g.span().begin(), g.span().end());
            co_return;
        }
        borrowed_vector at_snapshot = here.borrow(parameters_.size());
        report(here, batch_.gradient(parameters_, here.round(), g));
        batch_.gradient(snapshot_, here.round(), at_snapshot);
        kernels::zip(
            g.size(), []<class T>(T& v, const T& old, const T& m) { v = (v - old) + m; }, g.span().data(),
            std::span<const float>(at_snapshot).data(), std::as_const(mean_).data());
        at_snapshot.give_back();
        co_await update_by_mean(exchange_, here.lane(1), parameters_, g, optimizer_);
    }
    std::span<const float> parameters() const { return parameters_; }
    void state(state_archive& a) {
        state_of_model(a, parameters_);
        a(snapshot_);
        a(mean_);
        exchange_.state(a);
        optimizer_.state(a);
        full_.state(a);
        batch_.state(a);
    }

private:
    Full full_;
    Batch batch_;
    E exchange_;
    by_part<O> optimizer_;
    std::vector<float> parameters_;
    std::vector<float> snapshot_;
    std::vector<float> mean_;
    std::uint64_t epoch_;
};

//! SVRG with an exchange without a server. full_batches: all samples of a worker, such as full_batch{}; batches: its
//! mini-batches. epoch >= 2 rounds, the one with the full gradient included.
template <class F, class FullB, class B, AveragingExchange E, LocalOptimizer O>
auto svrg(const training_options& options, std::uint64_t epoch, const F& objective, const std::vector<float>& initial,
          const FullB& full_batches, const B& batches, E exchange, O optimizer) {
    expect(!has_server(exchange), "svrg: every node works, so take an exchange without a server");
    expect(epoch >= 2, "svrg: an epoch needs a round with the full gradient and at least one other");
    const auto full = steps_of(objective, full_batches, sgd{}, initial.size());
    const auto batch = steps_of(objective, batches, sgd{}, initial.size());
    exchange.weigh(options.weights.empty() ? shares_of(batches, options.workers, 0) : options.weights);
    using node = svrg_node<decltype(full(0)), decltype(batch(0)), E, O>;
    return population<node>(
        options.workers, options.seed,
        [=](std::uint32_t i) { return node(full(i), batch(i), exchange, optimizer, initial, epoch); },
        digest_of(initial));
}

//! Synchronous training with gradients that each worker corrects by its own full one, renewed by all of them in the
//! same rounds, with the given probability (loopless SVRG). The exchange may lose what it likes without bias; within
//! diana(...) no noise remains in the limit: VR-DIANA (Horvath et al. 2019). Any exchange, also with a server.
template <class F, class FullB, class B, AveragingExchange E, LocalOptimizer O>
auto loopless_svrg(const training_options& options, double probability, const F& objective,
                   const std::vector<float>& initial, const FullB& full_batches, const B& batches, E exchange,
                   O optimizer) {
    const std::size_t servers = has_server(exchange) ? 1 : 0;
    const auto full = steps_of(objective, full_batches, sgd{}, initial.size());
    const auto batch = steps_of(objective, batches, sgd{}, initial.size());
    const random_key coin = random_key{.seed = options.seed, .purpose = purposes::sampling}.for_purpose(1);
    return training_population<synchronous_node>(
        options, servers,
        [=](std::size_t worker) { return variance_reduced(full(worker), batch(worker), probability, coin); },
        std::move(exchange), std::move(optimizer), initial, shares_of(batches, options.workers, servers));
}

}  // namespace frugal
