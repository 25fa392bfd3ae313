//! One training run of every kind, for tests that hold for all of them, on every engine.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <frugal/algorithm/ce_sgd.hpp>
#include <frugal/algorithm/choco.hpp>
#include <frugal/algorithm/dpsgd.hpp>
#include <frugal/algorithm/fedavg.hpp>
#include <frugal/algorithm/fedprox.hpp>
#include <frugal/algorithm/gradient_tracking.hpp>
#include <frugal/algorithm/local_sgd.hpp>
#include <frugal/algorithm/svrg.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/by_tensor.hpp>
#include <frugal/exchange/delayed.hpp>
#include <frugal/exchange/diana.hpp>
#include <frugal/exchange/every.hpp>
#include <frugal/exchange/feedback.hpp>
#include <frugal/exchange/hierarchical.hpp>
#include <frugal/exchange/power_sgd.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/node/any_node.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/optimizers.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/stochastic.hpp>

namespace test {

inline frugal::quadratic bowl(std::size_t worker) {
    std::vector<float> center(100), curvature(100);
    for (std::size_t k = 0; k < 100; ++k) {
        center[k] = std::cos(static_cast<float>(31 * worker + k));
        curvature[k] = 0.5f + 0.01f * static_cast<float>(k);
    }
    return frugal::quadratic(center, curvature);
}

//! The minimum of the mean of the first n bowls.
inline std::vector<double> minimum_of_bowls(std::size_t n) {
    std::vector<double> above(100), below(100);
    for (std::size_t worker = 0; worker < n; ++worker) {
        const auto f = bowl(worker);
        for (std::size_t k = 0; k < 100; ++k) {
            above[k] += double(f.curvature()[k]) * double(f.center()[k]);
            below[k] += double(f.curvature()[k]);
        }
    }
    for (std::size_t k = 0; k < 100; ++k) {
        above[k] /= below[k];
    }
    return above;
}

struct program {
    std::string name;
    std::function<frugal::population<frugal::any_node>()> make;
};

inline std::vector<program> all_programs() {
    using namespace frugal;
    std::vector<program> all;
    const auto add = [&](const char* name, auto make) { all.push_back({name, [make] { return erase(make()); }}); };
    static const std::vector<float> w0(100, 1.0f);
    static const scalar_compressor dither{dithered{.levels = 1}};
    static const sparse_compressor tenth{top_k{.fraction = 0.1}};
    static const training_options six{.workers = 6, .seed = 9};
    static const federated_options sampled{.clients = 20, .sampled = 5, .steps = {.count = 3}, .seed = 3};
    const auto training = [add](const char* name, auto exchange, auto optimizer) {
        add(name, [=] { return synchronous(six, bowl, w0, full_batch{}, exchange, optimizer); });
    };
    const auto steps = sgd{.learning_rate = 0.05};
    const auto heavy = momentum{.learning_rate = 0.02};
    const averaging_options blocks{.block = 16}, both{.block = 16, .downlink_feedback = true};
    training("server", server{}, heavy);
    training("server, dithered", server{dither}, heavy);
    training("server, agreed scale", server{scalar_compressor{ternary{}, shared_norm{}, radix{}}}, heavy);
    training("server, both ways", server{dither, dither, mean{}, both}, heavy);
    training("all_gather in blocks", all_gather{dither, mean{}, blocks}, heavy);
    training("all_gather, agreed scale", all_gather{scalar_compressor{ternary{}, shared_norm{}, radix{}}}, heavy);
    training("sharded in blocks", sharded{dither, identity{}, mean{}, blocks}, heavy);
    training("sharded, both ways", sharded{dither, dither, mean{}, both}, adam{.learning_rate = 0.02});
    training("feedback, top-k", feedback{server{tenth}}, heavy);
    training("feedback, sharded", feedback{sharded{tenth, identity{}, mean{}, blocks}}, heavy);
    training("diana", diana{server{dither}, 0.1f}, steps);
    training("hierarchical", hierarchical{all_gather{dither}, all_gather{}, 4}, steps);
    add("local SGD", [=] { return local_sgd(six, {.count = 4}, bowl, w0, full_batch{}, all_gather{}, heavy); });
    add("SlowMo", [=] {
        return local_sgd(six, {.count = 4, .from_round = 3}, bowl, w0, full_batch{}, sharded{}, steps,
                         momentum{.learning_rate = 0.5, .factor = 0.5f});
    });
    add("FedAvg", [=] { return fedavg(sampled, bowl, w0, full_batch{}, steps); });
    add("FedAdam", [=] {
        return fedavg(sampled, bowl, w0, full_batch{}, steps, adam{.learning_rate = 0.05}, server{dither, dither});
    });
    add("FedProx", [=] { return fedprox(sampled, 0.1f, bowl, w0, full_batch{}, steps); });
    add("SVRG", [=] { return svrg(six, 4, bowl, w0, full_batch{}, full_batch{}, sharded{}, steps); });
    add("CE-SGD", [=] {
        const sparse_compressor masked{loss_mask{.layers = {40, 60}}, identity{}, bitmap_indices{}};
        return ce_sgd({.workers = 6, .seed = 9, .feedback = {.averaged = true, .smoothing = 0.5}}, bowl, w0,
                      full_batch{}, server{error_feedback{masked}}, heavy);
    });
    for (const auto order : {round_order::sequential, round_order::overlap}) {
        const bool overlaps = order == round_order::overlap;
        add(overlaps ? "D-PSGD, overlap" : "D-PSGD",
            [=] { return dpsgd({.seed = 1, .order = order}, ring(8), bowl, w0, full_batch{}, heavy); });
        add(overlaps ? "CHOCO, overlap" : "CHOCO", [=] {
            return choco({.consensus_step = 0.2f, .seed = 1, .order = order}, ring(8), bowl, w0, full_batch{}, tenth,
                         steps);
        });
    }
    add("D-PSGD, dithered", [=] {
        return dpsgd({.seed = 1}, torus(3, 3), bowl, w0, full_batch{}, steps,
                     scalar_compressor{dithered{.levels = 127}});
    });
    add("gradient tracking", [=] { return gradient_tracking(1, ring(8), bowl, w0, full_batch{}, steps); });
    add("every other round, late", [=] {
        return decentralized({.seed = 1}, 6, bowl, w0, full_batch{}, every(delayed(all_gather{dither}, 0), 2), steps);
    });
    add("late gossip",
        [=] { return decentralized({.seed = 1}, 6, bowl, w0, full_batch{}, delayed(gossip(ring(6)), 1), steps); });
    add("by tensor", [=] {
        return decentralized({.seed = 1}, 5, bowl, w0, full_batch{},
                             by_tensor({40, 60}, std::vector<feedback<all_gather<sparse_compressor<top_k>>>>(
                                                     2, feedback(all_gather{tenth}))),
                             steps);
    });
    add("PowerSGD",
        [=] { return decentralized({.seed = 1}, 5, bowl, w0, full_batch{}, power_sgd(sharded{}, 10, 10, 2), steps); });
    return all;
}

}  // namespace test
