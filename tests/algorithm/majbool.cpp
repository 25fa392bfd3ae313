#include <frugal/algorithm/majbool.hpp>

#include <algorithm>
#include <vector>

#include <frugal/data/batch_source.hpp>
#include <frugal/engine/tbb_engine.hpp>

#include "catch.hpp"
#include "trained.hpp"
#include "truth_objective.hpp"

namespace majbool_test {

using namespace frugal;
using test::trained;
using test::truth_objective;

namespace {

const auto objective = [](std::size_t client) { return truth_objective(client); };
const std::vector<float> start = test::all_true(truth_objective(0));
const sgd still{.learning_rate = 0.0};

}  // namespace

TEST_CASE("majbool: one client's model is the server's, whatever the threshold", "[algorithm][majbool]") {
    for (const double threshold : {0.0, 0.5, 1.0}) {
        const auto model = trained(majbool({.clients = 1, .steps = {.count = 3}}, objective, start, full_batch{},
                                           {.learning_rate = 0.4}, sgd{.learning_rate = 0.5}, majority_vote(threshold)),
                                   2);
        std::vector<float> w = start, g(w.size());
        for (std::uint64_t round = 0; round < 2; ++round) {  // the optimizers begin anew
            optimizer_by_kind o(boolean_optimizer{.learning_rate = 0.4}, sgd{.learning_rate = 0.5},
                                truth_objective(0).layout());
            for (std::uint64_t t = 0; t < 3; ++t) {
                truth_objective(0).value_and_gradient(w, {}, g);
                o.update(w, g, 3 * round + t);
            }
        }
        CHECK(model == w);
        CHECK(w != start);
    }
}

TEST_CASE("majbool: clients vote coordinate by coordinate, and the real numbers are averaged", "[algorithm][majbool]") {
    // in one step of rate 1 a client inverts the +1 whose gradient is at least 1
    for (const double threshold : {0.0, 0.5, 1.0}) {
        const auto model = trained(majbool({.clients = 5}, objective, start, full_batch{}, {.learning_rate = 1},
                                           sgd{.learning_rate = 1}, majority_vote(threshold)),
                                   1);
        const tensor_layout layout = truth_objective(0).layout();
        std::vector<float> g(start.size());
        for (std::size_t j = 0; j < start.size(); ++j) {
            int surplus = 0;
            float sum = 0;
            for (std::size_t client = 0; client < 5; ++client) {
                truth_objective(client).value_and_gradient(start, {}, g);
                surplus += g[j] >= 1 ? -1 : 1;
                sum += g[j];
            }
            if (layout.holding(j).kind == value_kind::real) {
                CHECK(model[j] == Approx(1 - sum / 5));
            } else {
                CHECK(model[j] == (surplus <= -5 * threshold ? -1.0f : 1.0f));
            }
        }
    }
}

TEST_CASE("majbool: a rate too small for a round's steps inverts nothing, and the report says so",
          "[algorithm][majbool]") {
    for (const double threshold : {0.0, 1.0}) {
        const auto flips = [&](double rate, std::vector<float>& model) {
            auto nodes = majbool({.clients = 6, .sampled = 4, .steps = {.count = 4}}, objective, start, full_batch{},
                                 {.learning_rate = rate}, still, majority_vote(threshold));
            const run_report report = run(tbb_engine{}, nodes, rounds{20});
            model.assign(nodes[0].parameters().begin(), nodes[0].parameters().end());
            return report.counted("flips");
        };
        std::vector<float> model;
        CHECK(flips(0.12, model) == 0);  // 4 steps of gradients up to 2: 0.96 < 1, in every round anew
        CHECK(model == start);
        CHECK(flips(0.13, model) > 0);
    }
}

TEST_CASE("majbool: a bit up and a bit down for each truth value", "[algorithm][majbool]") {
    auto nodes = majbool({.clients = 3}, objective, start, full_batch{});
    const run_report report = run(tbb_engine{}, nodes, rounds{5});
    for (std::size_t i = 1; i < 4; ++i) {
        CHECK(report.per_node[i].sent.payload_bits == 5 * (20 + 3 * 32));
        CHECK(report.per_node[i].received.payload_bits == 5 * (20 + 3 * 32));
    }
}

}  // namespace majbool_test
