#include <frugal/engine/evaluate.hpp>

#include <frugal/engine/tbb_engine.hpp>

#include "catch.hpp"
#include "test_nodes.hpp"

using namespace frugal;
using test::ring_of;

TEST_CASE("evaluate: metrics of one node and of all", "[engine][evaluate]") {
    auto nodes = ring_of(5, 7);
    evaluate_every first("first", 4, [](const run_status& s) { return double(s.parameters(0)[0]); });
    evaluate_nodes_every all("all", 3, [](std::span<const float> x) { return double(x[0]); });
    const auto report = run(tbb_engine{}, nodes, rounds{10}, first, all);
    REQUIRE(report.find("first") != nullptr);
    REQUIRE(report.find("all") != nullptr);
    CHECK(report.find("first")->round == 10);
    CHECK(report.find("first")->value == double(nodes[0].x[0]));
    double mean = 0;
    for (const auto& n : nodes) {
        mean += double(n.x[0]);
    }
    CHECK(report.find("all")->value == mean / 5);
    CHECK(report.find("none") == nullptr);
    CHECK_THROWS_AS(evaluate_every("x", 0, [](const run_status&) { return 0; }), invalid_input);
}
