#include <frugal/algorithm/dpsgd.hpp>

#include <vector>

#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/objective/quadratic.hpp>

#include "catch.hpp"
#include "programs.hpp"

namespace dpsgd_test {

using namespace frugal;

namespace {

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

}  // namespace

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

}  // namespace dpsgd_test
