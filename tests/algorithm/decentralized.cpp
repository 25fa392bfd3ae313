// Decentralized training: D-PSGD, CHOCO-SGD and gradient tracking.
#include <cmath>
#include <vector>

#include <frugal/algorithm/choco.hpp>
#include <frugal/algorithm/dpsgd.hpp>
#include <frugal/algorithm/gradient_tracking.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/objective/quadratic.hpp>

#include "catch.hpp"
#include "programs.hpp"

using namespace frugal;
using test::bowl;

namespace {

quadratic uneven(std::size_t worker) {
    const auto i = static_cast<float>(worker);
    return quadratic({i, 1, -0.5f * i}, {1, 0.5f + 0.1f * i, 2});
}
const std::vector<float> start{1, 2, 3};

//! A thousand coordinates with one center.
struct point {
    float center;
    std::size_t dimension() const { return 1000; }
    double value_and_gradient(std::span<const float> w, sample_indices, std::span<float> g) const {
        for (std::size_t k = 0; k < w.size(); ++k) {
            g[k] = w[k] - center;
        }
        return double(g[0]);
    }
};

double largest_error(population<any_node> nodes, std::uint64_t count, const std::vector<double>& expected) {
    run(tbb_engine{}, nodes, rounds{count});
    double worst = 0;
    for (any_node& node : nodes) {
        for (std::size_t k = 0; k < expected.size(); ++k) {
            worst = std::max(worst, std::fabs(double(node.parameters()[k]) - expected[k]));
        }
    }
    return worst;
}

}  // namespace

TEST_CASE("choco: with identity and step 1 it is D-PSGD", "[algorithm][choco][dpsgd][equivalence]") {
    const auto w = torus(2, 3);
    auto a = choco({.consensus_step = 1}, w, uneven, start, full_batch{}, identity{}, sgd{.learning_rate = 0.1});
    auto b = dpsgd({}, w, uneven, start, full_batch{}, sgd{.learning_rate = 0.1});
    run(tbb_engine{}, a, rounds{20});
    run(tbb_engine{}, b, rounds{20});
    for (std::size_t i = 0; i < a.size(); ++i) {
        for (std::size_t k = 0; k < 3; ++k) {
            CHECK(a[i].parameters()[k] == Approx(b[i].parameters()[k]).margin(1e-5));
        }
    }
}

TEST_CASE("dpsgd: both orders are their recursions", "[algorithm][dpsgd]") {
    const auto w = torus(2, 3);
    for (const auto order : {round_order::sequential, round_order::overlap}) {
        auto nodes = dpsgd({.order = order}, w, uneven, start, full_batch{}, sgd{.learning_rate = 0.1});
        run(tbb_engine{}, nodes, rounds{20});
        std::vector<double> x;
        for (std::size_t i = 0; i < 6; ++i) {
            x.insert(x.end(), start.begin(), start.end());
        }
        const auto step = [&](std::vector<double>& to, const std::vector<double>& at) {
            for (std::size_t i = 0; i < 6; ++i) {
                const auto f = uneven(i);
                for (std::size_t k = 0; k < 3; ++k) {
                    to[3 * i + k] -= 0.1 * double(f.curvature()[k]) * (at[3 * i + k] - double(f.center()[k]));
                }
            }
        };
        for (int t = 0; t < 20; ++t) {
            std::vector<double> from = x, mixed(18);
            if (order == round_order::sequential) {
                step(from, x);
            }
            for (std::size_t i = 0; i < 6; ++i) {
                for (const neighbor& e : w.neighbors(i)) {
                    for (std::size_t k = 0; k < 3; ++k) {
                        mixed[3 * i + k] += e.weight * from[3 * e.node + k];
                    }
                }
            }
            if (order == round_order::overlap) {
                step(mixed, x);
            }
            x = mixed;
        }
        for (std::size_t i = 0; i < 6; ++i) {
            for (std::size_t k = 0; k < 3; ++k) {
                CHECK(double(nodes[i].parameters()[k]) == Approx(x[3 * i + k]).margin(2e-5));
            }
        }
    }
}

TEST_CASE("dpsgd: on a complete graph with equal starts it is mini-batch SGD", "[algorithm][dpsgd][equivalence]") {
    const auto objective = [](std::size_t worker) { return quadratic({static_cast<float>(worker)}, 1); };
    auto nodes = dpsgd({}, complete(4), objective, {8}, full_batch{}, sgd{.learning_rate = 0.25});
    const auto report = run(tbb_engine{}, nodes, rounds{3});
    double x = 8;
    for (int t = 0; t < 3; ++t) {
        x -= 0.25 * (x - 1.5);
    }
    for (auto& n : nodes) {
        CHECK(double(n.parameters()[0]) == Approx(x).margin(1e-5));
    }
    CHECK(report.sent.payload_bits == 4 * 3 * 32);
    CHECK(report.received.payload_bits == 4 * 3 * 3 * 32);
}

TEST_CASE("gradient_tracking: reaches the exact minimum, where D-PSGD stays a bias away",
          "[algorithm][gradient_tracking]") {
    const std::vector<float> w0(100, 1.0f);
    const auto minimum = test::minimum_of_bowls(8);
    const sgd step{.learning_rate = 0.1};
    CHECK(largest_error(erase(dpsgd({}, ring(8), bowl, w0, full_batch{}, step)), 1500, minimum) > 0.05);
    CHECK(largest_error(erase(gradient_tracking(1, ring(8), bowl, w0, full_batch{}, step)), 1500, minimum) < 1e-5);
}

TEST_CASE("choco: trains to the common optimum with a 10 % top-k on a ring", "[algorithm][choco]") {
    const auto objective = [](std::size_t worker) {
        std::vector<float> center(40);
        for (std::size_t k = 0; k < 40; ++k) {
            center[k] = std::sin(static_cast<float>(worker * 40 + k));
        }
        return quadratic(center, 1);
    };
    std::vector<double> optimum(40);
    for (std::size_t worker = 0; worker < 8; ++worker) {
        for (std::size_t k = 0; k < 40; ++k) {
            optimum[k] += double(objective(worker).center()[k]) / 8;
        }
    }
    const sparse_compressor tenth{top_k{.fraction = 0.1}};
    for (const auto order : {round_order::sequential, round_order::overlap}) {
        auto nodes = choco({.consensus_step = 0.2f, .order = order}, ring(8), objective, std::vector<float>(40),
                           full_batch{}, tenth, sgd{.learning_rate = inverse_sqrt_decay(0.5, 1)});
        run(tbb_engine{}, nodes, rounds{3000});
        double spread = 0;
        for (std::size_t k = 0; k < 40; ++k) {
            double mean = 0;
            for (auto& n : nodes) {
                mean += double(n.parameters()[k]) / 8;
                spread += std::pow(double(n.parameters()[k]) - optimum[k], 2) / 8;
            }
            CHECK(mean == Approx(optimum[k]).margin(1e-3));
        }
        CHECK(spread < 0.05);
    }
}

TEST_CASE("choco: impossible settings are refused, divergence is reported", "[algorithm][choco][hostile]") {
    CHECK_THROWS_AS(choco_gossip({}, ring(3), {{1}, {2}}, identity{}), invalid_input);
    CHECK_THROWS_AS(choco_gossip({}, ring(2), {{1}, {2, 3}}, identity{}), invalid_input);
    const quadratic f({0}, 1);
    auto wrong = choco({}, ring(2), f, {1, 2}, full_batch{}, identity{}, sgd{});
    CHECK_THROWS_AS(run(tbb_engine{}, wrong, rounds{1}), invalid_input);
    auto nodes = choco({.consensus_step = 1}, ring(4), f, {1}, full_batch{}, identity{}, sgd{.learning_rate = 100});
    const auto report = run(tbb_engine{}, nodes, rounds{1000});
    CHECK(report.diverged());
    CHECK(report.round() < 100);
    auto alone = choco({.consensus_step = 1}, ring(1), quadratic({3}, 1), {1}, full_batch{}, identity{},
                       sgd{.learning_rate = 1});
    run(tbb_engine{}, alone, rounds{2});
    CHECK(alone[0].parameters()[0] == 3);
}

TEST_CASE("dpsgd: sixteen thousand nodes", "[algorithm][dpsgd]") {
    const auto objective = [](std::size_t worker) { return point{static_cast<float>(worker % 2)}; };
    auto nodes = dpsgd({}, torus(128, 128), objective, std::vector<float>(1000), full_batch{}, sgd{.learning_rate = 1});
    const auto report = run(tbb_engine{}, nodes, rounds{2});
    CHECK(report.nodes == 16384);
    CHECK(report.received.messages == 2 * 4 * 16384);
    // a step leads to the node's own parity; W takes 3/5 from nodes of that and 2/5 from the other
    CHECK(nodes[0].parameters()[999] == Approx(0.4f).margin(1e-6));
    CHECK(nodes[1].parameters()[0] == Approx(0.6f).margin(1e-6));
}
