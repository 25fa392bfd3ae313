//! Boolean training: the optimizer's rules, Boolean layers, FedBool and MajBool (Leconte 2024, chapters 3 and 4).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <frugal/algorithm/fedbool.hpp>
#include <frugal/algorithm/majbool.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/data/partition.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/engine/run.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/model/boolean_dense.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/sequential.hpp>
#include <frugal/model/threshold.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/boolean_mlp.hpp>
#include <frugal/objective/empirical_risk.hpp>
#include <frugal/optimize/binary_connect.hpp>

#include "../choices.hpp"
#include "../training.hpp"
#include "claims.hpp"

namespace frugal::driver {
namespace {

constexpr const char* chapter_3 = "Leconte 2024, ch. 3; simulated";
constexpr const char* chapter_4 = "Leconte 2024, ch. 4; simulated";
constexpr const char* table_4_1 = "Leconte 2024, Table 4.1 (MNIST)";

//! Thirty prototypes in {-1, +1}^128, three for each of ten classes; of a sample every coordinate is inverted with
//! probability 0.28.
train_test noisy_prototypes(std::uint64_t seed) {
    constexpr std::size_t d = 128, count = 30, train = 8000, test = 2000;
    const random_stream words({.seed = seed, .purpose = purposes::data});
    const random_stream noise({.seed = seed, .purpose = purposes::user});
    const auto samples = [&](std::size_t first, std::size_t n) {
        std::vector<float> features(n * d);
        std::vector<std::uint32_t> labels(n);
        for (std::size_t s = 0; s < n; ++s) {
            const std::size_t prototype = words.word(count * d + first + s) % count;
            labels[s] = static_cast<std::uint32_t>(prototype % 10);
            for (std::size_t j = 0; j < d; ++j) {
                const bool truth = (words.word(prototype * d + j) & 1u) != 0;
                const bool inverted = noise.uniform((first + s) * d + j) <= 0.28f;
                features[s * d + j] = truth != inverted ? 1.0f : -1.0f;
            }
        }
        return dataset(std::move(features), std::move(labels), d, 10);
    };
    return {samples(0, train), samples(train, test)};
}

//! A Boolean layer 128-128 and a real head, over noisy prototypes.
struct toy {
    using model = sequential<boolean_dense, threshold_activation, dense>;

    explicit toy(std::uint64_t number)
        : seed(number),
          data(noisy_prototypes(number)),
          objective(data.train, model({128}, boolean_dense{.outputs = 128}, threshold_activation{.variance = 128},
                                      dense{.outputs = 10})),
          initial(objective.dimension()) {
        blas::use_one_thread_per_call();
        objective.initialize({.seed = seed, .purpose = purposes::initialize}, initial);
    }

    std::uint64_t seed;
    train_test data;
    empirical_risk<model> objective;
    std::vector<float> initial;
};

//! What a training on one machine ends with: per cent of the test samples, and of the truth values inverted in a step.
struct outcome {
    double accuracy = 0;
    double flips = 0;
};

template <class F, LocalOptimizer O>
outcome trained(F objective, O optimizer, std::vector<float> w, const dataset& test, std::uint64_t steps,
                std::uint64_t seed) {
    std::vector<float> g(w.size());
    auto batches = batch_sampler::global(objective.samples(), 100, 0, 1, seed);
    outcome result;
    for (std::uint64_t t = 0; t < steps; ++t) {
        objective.value_and_gradient(w, batches.batch(t), g);
        optimizer.update(w, g, t);
        if constexpr (requires { flips_of(optimizer); }) {
            result.flips += static_cast<double>(flips_of(optimizer));
        }
    }
    const kind_runs truth(objective.layout(), value_kind::boolean);
    result.flips *= 100 / static_cast<double>(steps * truth.size());
    result.accuracy = 100 * accuracy(objective, w, test);
    return result;
}

verdict at_least(std::string claim, std::string source, double published, double measured, double least) {
    return {std::move(claim), std::move(source), published, measured, measured >= least};
}
verdict at_most(std::string claim, std::string source, double published, double measured, double most) {
    return {std::move(claim), std::move(source), published, measured, measured <= most};
}

std::vector<verdict> boolean_rules(std::uint64_t seed) {
    constexpr std::uint64_t seeds = 3;
    const std::array rules{boolean_optimizer{.learning_rate = 0},
                           boolean_optimizer{.learning_rate = 1},
                           boolean_optimizer{.learning_rate = 5},
                           boolean_optimizer{.learning_rate = 400},
                           boolean_optimizer{.learning_rate = 5, .memory = flip_memory::constant},
                           boolean_optimizer{.learning_rate = 5, .memory = flip_memory::changed},
                           boolean_optimizer{.learning_rate = 5, .rule = flip_rule::sign}};
    std::array<outcome, rules.size()> of{};
    for (std::uint64_t s = seed; s < seed + seeds; ++s) {
        const toy t(s);
        for (std::size_t r = 0; r < rules.size(); ++r) {
            const optimizer_by_kind both(rules[r], adam{.learning_rate = 0.01}, t.objective.layout());
            const outcome o = trained(t.objective, both, t.initial, t.data.test, 600, s);
            of[r].accuracy += o.accuracy / seeds;
            of[r].flips += o.flips / seeds;
        }
    }
    const auto& [frozen, slow, right, fast, lasting, changed, sign] = of;
    return {at_least("threshold 1, beta = kept, eta 5: points above a frozen Boolean layer", chapter_3, 22.5,
                     right.accuracy - frozen.accuracy, 15),
            at_least("beta = 1, eta 5: points above a frozen layer", chapter_3, 22.4,
                     lasting.accuracy - frozen.accuracy, 15),
            {"beta = changed (eq. 4.4 as printed), eta 5: per cent of the weights inverted in a step", chapter_3, 0,
             changed.flips, changed.flips == 0},
            within("flips where signs agree (alg. 3 as printed): per cent of the weights inverted in a step", chapter_3,
                   36, sign.flips, 0.1),
            at_most("the same: points above a frozen layer", chapter_3, -8.6, sign.accuracy - frozen.accuracy, 0),
            at_least("eta scan: points of eta 5 above eta 1", chapter_3, 3.6, right.accuracy - slow.accuracy, 0),
            at_least("eta scan: points of eta 5 above eta 400", chapter_3, 13.1, right.accuracy - fast.accuracy, 5)};
}

//! Latent weights near 0 in place of truth values: optimizers of real numbers train them by their signs.
std::vector<float> latent_of(std::vector<float> w, const tensor_layout& layout) {
    for (const named_tensor& t : layout.tensors()) {
        for (float& latent : t.of(std::span<float>(w))) {
            latent *= t.kind == value_kind::boolean ? 0.05f : 1.0f;
        }
    }
    return w;
}

std::vector<verdict> boolean_layers(std::uint64_t seed) {
    constexpr std::uint64_t steps = 1200;
    const train_test data = fashion_mnist()({});
    const boolean_mlp f(data.train, {256, 256}, {.level = 0.1f});
    std::vector<float> w(f.dimension());
    f.initialize({.seed = seed, .purpose = purposes::initialize}, w);
    const adam real{.learning_rate = cosine_decay(0.003, 0, steps)};
    const auto by_kind = [&](schedule rate) {
        return optimizer_by_kind(boolean_optimizer{.learning_rate = rate}, real, f.layout());
    };
    const double frozen = trained(f, by_kind(0), w, data.test, steps, seed).accuracy;
    const double flipped = trained(f, by_kind(cosine_decay(10, 0, steps)), w, data.test, steps, seed).accuracy;
    const double latent = trained(f, real, latent_of(w, f.layout()), data.test, steps, seed).accuracy;
    const std::string what = "Fashion-MNIST, two Boolean layers of 256, real head: ";
    return {at_least(what + "points of trained layers above frozen ones, at least", "Leconte 2024, ch. 3", 5,
                     flipped - frozen, 5),
            at_most(what + "points below straight-through training of latent weights, at most", "Leconte 2024, ch. 3",
                    3, latent - flipped, 3)};
}

//! What the source's comparison says of BiFL: clients run BinaryConnect and send signs, whose mean is where all
//! clients' latent weights begin in the next round.
template <class F, class B>
auto binary_averaging(const federated_options& options, const F& f, const std::vector<float>& initial, const B& batches,
                      double rate, const adam& real) {
    const optimizer_by_kind local(binary_connect<adam>{.inner = {.learning_rate = rate}}, real, f.layout());
    const auto step_of = steps_of(f, batches, local, initial.size());
    return federated_population(
        with_equal_weights(options), batches,
        [=](std::size_t client) { return local_run(step_of(client), options.steps, true, run_result::model); },
        exchange_by_kind(server(signs()), server<>(), f.layout()), adopt{}, latent_of(initial, f.layout()));
}

//! And of FedQNN: clients send quantized gradients at the signs of latent weights, which the server keeps.
template <class F, class B, class C>
auto quantized_gradients(const federated_options& options, const F& f, const std::vector<float>& initial,
                         const B& batches, const adam& at_server, C codec) {
    const auto step_of = steps_of(f, batches, sgd{}, initial.size());
    return federated_population(
        with_equal_weights(options), batches,
        [=](std::size_t client) { return gradient_sum(step_of(client), options.steps); },
        exchange_by_kind(server(std::move(codec), signs()), server<>(), f.layout()), at_server,
        latent_of(initial, f.layout()));
}

std::vector<verdict> federated_boolean_toy(std::uint64_t seed) {
    constexpr std::uint64_t seeds = 3;
    constexpr std::size_t clients = 40;
    std::map<std::string, double> of;
    for (std::uint64_t s = seed; s < seed + seeds; ++s) {
        const toy t(s);
        const random_key key{.seed = s, .purpose = purposes::partition};
        const partition alike = iid{}(t.data.train.labels(), clients, key);
        const partition unlike = shards{.per_node = 2}(t.data.train.labels(), clients, key);
        const federated_options options{.clients = clients, .sampled = 10, .steps = {.count = 10}, .seed = s};
        const adam real{.learning_rate = 0.01};
        const auto batches = [&](const partition& parts) {
            return [&parts, s](std::size_t k) { return batch_sampler::local(parts[k], 100, k, s); };
        };
        const auto add = [&](const std::string& name, auto nodes) {
            run(tbb_engine{}, nodes, rounds{100});
            of[name] += 100 * accuracy(t.objective, nodes[0].parameters(), t.data.test) / seeds;
        };
        const auto fedbool_by = [&](const std::string& name, const partition& parts, auto codec) {
            add(name, fedbool(options, t.objective, t.initial, batches(parts), {.learning_rate = 2}, real, codec));
        };
        const auto majbool_by = [&](const std::string& name, const partition& parts, double rate, double threshold) {
            add(name, majbool(options, t.objective, t.initial, batches(parts), {.learning_rate = rate}, real,
                              majority_vote(threshold)));
        };
        fedbool_by("exact", alike, identity());
        fedbool_by("quantized", alike, stovoq{.codewords = 1024});
        fedbool_by("quantized, unlike", unlike, stovoq{.codewords = 1024});
        const auto alike_batches = batches(alike);
        const scalar_compressor four_bits{stochastic{.levels = 7}, bucketed{max_norm{}, 512}};
        add("BiFL", binary_averaging(options, t.objective, t.initial, alike_batches, 0.1, real));
        add("FedQNN",
            quantized_gradients(options, t.objective, t.initial, alike_batches, {.learning_rate = 0.003}, four_bits));
        majbool_by("vote", alike, 200, 0);
        majbool_by("vote, unlike", unlike, 200, 0);
        majbool_by("quorum, unlike", unlike, 200, 0.5);
        majbool_by("unanimous, unlike", unlike, 200, 1);
        majbool_by("vote, fast", alike, 800, 0);
        majbool_by("quorum, fast", alike, 800, 0.5);
        majbool_by("unanimous, fast", alike, 800, 1);
    }
    return {at_most("FedBool: points lost by 0.875 bits a coordinate against exact messages, at most", chapter_4, 1.5,
                    of["exact"] - of["quantized"], 1.5),
            at_most("FedBool: points lost under two classes a client, at most", chapter_4, 1.5,
                    of["quantized"] - of["quantized, unlike"], 1.5),
            at_least("MajBool: points lost under two classes a client, at least", chapter_4, 5,
                     of["vote"] - of["vote, unlike"], 5),
            at_least("BiFL: points above chance, at least", table_4_1, 89.41 - 10, of["BiFL"] - 10, 50),
            at_least("MajBool: points above BiFL, which sends as much, at least", table_4_1, 95.09 - 89.41,
                     of["vote"] - of["BiFL"], 0),
            at_least("FedQNN of 4 bits: points above chance, at least", table_4_1, 95.67 - 10, of["FedQNN"] - 10, 50),
            at_most("FedQNN of 4 bits: points above FedBool of 0.875, at most", table_4_1, 95.67 - 97.15,
                    of["FedQNN"] - of["quantized"], 3),
            at_least("MajBool, two classes a client: points of V = 0.5 above unanimity", chapter_4, 18.8,
                     of["quorum, unlike"] - of["unanimous, unlike"], 0),
            at_least("MajBool, eta 800: points of V = 0.5 above V = 0", chapter_4, 3.4,
                     of["quorum, fast"] - of["vote, fast"], 0),
            at_least("MajBool, eta 800: points of V = 0.5 above unanimity", chapter_4, 1.3,
                     of["quorum, fast"] - of["unanimous, fast"], 0)};
}

//! The best test accuracy, in per cent, that a run reached while a worker had sent at most so many bits.
double best_within(const driver::run_report& r, double bits) {
    double best = 0;
    for (const curve_point& p : r.curve) {
        if (p.payload_bits_per_node <= bits) {
            best = std::max(best, 100 * p.test_accuracy);
        }
    }
    return best;
}

std::vector<verdict> federated_boolean(std::uint64_t seed) {
    training_request work;
    work.nodes = 100;
    work.batch = 5000;
    work.rounds = 40;
    work.evaluate_every = 1;
    work.seed = seed;
    const auto run_of = [&](const std::string& algorithm, const std::string& objective, const std::string& optimizer,
                            const std::string& compressor) {
        training_request r = work;
        r.name = algorithm + ", " + compressor;
        r.algorithm = algorithm;
        r.objective = objective;
        r.optimizer = optimizer;
        r.compressor = compressor;
        return train(r);
    };
    const std::string real = "mlp(256)", boolean = "boolean_mlp([256],level=0.1)", adam_of_head = "adam(0.005)";
    const std::string qsgd = "scalar(stochastic(levels=1),bucketed(l2_norm,size=512),packed)";
    const std::string averaging = "fedavg(steps=10,sampled=10)", step = "sgd(learning_rate=0.3)";
    const auto full = run_of(averaging, real, step, "identity");
    const auto coarse = run_of(averaging, real, step, qsgd);
    const auto fed = run_of("fedbool(steps=10,sampled=10,flips=boolean(learning_rate=8))", boolean, adam_of_head,
                            "stovoq(codewords=1024)");
    const auto maj =
        run_of("majbool(steps=10,sampled=10,flips=boolean(learning_rate=20))", boolean, adam_of_head, "identity");
    const auto reached = [](const driver::run_report& r) { return 100 * r.test_accuracy; };
    // bits of a sampled client for each truth value, the real head apart
    constexpr double head = 256 * 10 + 10, truth_values = 784 * 256;
    const auto of_truth = [&](double bits_per_node) {
        return (bits_per_node * static_cast<double>(work.nodes) / 10 - 32 * head) / truth_values;
    };
    const auto exactly = [](std::string claim, double published, double measured, double expected) {
        return verdict{std::move(claim), "Leconte 2024, Table 4.1", published, measured,
                       std::fabs(measured - expected) < 1e-3};
    };
    const double budget = fed.curve.back().payload_bits_per_node;
    const std::string what = "Fashion-MNIST, 784-256-10, 100 clients, 10 a round, 40 rounds: ";
    return {
        exactly(what + "uplink bits of FedBool for a truth value (published without the norms)", 0.8,
                of_truth(fed.payload_bits_per_node_per_round), 0.875),
        exactly(what + "downlink bits of FedBool for a truth value", 1, of_truth(fed.downlink_bits_per_node_per_round),
                1),
        exactly(what + "uplink bits of MajBool for a truth value", 1, of_truth(maj.payload_bits_per_node_per_round), 1),
        exactly(what + "downlink bits of MajBool for a truth value", 1, of_truth(maj.downlink_bits_per_node_per_round),
                1),
        at_most(what + "points of FedBool below FedAvg of real weights, 32 bits", table_4_1, 2.2,
                reached(full) - reached(fed), 5),
        at_most(what + "points of MajBool below FedAvg of real weights, 32 bits", table_4_1, 4.2,
                reached(full) - reached(maj), 5),
        at_least(what + "points of FedBool above FedAvg when FedAvg has sent as much", "closed form", 0,
                 reached(fed) - best_within(full, budget), 0),
        at_most(what + "points of FedBool below QSGD FedAvg when that has sent as much", "closed form", 5,
                best_within(coarse, budget) - reached(fed), 5)};
}

}  // namespace

reproductions_of_file boolean_claims() {
    return {{"boolean-rules", "the Boolean optimizer, as resolved and as printed", boolean_rules},
            {"boolean-layers", "trained Boolean layers against frozen and straight-through ones", boolean_layers},
            {"federated-boolean-toy", "FedBool and MajBool on noisy prototypes", federated_boolean_toy},
            {"federated-boolean", "FedBool and MajBool beside FedAvg on Fashion-MNIST", federated_boolean}};
}

}  // namespace frugal::driver
