//! From what a user gives (objectives, batches, optimizers) to the work of each node.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/data/batch_source.hpp>
#include <frugal/engine/digest.hpp>
#include <frugal/node/population.hpp>
#include <frugal/objective/require_objective.hpp>
#include <frugal/work/gradient_step.hpp>

namespace frugal {

//! Settings of algorithms with workers.
struct training_options {
    std::size_t workers = 1;
    std::uint64_t seed = 0;  //!< of the messages' randomness (dither, masks, codebooks)
    //! One weight per worker, of its contribution to the mean. Empty: what the batch sources say, else equal.
    std::vector<float> weights{};
};

//! `source` for worker k: a BatchSource is copied, a callable (worker) makes one, a callable (t, worker) is wrapped.
template <class Source>
auto batches_of(const Source& source, std::size_t worker) {
    if constexpr (BatchSource<Source>) {
        return source;
    } else if constexpr (requires { source(worker); }) {
        static_assert(BatchSource<decltype(source(worker))>,
                      "a callable (worker) given for mini-batches must return an object with batch(t)");
        return source(worker);
    } else {
        static_assert(
            requires { source(std::uint64_t{}, worker); },
            "mini-batches come from an object with batch(t), a callable (worker) that makes one, or a callable "
            "(t, worker) that returns sample indices");
        return batch_function<Source>(source, worker);
    }
}

//! `source` for worker k: an Objective is copied (copies must share their data), a callable (worker) makes one.
template <class Source>
auto objective_of(const Source& source, [[maybe_unused]] std::size_t worker) {
    if constexpr (Objective<Source>) {
        return source;
    } else if constexpr (requires { source(worker); }) {
        [[maybe_unused]] const require_objective<decltype(source(worker))> is_one{};
        return source(worker);
    } else {
        [[maybe_unused]] const require_objective<Source> is_one{};
        return source;
    }
}

//! A function of the worker that makes its gradient steps. Throws where an objective's dimension is not that of
//! `initial`.
template <class F, class B, LocalOptimizer O>
auto steps_of(const F& objective, const B& batches, const O& optimizer, std::size_t dimension) {
    return [=](std::size_t worker) {
        gradient_step step(objective_of(objective, worker), batches_of(batches, worker), optimizer);
        expect(step.dimension() == dimension && dimension > 0, [&] {
            return "the initial parameters have length " + std::to_string(dimension) +
                   ", but the objective has dimension " + std::to_string(step.dimension());
        });
        return step;
    };
}

//! The share of each worker in the mean: what its batch source says, or equal shares. Node `first` is worker 0.
template <class B>
std::vector<float> shares_of(const B& batches, std::size_t workers, std::size_t first) {
    std::vector<float> weights(first, 0.0f);
    for (std::size_t k = 0; k < workers; ++k) {
        double weight = 1;
        auto own = batches_of(batches, k);
        if constexpr (requires {
                          { own.weight() } -> std::convertible_to<double>;
                      }) {
            weight = own.weight() * static_cast<double>(workers);
        }
        weights.push_back(static_cast<float>(weight));
    }
    return weights;
}

//! A population that trains: `servers` nodes without work, then workers 0, 1, ..., one node each.
//! Node(work or nothing, exchange, optimizer, initial parameters) is a node; make_work(worker) gives its work.
template <template <class, class, class> class Node, class MakeWork, class E, LocalOptimizer O>
auto training_population(const training_options& options, std::size_t servers, MakeWork make_work, E exchange,
                         O optimizer, const std::vector<float>& initial, std::vector<float> shares,
                         frugal::cohort members = {}) {
    using node = Node<decltype(make_work(0)), E, O>;
    expect(options.workers > 0, "training needs at least one worker");
    expect(options.weights.empty() || options.weights.size() == options.workers,
           "training: give one weight for each worker, or none");
    std::copy(options.weights.begin(), options.weights.end(), shares.begin() + static_cast<std::ptrdiff_t>(servers));
    exchange.weigh(std::move(shares));
    return population<node>(
        options.workers + servers, options.seed,
        [=](std::uint32_t i) {
            return node(i < servers ? std::nullopt : std::optional(make_work(i - servers)), exchange, optimizer,
                        initial);
        },
        digest_of(initial), std::move(members));
}

//! A model in a checkpoint: restored to the dimension it has.
inline void state_of_model(state_archive& a, std::vector<float>& parameters) {
    const std::size_t d = parameters.size();
    a(parameters);
    expect_message(parameters.size() == d, "a saved model has another dimension than the one being restored");
}

//! Tells the engine what a step saw; ends the run where the loss is not finite.
inline void report(const peer& here, const work_report& seen) {
    if (!std::isfinite(seen.loss)) {
        throw divergence(here.place() + ": the training loss is not finite: lower the learning rate");
    }
    here.report(seen.loss, seen.samples);
}

}  // namespace frugal
