//! Synchronous data-parallel training with compressed gradients: a server and its workers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/algorithm/local_training.hpp>
#include <frugal/compress/agreement.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/concepts.hpp>
#include <frugal/engine/mailbox.hpp>
#include <frugal/engine/node.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {

//! Settings of `synchronous`.
struct synchronous_options {
    std::size_t workers = 1;
    std::uint64_t seed = 0;  //!< of the messages' randomness (dither, masks, codebooks)
    //! One weight per worker, of its gradient in the mean. Empty: the workers' own `weight()` of their batch sources
    //! where
    //! they have one (so that the mean is that of the whole batch although the parts differ by a sample), else equal.
    std::vector<float> weights{};
};

namespace detail {

//! Messages of one number, as they are exchanged for an agreement.
class agreement_channel {
public:
    void send(float number, random_key k, message& m) { exact_.compress({&number, 1}, k, m); }
    float receive(const message& m, random_key k) {
        float number = 0;
        exact_.decompress(m, k, {&number, 1});
        return number;
    }

private:
    identity exact_;
};

//! A compressor whose senders agree on one number, the scale of its own.
template <class C>
concept AgreeingCompressor = Compressor<C> && requires(const C c) {
    requires AgreeingScale<std::remove_cvref_t<decltype(c.scale())>>;
    requires !requires { c.scale().agrees(); };
};

//! Two more where senders agree on a number first.
template <Compressor C>
inline constexpr std::uint64_t synchronous_supersteps = AgreeingCompressor<C> ? 4 : 2;

}  // namespace detail

//! Node 0. In odd supersteps: decodes the workers' messages in node order through the aggregator, updates the model
//! with
//! the result as gradient, and sends the model to all workers, once where the network can (multicast).
template <Compressor C, Aggregator A, LocalOptimizer O>
class synchronous_server {
public:
    static constexpr std::uint64_t supersteps_per_round = detail::synchronous_supersteps<C>;

    //! weights: one per worker.
    synchronous_server(std::uint64_t seed, std::vector<float> initial, std::vector<float> weights, const C& compressor,
                       A aggregator, O optimizer)
        : seed_(seed),
          parameters_(std::move(initial)),
          weights_(std::move(weights)),
          decoders_(weights_.size(), compressor),
          aggregator_(std::move(aggregator)),
          optimizer_(std::move(optimizer)),
          workers_(weights_.size()) {
        std::iota(workers_.begin(), workers_.end(), 1u);
    }

    void step(std::uint64_t superstep, const inbox& in, outbox& out) {
        report_ = {};
        if (superstep % 2 == 0) {
            return;
        }
        const std::uint64_t round = superstep / supersteps_per_round;
        expect(in.size() == workers_.size(), [&] {
            return "the server got " + std::to_string(in.size()) + " messages of " + std::to_string(workers_.size()) +
                   " workers in round " + std::to_string(round);
        });
        for (std::size_t k = 0; k < workers_.size(); ++k) {
            expect_message(in[k].source == workers_[k],
                           "a message came from a node that is no worker, or twice from one");
        }
        if (detail::AgreeingCompressor<C> && superstep % supersteps_per_round == 1) {
            agree(round, in, out);
        } else {
            update(round, in, out);
        }
    }
    //! The model after the last complete round.
    std::span<const float> parameters() const { return parameters_; }
    void state(state_archive& a) {
        const std::size_t d = parameters_.size();
        a(parameters_);
        expect_message(parameters_.size() == d, "a saved model has another dimension than the one being restored");
        save_or_restore(a, optimizer_);
        save_or_restore(a, aggregator_);
        for (C& decoder : decoders_) {
            save_or_restore(a, decoder);
        }
    }
    node_report report() const { return report_; }
    A& aggregator() { return aggregator_; }

private:
    void agree(std::uint64_t round, const inbox& in, outbox& out) {
        float largest = 0;
        for (std::size_t k = 0; k < workers_.size(); ++k) {
            largest =
                std::max(largest, agreement_.receive(*in[k].content, {seed_, workers_[k], round, purposes::agreement}));
        }
        agreement_.send(largest, {seed_, 0, round, purposes::agreement}, out.post(workers_));
    }
    void update(std::uint64_t round, const inbox& in, outbox& out) {
        auto begin = detail::seconds_clock::now();
        gradient_.resize(parameters_.size());
        aggregator_.reset(parameters_.size());
        for (std::size_t k = 0; k < workers_.size(); ++k) {
            const random_key key{seed_, workers_[k], round, purposes::message};
            if constexpr (requires { aggregator_.add(decoders_[k], *in[k].content, key, weights_[k]); }) {
                aggregator_.add(decoders_[k], *in[k].content, key, weights_[k]);
            } else {
                decoders_[k].decompress(*in[k].content, key, gradient_);
                aggregator_.add(std::span<const float>(gradient_), weights_[k]);
            }
        }
        aggregator_.result(std::span<float>(gradient_));
        report_.codec_seconds = detail::seconds_since(begin);
        begin = detail::seconds_clock::now();
        optimizer_.update(parameters_, gradient_, round);
        report_.compute_seconds = detail::seconds_since(begin);
        begin = detail::seconds_clock::now();
        if (!detail::compress_finite(broadcast_, parameters_, {seed_, 0, round, purposes::broadcast},
                                     out.post(workers_))) {
            out.retract();
            report_.diverged = true;
        }
        report_.codec_seconds += detail::seconds_since(begin);
    }

    std::uint64_t seed_;
    std::vector<float> parameters_;
    std::vector<float> weights_;
    std::vector<C> decoders_;  // one per worker: some compressors remember what they received
    A aggregator_;
    O optimizer_;
    identity broadcast_;
    detail::agreement_channel agreement_;
    std::vector<std::uint32_t> workers_;
    std::vector<float> gradient_;
    node_report report_;
};

//! Nodes 1, 2, ... In even supersteps: the gradient on its batch of the round, compressed, to the server (of an
//! AgreeingCompressor first its contribution, and the gradient once all agree). Holds no model:
//! it works on the server's message itself (in round 0, on the initial parameters that all workers share).
template <Compressor C, Objective F, BatchSource B>
class synchronous_worker {
public:
    static constexpr std::uint64_t supersteps_per_round = detail::synchronous_supersteps<C>;

    synchronous_worker(std::uint64_t seed, std::uint32_t node, std::shared_ptr<const std::vector<float>> initial,
                       F objective, B batches, C compressor)
        : seed_(seed),
          node_(node),
          initial_(std::move(initial)),
          gradient_of_(std::move(objective), std::move(batches)),
          compressor_(std::move(compressor)) {}

    void step(std::uint64_t superstep, const inbox& in, outbox& out) {
        const std::uint64_t round = superstep / supersteps_per_round;
        if (superstep % supersteps_per_round != 0) {
            report_.compute_seconds = 0;
            report_.codec_seconds = 0;
            if constexpr (detail::AgreeingCompressor<C>) {
                if (superstep % supersteps_per_round == 2) {
                    expect(in.size() == 1, "a worker must get exactly the server's message in every round");
                    const float largest = agreement_.receive(*in[0].content, {seed_, 0, round, purposes::agreement});
                    agree_with(compressor_, {&largest, 1});
                    send_gradient(round, out);
                }
            }
            return;
        }
        report_ = {};
        std::span<const float> model = *initial_;
        if (round > 0) {
            expect(in.size() == 1, "a worker must get exactly the server's message in every round");
            model = broadcast_.view(*in[0].content, {seed_, 0, round - 1, purposes::broadcast});
        }
        const auto gradient = gradient_of_(model, round, report_);
        if (report_.diverged) {
            return;
        }
        if constexpr (detail::AgreeingCompressor<C>) {
            if (kernels::first_nonfinite(gradient) < gradient.size()) {
                report_.diverged = true;
                return;
            }
            float own = 0;
            share_of(compressor_, gradient, {&own, 1});
            agreement_.send(own, {seed_, node_, round, purposes::agreement}, out.post(0));
        } else {
            send_gradient(round, out);
        }
    }
    //! Empty: the model is the server's.
    std::span<const float> parameters() const { return {}; }
    void state(state_archive& a) { save_or_restore(a, compressor_); }
    node_report report() const { return report_; }
    C& compressor() { return compressor_; }

private:
    void send_gradient(std::uint64_t round, outbox& out) {
        const auto begin = detail::seconds_clock::now();
        if (!detail::compress_finite(compressor_, gradient_of_.gradient(), {seed_, node_, round, purposes::message},
                                     out.post(0))) {
            out.retract();
            report_.diverged = true;
        }
        report_.codec_seconds = detail::seconds_since(begin);
    }

    std::uint64_t seed_;
    std::uint32_t node_;
    std::shared_ptr<const std::vector<float>> initial_;
    detail::local_gradient<F, B> gradient_of_;
    C compressor_;
    identity broadcast_;
    detail::agreement_channel agreement_;
    node_report report_;
};

//! Nodes for synchronous training (SyncSGD with any compressor; spec names: DQSG, QSGD, TernGrad, EF-SGD,
//! DoStoVoQ-SGD).
//!
//!     worker i:  g_i = gradient of its batch at w;  sends C(g_i)          supersteps 0, 2, 4, ...
//!     server:    w <- optimizer(w, aggregate of the C(g_i));  sends w     supersteps 1, 3, 5, ...
//!
//! With an AgreeingCompressor (TernGrad's scaler sharing) two supersteps come before the messages of each round:
//! workers
//! send the number they contribute, the server returns the largest.
//!
//! objective: an Objective, copied for each worker (copies must share their data), or a callable (worker) that makes
//! one.
//! batches: a BatchSource, a callable (worker) that makes one, or a callable (round, worker) that gives sample indices;
//! workers count from 0 and are nodes 1, 2, ...
//! compressor: the prototype of every worker's (and of the server's, one per worker, to decode).
//! Messages of worker k are under random_key{seed, node k + 1, round, purposes::message}.
//! A gradient or model that is not finite ends the run as diverged.
//!
//! Example: `auto nodes = synchronous({.workers = 16, .seed = 1}, objective, w0, batches, compressor, mean{},
//! momentum{});
//! run(tbb_engine{}, nodes, rounds{500}); nodes[0].parameters()`.
template <class F, class B, Compressor C, Aggregator A, LocalOptimizer O>
auto synchronous(const synchronous_options& options, const F& objective, std::vector<float> initial, const B& batches,
                 const C& compressor, A aggregator, O optimizer) {
    using objective_type = decltype(detail::objective_of(objective, 0));
    using batches_type = decltype(detail::batches_of(batches, 0));
    using server = synchronous_server<C, A, O>;
    using worker = synchronous_worker<C, objective_type, batches_type>;
    expect(options.workers > 0, "synchronous: at least one worker is needed");
    expect(options.weights.empty() || options.weights.size() == options.workers,
           "synchronous: give one weight per worker, or none");
    std::vector<float> weights = options.weights;
    const auto shared = std::make_shared<const std::vector<float>>(initial);
    std::vector<worker> workers;
    for (std::size_t k = 0; k < options.workers; ++k) {
        auto own_objective = detail::objective_of(objective, k);
        auto own_batches = detail::batches_of(batches, k);
        expect(own_objective.dimension() == initial.size(), [&] {
            return "synchronous: the initial parameters have length " + std::to_string(initial.size()) +
                   ", but the objective has dimension " + std::to_string(own_objective.dimension());
        });
        if (options.weights.empty()) {
            if constexpr (requires {
                              { own_batches.weight() } -> std::convertible_to<double>;
                          }) {
                weights.push_back(static_cast<float>(own_batches.weight() * static_cast<double>(options.workers)));
            } else {
                weights.push_back(1.0f);
            }
        }
        workers.emplace_back(options.seed, static_cast<std::uint32_t>(k + 1), shared, std::move(own_objective),
                             std::move(own_batches), compressor);
    }
    std::vector<variant_node<server, worker>> nodes;
    nodes.reserve(options.workers + 1);
    nodes.emplace_back(server(options.seed, std::move(initial), std::move(weights), compressor, std::move(aggregator),
                              std::move(optimizer)));
    for (worker& w : workers) {
        nodes.emplace_back(std::move(w));
    }
    return nodes;
}

}  // namespace frugal
