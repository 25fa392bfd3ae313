//! Asynchronous SGD and FedBuff: a server that waits for nobody (Agarwal and Duchi 2011; Nguyen et al. 2022).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <frugal/algorithm/set_up.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/core/exact_math.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/node/clock.hpp>
#include <frugal/node/population.hpp>
#include <frugal/optimize/sgd.hpp>
#include <frugal/work/local_run.hpp>

namespace frugal {

//! Settings of `async_sgd` and `fedbuff`.
struct asynchronous_options {
    std::size_t workers = 1;
    std::size_t buffer = 1;     //!< contributions the server waits for before it moves
    local_steps steps{};        //!< of a worker between two messages
    float staleness_power = 0;  //!< a contribution that is s updates old weighs (1 + s)^-power
    std::uint64_t seed = 0;
};

//! Server: sends its model to whoever has contributed; after K = `buffer` contributions, x <- optimizer(x, (1/K) sum of
//! (1 + staleness)^-power
//! times each).
//! Worker: on a model, its steps from there (taking the time the engine says), and the difference as a message.
template <GradientWork W, Compressor C, LocalOptimizer O>
class asynchronous_node {
public:
    asynchronous_node(const asynchronous_options& options, std::optional<W> work, C compressor, O optimizer,
                      std::vector<float> initial, std::size_t dimension)
        : options_(options),
          work_(std::move(work)),
          compressor_(std::move(compressor)),
          optimizer_(std::move(optimizer)),
          parameters_(std::move(initial)),
          gathered_(work_ ? 0 : dimension),
          dimension_(dimension) {}

    void begin(event_clock& t) {
        for (std::uint32_t i = 1; !work_ && i < t.size(); ++i) {
            send_model(i, t);
        }
    }
    void on(const event& e, event_clock& t) { work_ ? contribute(e, t) : gather(e, t); }
    std::span<const float> parameters() const { return parameters_; }
    void state(state_archive& a) {
        a(parameters_);
        a(gathered_);
        a(contributions_);
        a(updates_);
        a(runs_);
        save_or_restore(a, compressor_);
        save_or_restore(a, optimizer_);
        if (work_) {
            work_->state(a);
        }
    }

private:
    void contribute(const event& e, event_clock& t) {
        const auto x = borrow<float>(dimension_), g = borrow<float>(dimension_);
        model_.decompress(*e.content, t.key_of(e), x);
        const work_report seen = work_->gradient(x, runs_, g);
        for (std::uint64_t k = options_.steps.in_round(runs_); k > 0; --k) {
            t.step();
        }
        ++runs_;
        t.report(seen.loss, seen.samples);
        letter_ref content = t.draft();
        try {
            compressor_.compress(g, t.next_key(), *content);
        } catch (const nonfinite_input& problem) {
            throw divergence(problem.what());
        }
        t.send(0, std::move(content), e.tag);
    }
    void gather(const event& e, event_clock& t) {
        const auto staleness = static_cast<float>(updates_ - e.tag);
        const auto weight = static_cast<float>(exact_exp(-static_cast<double>(options_.staleness_power) *
                                                         exact_log(1.0 + static_cast<double>(staleness))));
        compressor_.decompress_add(*e.content, t.key_of(e), weight, gathered_);
        t.count("staleness", static_cast<double>(staleness));
        if (++contributions_ == options_.buffer) {
            kernels::scale(1 / static_cast<float>(contributions_), gathered_, gathered_);
            optimizer_.update(parameters_, gathered_, updates_++);
            std::fill(gathered_.begin(), gathered_.end(), 0.0f);
            contributions_ = 0;
            t.complete_round();
        }
        send_model(e.from, t);
    }
    void send_model(std::uint32_t to, event_clock& t) {
        letter_ref content = t.draft();
        try {
            model_.compress(parameters_, t.next_key(), *content);
        } catch (const nonfinite_input& problem) {
            throw divergence(problem.what());
        }
        t.send(to, std::move(content), updates_);
    }

    asynchronous_options options_;
    std::optional<W> work_;  // of workers
    C compressor_;
    identity model_;
    O optimizer_;
    std::vector<float> parameters_;  // of the server
    std::vector<float> gathered_;
    std::uint64_t contributions_ = 0;
    std::uint64_t updates_ = 0;
    std::uint64_t runs_ = 0;
    std::size_t dimension_;
};

namespace detail {

//! A server that steps with `at_server`, and workers whose work work_of(worker) makes.
template <class MakeWork, Compressor C, LocalOptimizer O>
auto asynchronous_population(const asynchronous_options& options, MakeWork work_of, C compressor, O at_server,
                             const std::vector<float>& initial) {
    using node = asynchronous_node<decltype(work_of(0)), C, O>;
    expect(options.workers > 0 && options.buffer > 0,
           "asynchronous training needs at least one worker and contribution");
    return population<node>(
        options.workers + 1, options.seed,
        [=](std::uint32_t i) {
            return node(options, i == 0 ? std::nullopt : std::optional(work_of(i - 1)), compressor, at_server,
                        i == 0 ? initial : std::vector<float>(), initial.size());
        },
        digest_of(initial));
}

}  // namespace detail

//! FedBuff: `buffer` clients' runs of local steps make an update, with the server's optimizer (sgd{1}: their mean).
//! Clients forget their optimizer's state between runs. For `event_engine`; a round is an update of the server.
template <class F, class B, LocalOptimizer O, Compressor C = identity, LocalOptimizer AtServer = sgd>
auto fedbuff(const asynchronous_options& options, const F& objective, const std::vector<float>& initial,
             const B& batches, O optimizer, C compressor = C(), AtServer at_server = AtServer{.learning_rate = 1.0}) {
    const auto step_of = steps_of(objective, batches, std::move(optimizer), initial.size());
    const auto work_of = [=](std::size_t worker) { return local_run(step_of(worker), options.steps, true); };
    return detail::asynchronous_population(options, work_of, std::move(compressor), std::move(at_server), initial);
}

//! Asynchronous SGD: every gradient moves the model when it comes, however old the model is that it was taken at.
template <class F, class B, LocalOptimizer O, Compressor C = identity>
auto async_sgd(asynchronous_options options, const F& objective, const std::vector<float>& initial, const B& batches,
               O optimizer, C compressor = C()) {
    const auto work_of = steps_of(objective, batches, sgd{}, initial.size());
    options.steps = {};
    return detail::asynchronous_population(options, work_of, std::move(compressor), std::move(optimizer), initial);
}

}  // namespace frugal
