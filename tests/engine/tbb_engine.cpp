// The engine for one process: determinism, accounting, failures.
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <frugal/engine/tbb_engine.hpp>

#include "catch.hpp"
#include "scripted.hpp"
#include "test_nodes.hpp"

using namespace frugal;
using test::mixing_node;
using test::ring_of;

static_assert(Engine<tbb_engine, mixing_node> && !Engine<int, mixing_node> && !Engine<network_model, mixing_node>);

TEST_CASE("tbb_engine: the same bits for any number of threads", "[engine][tbb][equivalence]") {
    std::string digest;
    for (const std::size_t threads : {1u, 2u, 4u}) {
        auto nodes = ring_of(9, 100);
        const auto report = run(tbb_engine{.threads = threads}, nodes, rounds{25});
        CHECK(report.completed == 25);
        CHECK(report.planned == 25);
        CHECK(report.threads == threads);
        CHECK(report.reason == stop_reason::finished);
        CHECK(report.parameters_digest == parameters_digest(nodes));
        if (digest.empty()) {
            digest = report.parameters_digest;
        }
        CHECK(report.parameters_digest == digest);
    }
    auto other = ring_of(9, 100);
    other[4].x[50] += 1e-6f;
    CHECK(run(tbb_engine{}, other, rounds{25}).parameters_digest != digest);
}

TEST_CASE("tbb_engine: counts a message to many once when sent and at each receiver", "[engine][tbb]") {
    auto nodes = ring_of(5, 10);
    nodes[3].targets.clear();
    for (auto& n : nodes) {
        std::erase(n.sources, 3u);
    }
    const auto r = run(tbb_engine{}, nodes, rounds{3});
    const std::uint64_t wire = 40 + message::header_size + message::checksum_size;
    CHECK(r.sent == traffic{12, 12 * 320, 12 * wire});
    CHECK(r.received == traffic{36, 36 * 320, 36 * wire});
    CHECK(r.sent_now == traffic{4, 4 * 320, 4 * wire});
    CHECK(r.received_now == traffic{12, 12 * 320, 12 * wire});
    CHECK(r.per_node[3].sent == traffic{});
    CHECK(r.per_node[0].received.messages == 6);  // from 1 and 4; 3 is silent
    double loss = 0;
    for (const auto& n : nodes) {
        loss += double(n.x[0]) / 5;
    }
    CHECK(r.loss == Approx(loss));
    CHECK(r.reported_loss);
    CHECK(r.seconds > 0);
    CHECK(r.compute_seconds > 0);
}

TEST_CASE("tbb_engine: the first node that fails is the one reported, and the run ends", "[engine][hostile]") {
    for (const std::size_t threads : {1u, 2u}) {
        auto nodes = ring_of(8, 5);
        nodes[6].fail_at = 3;
        nodes[2].fail_at = 3;
        CHECK_THROWS_WITH(run(tbb_engine{.threads = threads}, nodes, rounds{10}), "node 2 fails on request");
    }
    std::vector<mixing_node> none;
    CHECK_THROWS_AS(run(tbb_engine{}, none, rounds{10}), invalid_input);
}

TEST_CASE("tbb_engine: a node that diverges ends the run as diverged; a failure counts more", "[engine][hostile]") {
    auto nodes = ring_of(8, 5);
    nodes[5].diverge_at = 5;
    const auto report = run(tbb_engine{}, nodes, rounds{50});
    CHECK(report.diverged());
    CHECK(report.completed == 6);
    auto both = ring_of(8, 5);
    both[2].diverge_at = 4;
    both[6].fail_at = 4;
    CHECK_THROWS_WITH(run(tbb_engine{}, both, rounds{50}), "node 6 fails on request");
}

TEST_CASE("tbb_engine: who waits for a message that was not sent is named", "[engine][hostile]") {
    auto nodes = ring_of(6, 5);
    nodes[4].silent_at = 2;
    CHECK_THROWS_WITH(run(tbb_engine{.threads = 2}, nodes, rounds{10}),
                      "round 2 cannot end: node 0 waits on lane 0 for node 4, and no message is under way");
}

TEST_CASE("tbb_engine: nodes that work in parallel themselves", "[engine][tbb][equivalence]") {
    std::vector<std::vector<float>> results;
    for (const std::size_t threads : {1u, 2u, 4u}) {
        const auto nodes = test::play(
            7,
            [](peer here, std::vector<float>& x) -> task<> {
                x.resize(64);
                here.parallel(x.size(), [&](std::size_t i) {
                    for (int k = 0; k < 1000; ++k) {
                        x[i] = 0.99f * x[i] + static_cast<float>(i) + static_cast<float>(here.self());
                    }
                });
                here.send_to_others(test::note(here, x[63]));
                for (const envelope& e : co_await here.receive_from_others()) {
                    x[e.from] += test::value_of(e);
                }
            },
            3, threads);
        std::vector<float> all;
        for (const auto& n : nodes) {
            all.insert(all.end(), n.x.begin(), n.x.end());
        }
        results.push_back(all);
    }
    CHECK((results[0] == results[1]));
    CHECK((results[0] == results[2]));
}
