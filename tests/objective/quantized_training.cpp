// Training to a grid on problems whose best point on it is known: AskewSGD against its baselines (Leconte 2024, sec.
// 2.4).
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/model/activation.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/sequential.hpp>
#include <frugal/objective/empirical_risk.hpp>
#include <frugal/objective/on_grid.hpp>
#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/any_optimizer.hpp>
#include <frugal/optimize/askew_sgd.hpp>
#include <frugal/optimize/binary_connect.hpp>
#include <frugal/optimize/exhaustive_search.hpp>
#include <frugal/optimize/prox_quant.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

template <class... Layers>
auto two_class_model(const regression_dataset& data, Layers... layers) {
    return empirical_risk(data, sequential({data.dimension()}, layers...), logistic{});
}

//! What a run ends with, and the losses of its signs after the steps of its second half.
struct outcome {
    std::vector<float> w{};
    double signs = 0;
    double lowest = HUGE_VAL, mean = 0, highest = 0;
};

template <class F>
outcome train(F f, any_optimizer optimizer, std::vector<float> w, std::uint64_t epochs, std::size_t batch,
              std::uint64_t seed) {
    batch_sampler batches = batch_sampler::global(f.samples(), batch, 0, 1, seed);
    const std::uint64_t steps = epochs * batches.rounds_per_epoch();
    on_grid rounded_f(f, weight_grid());
    std::vector<float> g(w.size());
    outcome end;
    for (std::uint64_t t = 0; t < steps; ++t) {
        if (optimizer.differentiates_on_grid()) {
            rounded_f.value_and_gradient(w, batches.batch(t), g);
        } else {
            f.value_and_gradient(w, batches.batch(t), g);
        }
        optimizer.update(w, g, t);
        if (2 * t >= steps) {
            end.signs = rounded_f.value(w, {});
            end.lowest = std::min(end.lowest, end.signs);
            end.highest = std::max(end.highest, end.signs);
            end.mean += end.signs * 2 / static_cast<double>(steps);
        }
    }
    end.w = std::move(w);
    return end;
}

std::vector<float> uniform_start(std::size_t d, std::uint64_t seed, float radius) {
    const random_stream stream({.seed = seed, .purpose = purposes::initialize});
    std::vector<float> w(d);
    for (std::size_t i = 0; i < d; ++i) {
        w[i] = 2 * radius * stream.centered(i);
    }
    return w;
}

}  // namespace

TEST_CASE("quantized training: AskewSGD finds the best signs of logistic regression", "[objective][optimize]") {
    constexpr std::uint64_t seeds = 12, epochs = 25, steps_per_epoch = 6;
    const schedule annealing = delayed_decay(1, std::pow(0.88, 50.0 / 13), 12 * steps_per_epoch, steps_per_epoch);
    const sgd inner{.learning_rate = 1};
    std::uint64_t found = 0, found_by_prox = 0, oscillating = 0;
    double excess = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const auto problem = binary_logistic_regression{}({.seed = seed});
        auto f = two_class_model(problem.data, dense{.outputs = 1, .bias = false});
        const auto best = exhaustive_search(10, [&](std::span<const float> w) { return f.value(w, {}); });
        CHECK(best.weights == problem.solution);
        const auto start = uniform_start(10, seed, 0.1f);
        const auto run = [&](any_optimizer optimizer) {
            return train(f, std::move(optimizer), start, epochs, 1000, seed);
        };
        for (const float alpha : {0.2f, 4.0f}) {
            const outcome askew = run(askew_sgd<>{.inner = inner, .alpha = alpha, .epsilon = annealing});
            found += askew.signs == best.value ? 1 : 0;
            for (const float w : askew.w) {
                CHECK(std::fabs(std::fabs(w) - 1) < 0.1f);
            }
        }
        const outcome connect = run(binary_connect<>{.inner = inner});
        excess += (connect.mean - best.value) / double(seeds);
        oscillating += connect.highest - connect.lowest > 0.05 ? 1 : 0;
        found_by_prox +=
            run(prox_quant<>{.inner = inner, .lambda = schedule(0.05).warm_up(0, 150)}).signs == best.value;
    }
    CHECK(10 * found >= 9 * 2 * seeds);
    CHECK(10 * found_by_prox >= 9 * seeds);
    CHECK(excess > 0.005);
    CHECK(10 * oscillating >= 9 * seeds);
}

TEST_CASE("quantized training: on two moons, full precision, the best signs, AskewSGD and BinaryConnect in that order",
          "[objective][optimize]") {
    constexpr std::uint64_t seeds = 12, epochs = 50, steps_per_epoch = 20;
    double full = 0, best = 0, askew = 0;
    int not_worse = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const auto data = two_moons{.samples = 2000, .noise = 0.2f}({.seed = seed});
        auto f = two_class_model(data, dense{.outputs = 3, .bias = false}, relu{}, dense{.outputs = 1, .bias = false});
        const auto start = uniform_start(9, seed, 0.5f);
        const auto run = [&](any_optimizer optimizer) {
            return train(f, std::move(optimizer), start, epochs, 100, seed);
        };
        const double least = exhaustive_search(9, [&](std::span<const float> w) { return f.value(w, {}); }).value;
        const adam inner{.learning_rate = 1};
        const double reached =
            run(askew_sgd<adam>{.inner = inner,
                                .alpha = 4,
                                .epsilon = delayed_decay(1, 0.8, epochs / 2 * steps_per_epoch, steps_per_epoch)})
                .signs;
        CHECK(reached >= least);
        full += f.value(run(adam{.learning_rate = 0.1}).w, {});
        best += least;
        askew += reached;
        not_worse += reached <= run(binary_connect<adam>{.inner = inner}).signs ? 1 : 0;
    }
    CHECK(full < best);
    CHECK(askew < 1.15 * best);
    CHECK(2 * not_worse >= static_cast<int>(seeds));
}
