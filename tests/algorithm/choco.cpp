#include <frugal/algorithm/choco.hpp>

#include <cmath>
#include <vector>

#include <frugal/algorithm/dpsgd.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/objective/quadratic.hpp>

#include "catch.hpp"
#include "programs.hpp"

namespace choco_test {

using namespace frugal;

namespace {

quadratic uneven(std::size_t worker) {
    const auto i = static_cast<float>(worker);
    return quadratic({i, 1, -0.5f * i}, {1, 0.5f + 0.1f * i, 2});
}

const std::vector<float> start{1, 2, 3};

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

TEST_CASE("choco: trains to the common optimum with a 10 % top-k on a ring", "[algorithm][choco][long]") {
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

}  // namespace choco_test
