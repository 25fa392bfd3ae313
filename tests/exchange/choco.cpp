// CHOCO-Gossip: the trace, the tables and the drift of Lin 2022, chapter 4 (recomputed).
#include <cmath>
#include <vector>

#include <frugal/algorithm/choco.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/exchange/choco.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/sign.hpp>

#include "averaging.hpp"
#include "catch.hpp"

using namespace frugal;
using namespace test;

static_assert(Exchange<choco_exchange<>> && !AveragingExchange<choco_exchange<>>);

namespace {

//! x_i ~ N(i, 1) in 50 dimensions on 8 nodes.
vectors separated_start() {
    vectors x = inputs_of(8, 50, 11);
    for (std::size_t i = 0; i < 8; ++i) {
        for (float& v : x[i]) {
            v += static_cast<float>(i);
        }
    }
    return x;
}

//! Mean squared distance to the mean.
double consensus_distance(const vectors& x) {
    const auto mean = mean_of_inputs(x);
    double sum = 0;
    for (const auto& v : x) {
        sum += squared_distance(v, mean);
    }
    return sum / static_cast<double>(x.size());
}

template <class C>
double distance_after(std::uint64_t n, float gamma, const C& compressor) {
    const vectors start = separated_start();
    const vectors x = averaged(choco_exchange(ring(8), compressor, gamma), start, n);
    const double spread = consensus_distance(x);
    if (spread < 1e4) {
        CHECK(distance(mean_of_inputs(x), mean_of_inputs(start)) < 1e-5);
    }
    return spread;
}

const sparse_compressor top_tenth{top_k{.fraction = 0.1}};

}  // namespace

TEST_CASE("choco_exchange: the two-node trace", "[exchange][choco]") {
    const sparse_compressor one{top_k{.count = 1}};
    auto nodes = choco_gossip({.consensus_step = 0.5f}, complete(2), {{4, 1}, {0, 3}}, one);
    run(tbb_engine{}, nodes, rounds{1});
    const auto known = [&](std::size_t i) {
        const auto h = nodes[i].exchange().known();
        return std::vector<float>(h.begin(), h.end());
    };
    const auto x = [&](std::size_t i) {
        return std::vector<float>(nodes[i].parameters().begin(), nodes[i].parameters().end());
    };
    CHECK(known(0) == std::vector<float>{4, 0});
    CHECK(known(1) == std::vector<float>{0, 3});
    CHECK(x(0) == std::vector<float>{3, 1.75f});
    CHECK(x(1) == std::vector<float>{1, 2.25f});
    nodes = choco_gossip({.consensus_step = 0.5f}, complete(2), {{4, 1}, {0, 3}}, one);
    run(tbb_engine{}, nodes, rounds{2});
    CHECK(known(0) == std::vector<float>{4, 1.75f});
    CHECK(known(1) == std::vector<float>{1, 3});
    CHECK(x(0) == std::vector<float>{2.25f, 2.0625f});
    CHECK(x(1) == std::vector<float>{1.75f, 1.9375f});
}

TEST_CASE("choco_theoretical_step: the table", "[exchange][choco]") {
    CHECK(choco_theoretical_step(0.195262146, 4.0 / 3, 1) == Approx(4.053681e-3).epsilon(1e-5));
    CHECK(choco_theoretical_step(0.195262146, 4.0 / 3, 0.1) == Approx(3.5265547e-4).epsilon(1e-5));
    CHECK(choco_theoretical_step(0.195262146, 4.0 / 3, 0.01) == Approx(3.4812853e-5).epsilon(1e-5));
    CHECK(choco_theoretical_step(0.4, 1.6, 0.1) == Approx(8.6355786e-4).epsilon(1e-5));
    CHECK(choco_theoretical_step(1, 1, 1) == Approx(0.0666667).epsilon(1e-5));
    CHECK_THROWS_AS(choco_theoretical_step(0.4, 1.6, 1.1), invalid_input);
    CHECK_THROWS_AS(choco_theoretical_step(0, 1, 1), invalid_input);
}

TEST_CASE("choco_exchange: the convergence table on a ring of 8", "[exchange][choco][statistical]") {
    CHECK(consensus_distance(separated_start()) == Approx(301).epsilon(0.1));
    // floats end at a floor near (8 * 2^-24)^2 * 50, where the table, in double, goes on
    CHECK(distance_after(500, 1.0f, identity{}) < 1e-9);
    CHECK(distance_after(500, 0.1f, top_tenth) < 2e-6);
    CHECK(distance_after(500, 0.2f, top_tenth) < 1e-9);
    CHECK(distance_after(500, 0.4f, top_tenth) > 1e4);
    CHECK(distance_after(500, 0.45f, scalar_compressor{sign{}, mean_abs{}}) < 1e-8);
    CHECK(distance_after(500, 0.8f, scalar_compressor{sign{}, mean_abs{}}) < 1e-6);
}

TEST_CASE("choco_exchange: the mean does not drift in 5,000 rounds", "[exchange][choco]") {
    vectors start = inputs_of(8, 20, 3);
    for (auto& x : start) {
        for (float& v : x) {
            v *= 1000;
        }
    }
    const auto check = [&](const auto& compressor, float gamma) {
        const vectors after = averaged(choco_exchange(ring(8), compressor, gamma), start, 5000, 1);
        // each node's float is half a unit in the last place (2^-15 at 1000) off what it stands for, compensated
        CHECK(distance(mean_of_inputs(after), mean_of_inputs(start)) < 1e-4);
        CHECK(consensus_distance(after) < 1e-5);
    };
    check(identity{}, 1.0f);
    check(scalar_compressor{sign{}, mean_abs{}}, 0.2f);
    check(top_tenth, 0.1f);
}

TEST_CASE("choco_exchange: impossible settings are refused", "[exchange][choco][hostile]") {
    CHECK_THROWS_AS(choco_exchange(ring(2), identity{}, 0.0f), invalid_input);
    CHECK_THROWS_AS(choco_exchange(ring(2), identity{}, 1.5f), invalid_input);
    CHECK_THROWS_AS(choco_exchange(ring(2), scalar_compressor{dithered{.levels = 1}}), invalid_input);
    CHECK_THROWS_AS(averaged(choco_exchange(ring(4), identity{}), inputs_of(5, 3)), invalid_input);
}
