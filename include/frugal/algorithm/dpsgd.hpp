//! D-PSGD: decentralized SGD with exact averaging over neighbours (Lian et al. 2017).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/algorithm/gossip.hpp>
#include <frugal/algorithm/local_training.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/concepts.hpp>
#include <frugal/engine/mailbox.hpp>
#include <frugal/engine/status.hpp>

namespace frugal {

//! Settings of `dpsgd`.
struct dpsgd_options {
    std::uint64_t seed = 0;
    round_order order = round_order::sequential;
};

//! One node. Even supersteps: gradient (and, if sequential, its step), sends x; odd ones: averages what arrived (and,
//! if
//! overlapping, makes its step). The mean of all x moves by -eta times the mean gradient, exactly but for rounding.
template <Objective F, BatchSource B, LocalOptimizer O>
class dpsgd_node {
public:
    static constexpr std::uint64_t supersteps_per_round = 2;

    dpsgd_node(const dpsgd_options& options, std::uint32_t node, detail::mixing_row row, std::vector<float> initial,
               F objective, B batches, O optimizer)
        : options_(options),
          node_(node),
          row_(std::move(row)),
          parameters_(std::move(initial)),
          gradient_of_(std::move(objective), std::move(batches)),
          optimizer_(std::move(optimizer)) {}

    void step(std::uint64_t superstep, const inbox& in, outbox& out) {
        const std::uint64_t round = superstep / supersteps_per_round;
        if (superstep % supersteps_per_round == 0) {
            report_ = {};
            gradient_ = gradient_of_(parameters_, round, report_);
            if (options_.order == round_order::sequential) {
                update(round);
            }
            if (!report_.diverged && row_.size() > 0) {
                send(round, out);
            }
            if (options_.order == round_order::overlap) {
                pending_.assign(gradient_.begin(), gradient_.end());
            }
            return;
        }
        report_.compute_seconds = 0;
        report_.codec_seconds = 0;
        const auto begin = detail::seconds_clock::now();
        expect(in.size() == row_.size(), "a D-PSGD node must get one message of every neighbour in every round");
        received_.clear();
        for (std::size_t k = 0; k < row_.size(); ++k) {
            expect_message(in[k].source == row_.nodes[k], "a message came from a node that is no neighbour");
            received_.push_back(codec_.view(*in[k].content, {options_.seed, row_.nodes[k], round, purposes::message}));
            expect_message(received_.back().size() == parameters_.size(), "a neighbour's model has another dimension");
        }
        detail::mix_into(parameters_, parameters_, received_, row_.weights);
        report_.codec_seconds = detail::seconds_since(begin);
        if (options_.order == round_order::overlap) {
            gradient_ = pending_;
            update(round);
        }
    }
    std::span<const float> parameters() const { return parameters_; }
    void state(state_archive& a) {
        const std::size_t d = parameters_.size();
        a(parameters_);
        expect_message(parameters_.size() == d, "a saved model has another dimension than the one being restored");
        a(pending_);
        save_or_restore(a, optimizer_);
    }
    node_report report() const { return report_; }

private:
    void update(std::uint64_t round) {
        const auto begin = detail::seconds_clock::now();
        optimizer_.update(parameters_, gradient_, round);
        report_.compute_seconds += detail::seconds_since(begin);
    }
    void send(std::uint64_t round, outbox& out) {
        const auto begin = detail::seconds_clock::now();
        if (!detail::compress_finite(codec_, parameters_, {options_.seed, node_, round, purposes::message},
                                     out.post(row_.nodes))) {
            out.retract();
            report_.diverged = true;
        }
        report_.codec_seconds += detail::seconds_since(begin);
    }

    dpsgd_options options_;
    std::uint32_t node_;
    detail::mixing_row row_;
    std::vector<float> parameters_;
    detail::local_gradient<F, B> gradient_of_;
    O optimizer_;
    identity codec_;
    std::span<const float> gradient_;
    std::vector<float> pending_;  // the gradient between the two supersteps of an overlapping round
    std::vector<std::span<const float>> received_;
    node_report report_;
};

//! Nodes for D-PSGD on the graph of `w`, one per row.
//!
//!     sequential:  x_i <- sum_j w_ij (x_j - eta d_j)        overlap:  x_i <- sum_j w_ij x_j - eta d_i
//!
//! d: the optimizer's direction (momentum and weight decay stay local). On a complete graph with equal starts this is
//! mini-batch SGD. Sends 32 d bits to each neighbour per round.
//! objective, batches: as for `synchronous`; node i is worker i. initial: the parameters all nodes start from.
template <MixingMatrix W, class F, class B, LocalOptimizer O>
auto dpsgd(const dpsgd_options& options, const W& w, const F& objective, const std::vector<float>& initial,
           const B& batches, const O& optimizer) {
    using node = dpsgd_node<decltype(detail::objective_of(objective, 0)), decltype(detail::batches_of(batches, 0)), O>;
    std::vector<node> nodes;
    nodes.reserve(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
        auto own_objective = detail::objective_of(objective, i);
        expect(own_objective.dimension() == initial.size(), [&] {
            return "dpsgd: the initial parameters have length " + std::to_string(initial.size()) +
                   ", but the objective has dimension " + std::to_string(own_objective.dimension());
        });
        nodes.emplace_back(options, static_cast<std::uint32_t>(i), detail::mixing_row::of(w, i), initial,
                           std::move(own_objective), detail::batches_of(batches, i), optimizer);
    }
    return nodes;
}

}  // namespace frugal
