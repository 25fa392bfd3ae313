//! CE-SGD: each worker sends the gradient coordinates that were sent while its loss fell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <frugal/algorithm/set_up.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/index_coding.hpp>
#include <frugal/compress/selector/loss_mask.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/update.hpp>
#include <frugal/node/agree.hpp>
#include <frugal/optimize/sgd.hpp>

namespace frugal {

//! Does a worker apply the mean to all coordinates, or only to those of its own mask? The second is how the algorithm
//! is printed; then workers' models drift apart, and each worker has its own.
enum class receiver_mask { none, own };

//! By which loss workers tell whether a step was good.
struct loss_feedback {
    std::vector<std::uint32_t> probe{};  //!< samples it is taken over, each round the same; none: the mini-batch
    bool averaged = false;               //!< over all workers: costs two numbers each way
    double smoothing = 0;                //!< in [0, 1): weight of the past in a moving average

    void validate() const {
        expect(smoothing >= 0 && smoothing < 1, "ce_sgd: the smoothing of losses must be at least 0 and below 1");
    }
};

//! Settings of ce_sgd.
struct ce_sgd_options {
    std::size_t workers = 1;
    std::uint64_t seed = 0;
    loss_feedback feedback{};
    receiver_mask receiver = receiver_mask::none;
};

namespace detail {

//! The loss_mask inside a compressor.
template <class C>
loss_mask& mask_of(C& c) {
    if constexpr (requires { c.selector(); }) {
        return c.selector();
    } else {
        return mask_of(c.inner());
    }
}

}  // namespace detail

//! g_i = gradient at x;  tells the mask its loss;  g = mean of the g_i o U_i (over all workers, not those who sent a
//! coordinate);  x <- optimizer(x, g). Counts "values sent": the coordinates of all messages, 32 bits each where values
//! travel as floats, which is what the source calls the size of a gradient; payload bits hold the masks, too.
template <GradientWork W, AveragingExchange E, LocalOptimizer O>
class ce_sgd_node {
public:
    ce_sgd_node(std::optional<W> work, E exchange, O optimizer, std::vector<float> initial, ce_sgd_options options)
        : work_(std::move(work)),
          exchange_(std::move(exchange)),
          optimizer_(std::move(optimizer)),
          parameters_(std::move(initial)),
          options_(std::move(options)) {
        options_.feedback.validate();
    }

    task<> round(peer here) {
        const peer vectors = here.lane(0), losses = here.lane(1);
        borrowed_vector g = here.borrow(parameters_.size());
        double seen[2] = {0, 0};  // the sum of losses, and of how many workers
        if (work_) {
            const work_report step = work_->gradient(parameters_, here.round(), g);
            report(here, step);
            seen[0] = options_.feedback.probe.empty() ? step.loss : probe();
            seen[1] = 1;
        }
        if (options_.feedback.averaged) {
            co_await agree_on_sum(losses, seen);
        }
        if (work_) {
            const double now = seen[0] / seen[1], past = options_.feedback.smoothing;
            loss_ = loss_ ? rounded(past * *loss_) + rounded((1 - past) * now) : now;
            mask().observe(*loss_);
        }
        if (options_.receiver == receiver_mask::none) {
            co_await update_by_mean(exchange_, vectors, parameters_, g, optimizer_);
        } else {
            co_await mean_of(exchange_, vectors, g);
            if (work_) {
                for (std::size_t i = 0; i < g.size(); ++i) {
                    g[i] = mask().in_mask(i) ? g[i] : 0.0f;
                }
                optimizer_.update(0, parameters_, g, here.round());
            }
        }
        if (work_) {
            here.count("values sent", static_cast<double>(mask().sent_count()));
        }
    }
    //! The model; empty of nodes that have none of their own: workers who copy a server's, a server whose workers mask.
    std::span<const float> parameters() const {
        const bool owns = !has_server(exchange_) || work_.has_value() == (options_.receiver == receiver_mask::own);
        return owns ? std::span<const float>(parameters_) : std::span<const float>();
    }
    //! What this worker's messages are masked by.
    loss_mask& mask() { return detail::mask_of(exchange_.sender()); }
    void state(state_archive& a) {
        state_of_model(a, parameters_);
        exchange_.state(a);
        optimizer_.state(a);
        a(loss_);
        save_or_restore(a, work_);
    }

private:
    double probe() {
        auto& objective = work_->objective();
        if constexpr (requires { objective.value(parameters_, options_.feedback.probe); }) {
            return objective.value(parameters_, options_.feedback.probe);
        } else {
            const auto unused = borrow<float>(parameters_.size());
            return objective.value_and_gradient(parameters_, options_.feedback.probe, unused);
        }
    }

    std::optional<W> work_;
    E exchange_;
    by_part<O> optimizer_;
    std::vector<float> parameters_;
    ce_sgd_options options_;
    std::optional<double> loss_;
};

//! CE-SGD with an exchange whose compressor has a `loss_mask`, and that takes vectors whole: `server`, `all_gather`.
//! The layers of the mask are usually `objective.layout().sizes()`. Arguments as of `synchronous`.
template <class F, class B, AveragingExchange E, LocalOptimizer O>
auto ce_sgd(const ce_sgd_options& options, const F& objective, const std::vector<float>& initial, const B& batches,
            E exchange, O optimizer) {
    expect(options.workers > 0, "training needs at least one worker");
    const std::size_t servers = has_server(exchange) ? 1 : 0;
    exchange.weigh(shares_of(batches, options.workers, servers));
    const auto make_work = steps_of(objective, batches, sgd{}, initial.size());
    using node = ce_sgd_node<decltype(make_work(0)), E, O>;
    return population<node>(
        options.workers + servers, options.seed,
        [=](std::uint32_t i) {
            return node(i < servers ? std::nullopt : std::optional(make_work(i - servers)), exchange, optimizer,
                        initial, options);
        },
        digest_of(initial));
}

//! With a server that gets masked gradients, 32 bits a value, and sends the model.
template <class F, class B, LocalOptimizer O>
auto ce_sgd(const ce_sgd_options& options, const F& objective, const std::vector<float>& initial, const B& batches,
            loss_mask mask, O optimizer) {
    return ce_sgd(options, objective, initial, batches,
                  server(sparse_compressor(std::move(mask), identity{}, bitmap_indices{})), std::move(optimizer));
}

}  // namespace frugal
