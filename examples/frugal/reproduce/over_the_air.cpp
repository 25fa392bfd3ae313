//! Random linear coding over a multiple-access channel (Abdi 2020, ch. 5).
#include <cmath>
#include <string>
#include <vector>

#include <frugal/algorithm/decentralized.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/exchange/over_the_air.hpp>

#include "../training.hpp"
#include "claims.hpp"

namespace frugal::driver {
namespace {

using node = averaging_node<over_the_air<>>;

//! One mean of n normal vectors of d elements: what all nodes end with, and what the run counted.
template <class Use>
void one_mean(const over_the_air<>& exchange, std::size_t n, std::size_t d, std::uint64_t seed, Use use) {
    std::vector<std::vector<float>> x;
    std::vector<double> exact(d);
    for (std::uint32_t i = 0; i < n; ++i) {
        x.push_back(normal_vector(d, {.seed = seed, .node = i, .purpose = purposes::user}));
        for (std::size_t k = 0; k < d; ++k) {
            exact[k] += double{x.back()[k]} / static_cast<double>(n);
        }
    }
    population<node> nodes(n, seed, [&](std::uint32_t i) { return node(exchange, x[i]); });
    const frugal::run_report report = run(tbb_engine{}, nodes, rounds{1});
    double error = 0, signal = 0;
    for (std::size_t k = 0; k < d; ++k) {
        const double lost = double{nodes[0].parameters()[k]} - exact[k];
        error += lost * lost;
        signal += exact[k] * exact[k];
    }
    use(report, error, signal);
}

std::vector<verdict> channel_uses(std::uint64_t seed) {
    // 50 nodes, a million parameters, 18 dB: what QCS at gain 30 sends node by node, at the channel's capacity.
    constexpr std::size_t nodes = 50, parameters = 1 << 20;
    const double capacity = std::log2(64.0) / 2;  // P / sigma^2 = 63
    const double digital = nodes * (32.0 / 30) * parameters / capacity;
    std::vector<verdict> verdicts;
    one_mean(
        over_the_air(random_linear(20)), nodes, parameters, seed,
        [&](const frugal::run_report& report, double, double) {
            verdicts.push_back(within("50 nodes, 18 dB: channel uses of QCS at gain 30 over those of RLC at gain 20",
                                      "Abdi 2020, sec. 5.5", 50 * (32.0 / 30) / 3 * 20,
                                      digital / report.counted("channel uses"), 0.002));
        });
    constexpr double gain = 4, amplitude = 5;
    constexpr std::size_t d = 4096 * 64;
    one_mean(over_the_air(random_linear(gain), {.snr_db = 60, .amplitude = amplitude}), 8, d, seed,
             [&](const frugal::run_report&, double error, double signal) {
                 verdicts.push_back(
                     within("(d/m - 1) ||g||^2 + d sigma^2 / c^2: squared error of one mean", "Abdi 2020, lemma 13",
                            (gain - 1) * signal + static_cast<double>(d) / (amplitude * amplitude), error, 0.02));
             });
    return verdicts;
}

//! Test accuracy in percent.
double accuracy_of(const std::string& exchange, const std::string& optimizer, std::uint64_t seed) {
    training_request work;
    work.name = exchange.empty() ? "exact mean" : exchange;
    work.exchange = exchange;
    work.optimizer = optimizer;
    work.partition = "dirichlet(alpha=1)";
    work.nodes = 32;
    work.batch = 640;
    work.rounds = 200;
    work.seed = seed;
    return 100 * train(work).test_accuracy;
}

std::vector<verdict> over_the_air_training(std::uint64_t seed) {
    const std::string source = "Abdi 2020, fig. 5.4", setting = "32 nodes, unequal data, half silent, 18 dB: ";
    const std::string sgd = "sgd(learning_rate=step_decay(rate=0.1,factor=0.5,every=50))";
    const double exact = accuracy_of("", sgd, seed);
    const auto air = [](int gain) {
        return "over_the_air(random_linear(gain=" + std::to_string(gain) + ",block=1024),activity=0.5)";
    };
    std::vector<verdict> verdicts;
    for (const int gain : {2, 5}) {
        const double lost = exact - accuracy_of(air(gain), sgd, seed);
        verdicts.push_back({setting + "points of accuracy that RLC at gain " + std::to_string(gain) + " loses, at most",
                            source, 2, lost, lost < 2});
    }
    return verdicts;
}

}  // namespace

reproductions_of_file over_the_air_claims() {
    return {{"over-the-air", "channel uses and exact error of random linear coding", channel_uses},
            {"over-the-air-training", "training over a channel that adds up", over_the_air_training}};
}

}  // namespace frugal::driver
