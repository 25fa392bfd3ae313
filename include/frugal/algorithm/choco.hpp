//! CHOCO-Gossip and CHOCO-SGD: decentralized averaging and training with any contractive compressor
//! (Koloskova, Stich, Jaggi 2019; Koloskova et al. 2020; Lin 2022, ch. 4).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/algorithm/gossip.hpp>
#include <frugal/algorithm/local_training.hpp>
#include <frugal/concepts.hpp>
#include <frugal/engine/mailbox.hpp>
#include <frugal/engine/status.hpp>
#include <frugal/optimize/elementwise.hpp>

namespace frugal {

//! Settings of `choco` and `choco_gossip`.
struct choco_options {
    float consensus_step = 0.2f;  //!< gamma in (0, 1]: smaller for coarser compressors; too large diverges
    std::uint64_t seed = 0;       //!< of the messages' randomness
    round_order order = round_order::sequential;
};

//! The step size for which CHOCO-Gossip is proven to contract by 1 - rho^2 delta / 82 per round; usable ones are 10^2
//! to
//! 10^4 times larger. rho: spectral gap; beta: ||I - W||; delta: the compressor's contraction, in (0, 1].
inline double choco_theoretical_step(double rho, double beta, double delta) {
    expect(rho > 0 && rho <= 1 && beta >= 0 && beta <= 2 && delta > 0 && delta <= 1,
           "choco_theoretical_step: needs rho in (0, 1], beta in [0, 2] and delta in (0, 1]");
    return rho * rho * delta / (16 * rho + rho * rho + 4 * beta * beta + 2 * rho * beta * beta - 8 * rho * delta);
}

//! In place of an objective, batches and optimizer: a node that only averages.
struct no_training {};

//! One node: x (its model), h (the copy of x that all neighbours know) and z = sum_j w_ij (h_j - h), updated by
//! messages.
//!
//! Even supersteps: [gradient step], q = C(x - h), sends q; odd ones: h += q, z += sum_j w_ij (q_j - q), x += gamma z.
//! (Overlapping: x += gamma z, q, gradient step first.) The node applies its own message as its neighbours decode it.
//! Memory: 4 vectors, whatever the degree.
template <Compressor C, class F = no_training, class B = no_training, class O = no_training>
class choco_node {
public:
    static constexpr std::uint64_t supersteps_per_round = 2;
    static constexpr bool trains = !std::is_same_v<F, no_training>;

    choco_node(const choco_options& options, std::uint32_t node, detail::mixing_row row, std::vector<float> initial,
               const C& compressor, F objective = {}, B batches = {}, O optimizer = {})
        : options_(options),
          node_(node),
          row_(std::move(row)),
          parameters_(std::move(initial)),
          known_(parameters_.size()),
          drift_(parameters_.size()),
          difference_(parameters_.size()),
          compressor_(compressor),
          decoders_(row_.size(), compressor),
          training_(std::move(objective), std::move(batches)),
          optimizer_(std::move(optimizer)) {
        expect(options_.consensus_step > 0 && options_.consensus_step <= 1,
               "choco: the consensus step must be in (0, 1]");
    }

    void step(std::uint64_t superstep, const inbox& in, outbox& out) {
        const std::uint64_t round = superstep / supersteps_per_round;
        if (superstep % supersteps_per_round == 0) {
            report_ = {};
            if (options_.order == round_order::sequential) {
                train(round);
            } else {
                gossip();
            }
            send(round, out);
            if (options_.order == round_order::overlap) {
                train(round);
            }
            return;
        }
        report_.compute_seconds = 0;
        report_.codec_seconds = 0;
        receive(round, in);
        if (options_.order == round_order::sequential) {
            gossip();
        }
    }
    std::span<const float> parameters() const { return parameters_; }
    //! What the neighbours know of this node's model.
    std::span<const float> known() const { return known_; }
    void state(state_archive& a) {
        const std::size_t d = parameters_.size();
        a(parameters_);
        a(known_);
        a(drift_);
        a(difference_);  // between the two supersteps of a round: this node's own message, decoded
        expect_message(parameters_.size() == d && known_.size() == d && drift_.size() == d && difference_.size() == d,
                       "a saved model has another dimension than the one being restored");
        save_or_restore(a, compressor_);
        for (C& decoder : decoders_) {
            save_or_restore(a, decoder);
        }
        if constexpr (trains) {
            save_or_restore(a, optimizer_);
        }
    }
    node_report report() const { return report_; }

private:
    //! The gradient and its batches, or nothing.
    struct nothing {
        nothing(no_training, no_training) {}
    };
    template <class G, class S>
    struct training_of {
        using type = detail::local_gradient<G, S>;
    };
    template <class S>
    struct training_of<no_training, S> {
        using type = nothing;
    };

    void train([[maybe_unused]] std::uint64_t round) {
        if constexpr (trains) {
            const auto gradient = training_(parameters_, round, report_);
            const auto begin = detail::seconds_clock::now();
            optimizer_.update(parameters_, gradient, round);
            report_.compute_seconds += detail::seconds_since(begin);
        }
    }
    void gossip() {
        detail::elementwise(
            parameters_.size(),
            [gamma = options_.consensus_step]<class T>(T& x, const T& z) { x = multiply_add(T(gamma), z, x); },
            parameters_.data(), std::as_const(drift_).data());
    }
    void send(std::uint64_t round, outbox& out) {
        const auto begin = detail::seconds_clock::now();
        detail::elementwise(
            parameters_.size(), []<class T>(T& q, const T& x, const T& h) { q = x - h; }, difference_.data(),
            std::as_const(parameters_).data(), std::as_const(known_).data());
        const random_key key{options_.seed, node_, round, purposes::message};
        message& m = out.post(row_.nodes);
        if (detail::compress_finite(compressor_, difference_, key, m)) {
            compressor_.decompress(m, key, difference_);
        } else {
            out.retract();
            report_.diverged = true;
        }
        report_.codec_seconds += detail::seconds_since(begin);
    }
    void receive(std::uint64_t round, const inbox& in) {
        const auto begin = detail::seconds_clock::now();
        expect(in.size() == row_.size(), "a CHOCO node must get one message of every neighbour in every round");
        for (std::size_t k = 0; k < row_.size(); ++k) {
            expect_message(in[k].source == row_.nodes[k], "a message came from a node that is no neighbour");
            decoders_[k].decompress_add(*in[k].content, {options_.seed, row_.nodes[k], round, purposes::message},
                                        row_.weights[k], drift_);
        }
        // The sum of the weights as rounded to float, in two floats: so the pairs w (q_j - q_i) cancel over all nodes.
        const auto high = static_cast<float>(row_.weight_sum);
        const auto low = static_cast<float>(row_.weight_sum - static_cast<double>(high));
        detail::elementwise(
            parameters_.size(),
            [high, low]<class T>(T& z, T& h, const T& q) {
                z = multiply_add(T(-high), q, multiply_add(T(-low), q, z));
                h = h + q;
            },
            drift_.data(), known_.data(), std::as_const(difference_).data());
        report_.codec_seconds += detail::seconds_since(begin);
    }

    choco_options options_;
    std::uint32_t node_;
    detail::mixing_row row_;
    std::vector<float> parameters_;
    std::vector<float> known_;
    std::vector<float> drift_;
    std::vector<float> difference_;
    C compressor_;
    std::vector<C> decoders_;  // one per neighbour: some compressors remember what they received
    typename training_of<F, B>::type training_;
    [[no_unique_address]] O optimizer_;
    node_report report_;
};

//! Nodes for CHOCO-Gossip: all models converge to the mean of the initial ones, which steps change by rounding only,
//! although only
//! compressed differences travel. initial: one vector per row of w, all of the same length.
template <MixingMatrix W, Compressor C>
auto choco_gossip(const choco_options& options, const W& w, const std::vector<std::vector<float>>& initial,
                  const C& compressor) {
    expect(initial.size() == w.size(), [&] {
        return "choco_gossip: " + std::to_string(initial.size()) + " initial vectors for " + std::to_string(w.size()) +
               " nodes";
    });
    std::vector<choco_node<C>> nodes;
    nodes.reserve(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
        expect(!initial[i].empty() && initial[i].size() == initial[0].size(),
               "choco_gossip: the initial vectors must have one length, and not be empty");
        nodes.emplace_back(options, static_cast<std::uint32_t>(i), detail::mixing_row::of(w, i), initial[i],
                           compressor);
    }
    return nodes;
}

//! Nodes for CHOCO-SGD on the graph of `w`, one per row.
//!
//!     sequential (Lin 2022, algorithm 14):  x -= eta g(x);  q = C(x - h);  exchange;  x += gamma sum_j w_ij (h_j - h)
//!     overlap (algorithm 2):                x += gamma sum_j w_ij (h_j - h);  q = C(x - h);  exchange;  x -= eta g(x)
//!
//! With identity and consensus step 1, sequential is D-PSGD. The compressor should be contractive: scale unbiased ones
//! down before use. objective, batches: as for `synchronous`; node i is worker i.
template <MixingMatrix W, class F, class B, Compressor C, LocalOptimizer O>
auto choco(const choco_options& options, const W& w, const F& objective, const std::vector<float>& initial,
           const B& batches, const C& compressor, const O& optimizer) {
    using node =
        choco_node<C, decltype(detail::objective_of(objective, 0)), decltype(detail::batches_of(batches, 0)), O>;
    std::vector<node> nodes;
    nodes.reserve(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
        auto own_objective = detail::objective_of(objective, i);
        expect(!initial.empty() && own_objective.dimension() == initial.size(), [&] {
            return "choco: the initial parameters have length " + std::to_string(initial.size()) +
                   ", but the objective has dimension " + std::to_string(own_objective.dimension());
        });
        nodes.emplace_back(options, static_cast<std::uint32_t>(i), detail::mixing_row::of(w, i), initial, compressor,
                           std::move(own_objective), detail::batches_of(batches, i), optimizer);
    }
    return nodes;
}

}  // namespace frugal
