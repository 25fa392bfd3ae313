// Decentralized training: D-PSGD, CHOCO-SGD and gradient tracking.
#include <frugal/algorithm/decentralized.hpp>

#include <vector>

#include <frugal/algorithm/dpsgd.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/objective/quadratic.hpp>

#include "catch.hpp"
#include "programs.hpp"

namespace decentralized_test {

using namespace frugal;

namespace {

quadratic uneven(std::size_t worker) {
    const auto i = static_cast<float>(worker);
    return quadratic({i, 1, -0.5f * i}, {1, 0.5f + 0.1f * i, 2});
}
const std::vector<float> start{1, 2, 3};

}  // namespace

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

}  // namespace decentralized_test
