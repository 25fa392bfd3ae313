// CHOCO-Gossip and CHOCO-SGD: the trace, the tables and the reductions of Lin 2022, chapter 4 (recomputed).
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <frugal/algorithm/choco.hpp>
#include <frugal/algorithm/dpsgd.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/optimizers.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(Node<choco_node<identity>>);

namespace {

//! x_i ~ N(i, 1) in 50 dimensions on 8 nodes.
std::vector<std::vector<float>> separated_start() {
    std::vector<std::vector<float>> x(8, std::vector<float>(50));
    for (std::uint32_t i = 0; i < 8; ++i) {
        const random_stream normal({.seed = 11, .node = i, .purpose = purposes::initialize});
        for (std::size_t k = 0; k < 50; ++k) {
            x[i][k] = static_cast<float>(i) + normal.normal(k);
        }
    }
    return x;
}

template <class Nodes>
std::vector<double> mean_of(const Nodes& nodes) {
    std::vector<double> mean(nodes[0].parameters().size());
    for (const auto& n : nodes) {
        for (std::size_t k = 0; k < mean.size(); ++k) {
            mean[k] += static_cast<double>(n.parameters()[k]) / static_cast<double>(nodes.size());
        }
    }
    return mean;
}

//! Mean squared distance to the mean.
template <class Nodes>
double consensus_distance(const Nodes& nodes) {
    const auto mean = mean_of(nodes);
    double sum = 0;
    for (const auto& n : nodes) {
        for (std::size_t k = 0; k < mean.size(); ++k) {
            const double d = static_cast<double>(n.parameters()[k]) - mean[k];
            sum += d * d;
        }
    }
    return sum / static_cast<double>(nodes.size());
}

template <class C>
double distance_after(std::uint64_t n, float gamma, const C& compressor) {
    auto nodes = choco_gossip({.consensus_step = gamma, .seed = 5}, ring(8), separated_start(), compressor);
    const auto before = mean_of(nodes);
    run(tbb_engine{}, nodes, rounds{n});
    const auto after = mean_of(nodes);
    const double distance = consensus_distance(nodes);
    if (distance < 1e4) {
        for (std::size_t k = 0; k < before.size(); ++k) {
            CHECK(after[k] == Approx(before[k]).margin(1e-4));
        }
    }
    return distance;
}

const sparse_compressor<top_k> top_tenth{top_k{.fraction = 0.1}};

//! x_i <- sum_j w_ij Q(x_j) on unbiased messages: what CHOCO repairs.
struct naive_node {
    std::uint32_t self = 0;
    std::vector<neighbor> row;
    std::vector<float> x;
    scalar_compressor<stochastic, l2_norm> codec{stochastic{.levels = 8}, l2_norm{}};

    void step(std::uint64_t superstep, const inbox& in, outbox& out) {
        std::vector<std::uint32_t> targets;
        if (superstep > 0) {
            std::fill(x.begin(), x.end(), 0.0f);
            std::size_t k = 0;
            for (const auto& e : in) {
                while (row[k].node != e.source) {
                    ++k;
                }
                codec.decompress_add(*e.content, {.seed = 3, .node = e.source, .round = superstep - 1},
                                     static_cast<float>(row[k].weight), x);
            }
        }
        for (const auto& n : row) {
            targets.push_back(n.node);
        }
        codec.compress(x, {.seed = 3, .node = self, .round = superstep}, out.post(targets));
    }
    std::span<const float> parameters() const { return x; }
    void state(state_archive& a) { a(x); }
};

}  // namespace

TEST_CASE("choco_gossip: the two-node trace", "[algorithm][choco]") {
    auto nodes = choco_gossip({.consensus_step = 0.5f}, complete(2), {{4, 1}, {0, 3}},
                              sparse_compressor<top_k>{top_k{.count = 1}});
    run(tbb_engine{}, nodes, rounds{1});
    CHECK(nodes[0].known()[0] == 4.0f);
    CHECK(nodes[0].known()[1] == 0.0f);
    CHECK(nodes[1].known()[0] == 0.0f);
    CHECK(nodes[1].known()[1] == 3.0f);
    CHECK(nodes[0].parameters()[0] == 3.0f);
    CHECK(nodes[0].parameters()[1] == 1.75f);
    CHECK(nodes[1].parameters()[0] == 1.0f);
    CHECK(nodes[1].parameters()[1] == 2.25f);

    auto again = choco_gossip({.consensus_step = 0.5f}, complete(2), {{4, 1}, {0, 3}},
                              sparse_compressor<top_k>{top_k{.count = 1}});
    run(tbb_engine{}, again, rounds{2});
    CHECK(again[0].known()[1] == 1.75f);  // q_1 = (0, 1.75)
    CHECK(again[1].known()[0] == 1.0f);   // q_2 = (1, 0)
    CHECK(again[0].parameters()[0] == 2.25f);
    CHECK(again[0].parameters()[1] == 2.0625f);
    CHECK(again[1].parameters()[0] == 1.75f);
    CHECK(again[1].parameters()[1] == 1.9375f);
}

TEST_CASE("choco_theoretical_step: the table", "[algorithm][choco]") {
    CHECK(choco_theoretical_step(0.195262146, 4.0 / 3, 1) == Approx(4.053681e-3).epsilon(1e-5));
    CHECK(choco_theoretical_step(0.195262146, 4.0 / 3, 0.1) == Approx(3.5265547e-4).epsilon(1e-5));
    CHECK(choco_theoretical_step(0.195262146, 4.0 / 3, 0.01) == Approx(3.4812853e-5).epsilon(1e-5));
    CHECK(choco_theoretical_step(0.4, 1.6, 0.1) == Approx(8.6355786e-4).epsilon(1e-5));
    CHECK(choco_theoretical_step(1, 1, 1) == Approx(0.0666667).epsilon(1e-5));
    CHECK_THROWS_AS(choco_theoretical_step(0.4, 1.6, 1.1), invalid_input);
    CHECK_THROWS_AS(choco_theoretical_step(0, 1, 1), invalid_input);
}

TEST_CASE("choco_gossip: the convergence table on a ring of 8", "[algorithm][choco][statistical]") {
    const auto start = choco_gossip({}, ring(8), separated_start(), identity{});
    CHECK(consensus_distance(start) == Approx(301).epsilon(0.1));
    // floats end at a floor near (8 * 2^-24)^2 * 50, where the table, in double, goes on
    CHECK(distance_after(500, 1.0f, identity{}) < 1e-9);
    CHECK(distance_after(500, 0.1f, top_tenth) < 2e-6);
    CHECK(distance_after(500, 0.2f, top_tenth) < 1e-9);
    CHECK(distance_after(500, 0.4f, top_tenth) > 1e4);
    CHECK(distance_after(500, 0.45f, scalar_compressor{sign{}, mean_abs{}}) < 1e-8);
    CHECK(distance_after(500, 0.8f, scalar_compressor{sign{}, mean_abs{}}) < 1e-6);
}

TEST_CASE("choco_gossip: what naive gossip of compressed models does instead", "[algorithm][choco][statistical]") {
    std::vector<naive_node> nodes;
    const auto w = ring(8);
    const auto x = separated_start();
    for (std::uint32_t i = 0; i < 8; ++i) {
        nodes.push_back({.self = i, .row = {w.neighbors(i).begin(), w.neighbors(i).end()}, .x = x[i]});
    }
    const auto before = mean_of(nodes);
    run(tbb_engine{}, nodes, supersteps{501});
    CHECK(consensus_distance(nodes) > 1);
    const auto after = mean_of(nodes);
    double moved = 0;
    for (std::size_t k = 0; k < after.size(); ++k) {
        moved += (after[k] - before[k]) * (after[k] - before[k]);
    }
    CHECK(std::sqrt(moved) > 1);
}

TEST_CASE("choco: with identity and step 1 it is D-PSGD, in either order", "[algorithm][choco][dpsgd][equivalence]") {
    const auto objective_of = [](std::size_t worker) {
        return quadratic({static_cast<float>(worker), 1, -0.5f * static_cast<float>(worker)},
                         {1, 0.5f + 0.1f * static_cast<float>(worker), 2});
    };
    const std::vector<float> start{1, 2, 3};
    const auto w = torus(2, 3);
    {
        auto a =
            choco({.consensus_step = 1}, w, objective_of, start, full_batch{}, identity{}, sgd{.learning_rate = 0.1});
        auto b = dpsgd({}, w, objective_of, start, full_batch{}, sgd{.learning_rate = 0.1});
        run(tbb_engine{}, a, rounds{20});
        run(tbb_engine{}, b, rounds{20});
        for (std::size_t i = 0; i < a.size(); ++i) {
            for (std::size_t k = 0; k < 3; ++k) {
                CHECK(a[i].parameters()[k] == Approx(b[i].parameters()[k]).margin(1e-5));
            }
        }
    }
    {
        // Algorithm 2 gossips at the start of a round: after its null first move it is x <- W x - eta g(x) of D-PSGD,
        // with
        // the averaging of the last round still to come.
        auto a = choco({.consensus_step = 1, .order = round_order::overlap}, w, objective_of, start, full_batch{},
                       identity{}, sgd{.learning_rate = 0.1});
        auto b =
            dpsgd({.order = round_order::overlap}, w, objective_of, start, full_batch{}, sgd{.learning_rate = 0.1});
        run(tbb_engine{}, a, rounds{20});
        run(tbb_engine{}, b, rounds{20});
        std::vector<double> reference(18);
        for (std::size_t i = 0; i < 6; ++i) {
            for (std::size_t k = 0; k < 3; ++k) {
                reference[3 * i + k] = static_cast<double>(start[k]);
            }
        }
        for (int round = 0; round < 20; ++round) {  // x^1 = x^0 - eta g, then x <- W x^t - eta g(W-averaged point)
            std::vector<double> mixed(18), lian(18);
            for (std::size_t i = 0; i < 6; ++i) {
                for (const auto& e : w.neighbors(i)) {
                    for (std::size_t k = 0; k < 3; ++k) {
                        mixed[3 * i + k] += e.weight * reference[3 * e.node + k];
                    }
                }
            }
            for (std::size_t i = 0; i < 6; ++i) {
                const auto f = objective_of(i);
                for (std::size_t k = 0; k < 3; ++k) {
                    const double at = reference[3 * i + k];
                    lian[3 * i + k] = mixed[3 * i + k] - 0.1 * static_cast<double>(f.curvature()[k]) *
                                                             (at - static_cast<double>(f.center()[k]));
                }
            }
            reference = lian;
        }
        for (std::size_t i = 0; i < 6; ++i) {
            for (std::size_t k = 0; k < 3; ++k) {
                CHECK(static_cast<double>(b[i].parameters()[k]) == Approx(reference[3 * i + k]).margin(2e-5));
            }
        }
        CHECK(mean_of(a)[0] == Approx(mean_of(b)[0]).margin(0.05));
    }
}

TEST_CASE("dpsgd: on a complete graph with equal starts it is mini-batch SGD", "[algorithm][dpsgd][equivalence]") {
    const auto objective_of = [](std::size_t worker) { return quadratic({static_cast<float>(worker)}, 1); };
    auto nodes = dpsgd({}, complete(4), objective_of, {8}, full_batch{}, sgd{.learning_rate = 0.25});
    const auto report = run(tbb_engine{}, nodes, rounds{3});
    double x = 8;
    for (int t = 0; t < 3; ++t) {
        x -= 0.25 * (x - 1.5);
    }
    for (const auto& n : nodes) {
        CHECK(static_cast<double>(n.parameters()[0]) == Approx(x).margin(1e-5));
    }
    CHECK(report.sent.payload_bits == 4 * 3 * 32);
    CHECK(report.received.payload_bits == 4 * 3 * 3 * 32);
    CHECK(report.round() == 3);
}

TEST_CASE("choco: trains to the common optimum with a 10 % top-k on a ring", "[algorithm][choco]") {
    const auto objective_of = [](std::size_t worker) {
        std::vector<float> center(40), curvature(40);
        for (std::size_t k = 0; k < 40; ++k) {
            center[k] = std::sin(static_cast<float>(worker * 40 + k));
            curvature[k] = 1;
        }
        return quadratic(center, curvature);
    };
    std::vector<double> optimum(40);
    for (std::size_t worker = 0; worker < 8; ++worker) {
        for (std::size_t k = 0; k < 40; ++k) {
            optimum[k] += static_cast<double>(objective_of(worker).center()[k]) / 8;
        }
    }
    for (const auto order : {round_order::sequential, round_order::overlap}) {
        auto nodes = choco({.consensus_step = 0.2f, .order = order}, ring(8), objective_of, std::vector<float>(40),
                           full_batch{}, top_tenth, sgd{.learning_rate = inverse_sqrt_decay(0.5, 1)});
        run(tbb_engine{}, nodes, rounds{3000});
        const auto mean = mean_of(nodes);
        for (std::size_t k = 0; k < 40; ++k) {
            CHECK(mean[k] == Approx(optimum[k]).margin(1e-3));
        }
        CHECK(consensus_distance(nodes) < 0.05);
    }
}

TEST_CASE("choco: impossible settings are refused, divergence is reported", "[algorithm][choco][hostile]") {
    CHECK_THROWS_AS(choco_gossip({.consensus_step = 0}, ring(2), {{1}, {2}}, identity{}), invalid_input);
    CHECK_THROWS_AS(choco_gossip({.consensus_step = 1.5f}, ring(2), {{1}, {2}}, identity{}), invalid_input);
    CHECK_THROWS_AS(choco_gossip({}, ring(3), {{1}, {2}}, identity{}), invalid_input);
    CHECK_THROWS_AS(choco_gossip({}, ring(2), {{1}, {2, 3}}, identity{}), invalid_input);
    const quadratic f({0}, 1);
    CHECK_THROWS_AS(choco({}, ring(2), f, {1, 2}, full_batch{}, identity{}, sgd{}), invalid_input);
    auto nodes = choco({.consensus_step = 1}, ring(4), f, {1}, full_batch{}, identity{}, sgd{.learning_rate = 100});
    const auto report = run(tbb_engine{}, nodes, rounds{1000});
    CHECK(report.diverged());
    CHECK(report.round() < 100);
}

TEST_CASE("choco: a ring of one node", "[algorithm][choco]") {
    auto nodes = choco({.consensus_step = 1}, ring(1), quadratic({3}, 1), {1}, full_batch{}, identity{},
                       sgd{.learning_rate = 1});
    run(tbb_engine{}, nodes, rounds{2});
    CHECK(nodes[0].parameters()[0] == 3);
}
