#include <frugal/algorithm/fedbool.hpp>

#include <vector>

#include <frugal/data/batch_source.hpp>
#include <frugal/engine/tbb_engine.hpp>

#include "catch.hpp"
#include "trained.hpp"
#include "truth_objective.hpp"

namespace fedbool_test {

using namespace frugal;
using test::trained;
using test::truth_objective;

namespace {

const auto objective = [](std::size_t client) { return truth_objective(client); };
const std::vector<float> start = test::all_true(truth_objective(0));

}  // namespace

TEST_CASE("fedbool: exact messages of all clients are the centralised optimizer", "[algorithm][fedbool][equivalence]") {
    const boolean_optimizer flips{.learning_rate = 0.4};
    const adam real{.learning_rate = 0.1};
    for (const std::uint64_t steps : {1u, 4u}) {
        const auto federated = trained(
            fedbool({.clients = 4, .steps = {.count = steps}}, objective, start, full_batch{}, flips, real, identity{}),
            7);
        std::vector<float> w = start, g(w.size()), mean(w.size());
        optimizer_by_kind centralised(flips, real, truth_objective(0).layout());
        for (std::uint64_t t = 0; t < 7; ++t) {
            std::fill(mean.begin(), mean.end(), 0.0f);
            for (std::size_t client = 0; client < 4; ++client) {
                truth_objective(client).value_and_gradient(w, {}, g);
                for (std::size_t j = 0; j < g.size(); ++j) {
                    mean[j] += float(steps) * g[j] / 4;
                }
            }
            centralised.update(w, mean, t);
        }
        CHECK(federated == w);
        CHECK(w != start);
    }
}

TEST_CASE("fedbool: the sum over clients is the mean at another rate", "[algorithm][fedbool]") {
    // exact in binary: ten clients of which two are sampled
    const federated_options options{.clients = 10, .sampled = 2, .seed = 5};
    const auto of = [&](client_reduction reduction, double rate) {
        return trained(fedbool(options, objective, start, full_batch{}, {.learning_rate = rate},
                               sgd{.learning_rate = 0.0}, identity{}, reduction),
                       9);
    };
    CHECK(of(client_reduction::sum, 0.125) == of(client_reduction::mean, 0.25));
    CHECK(of(client_reduction::sum, 0.125) != of(client_reduction::mean, 0.125));
}

TEST_CASE("fedbool: 13 bits for 16 coordinates and a norm for 512 up, a bit down", "[algorithm][fedbool]") {
    const auto large = [](std::size_t client) { return truth_objective(client, 1024, 5); };
    const std::vector<float> w0 = test::all_true(large(0));
    auto nodes = fedbool({.clients = 3}, large, w0, full_batch{});
    const run_report report = run(tbb_engine{}, nodes, rounds{4});
    for (std::size_t i = 1; i < 4; ++i) {
        CHECK(report.per_node[i].sent.payload_bits == 4 * (1024 / 16 * 13 + 2 * 32 + 5 * 32));
        CHECK(report.per_node[i].received.payload_bits == 4 * (1024 + 5 * 32));
    }
    CHECK(report.counted("flips") > 0);
    std::size_t inverted = 0;
    const tensor_layout layout = large(0).layout();
    for (const named_tensor& t : layout.tensors()) {
        for (const float v : t.of(nodes[0].parameters())) {
            CHECK((t.kind == value_kind::real || v * v == 1));
            inverted += t.kind == value_kind::boolean && v < 0 ? 1 : 0;
        }
    }
    CHECK(inverted > 0);
}

}  // namespace fedbool_test
