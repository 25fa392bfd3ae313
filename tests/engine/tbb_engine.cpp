// Delivery, determinism, accounting and stopping of the engine for one process.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <frugal/engine/node.hpp>
#include <frugal/engine/observers.hpp>
#include <frugal/engine/tbb_engine.hpp>

#include "catch.hpp"
#include "test_nodes.hpp"

using namespace frugal;
using test::gossip_node;
using test::ring_of;

static_assert(Node<gossip_node> && !Node<int> && !Node<identity> && !Node<std::vector<float>>);
static_assert(Engine<tbb_engine, gossip_node> && !Engine<int, gossip_node> && !Engine<network_model, gossip_node>);
static_assert(StopRule<rounds> && StopRule<supersteps> && StopRule<early_stop> && StopRule<divergence_guard>);
static_assert(!StopRule<int> && !StopRule<gossip_node> && !StopRule<network_model>);

TEST_CASE("tbb_engine: the same bits for any number of threads", "[engine][tbb][equivalence]") {
    std::string digest;
    for (const std::size_t threads : {1u, 2u, 4u}) {
        auto nodes = ring_of(9, 100);
        const auto report = run(tbb_engine{.threads = threads}, nodes, supersteps{25});
        CHECK(report.superstep == 25);
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
    CHECK(run(tbb_engine{}, other, supersteps{25}).parameters_digest != digest);
}

TEST_CASE("tbb_engine: counts a message to many once when sent and at each receiver", "[engine][tbb]") {
    auto nodes = ring_of(5, 10);
    nodes[3].targets = {};
    const auto r = run(tbb_engine{}, nodes, supersteps{3});
    const std::uint64_t wire = 40 + message::header_size + message::checksum_size;
    CHECK(r.sent == traffic{12, 12 * 320, 12 * wire});
    CHECK(r.received == traffic{36, 36 * 320, 36 * wire});
    CHECK(r.sent_now == traffic{4, 4 * 320, 4 * wire});
    CHECK(r.per_node[3].sent == traffic{});
    CHECK(r.per_node[0].received.messages == 6);  // from 1 and 4; 3 is silent
    CHECK(std::isfinite(r.loss));
}

TEST_CASE("network_model: latency once, the slower direction, the busiest node", "[engine][network]") {
    const network_model slow{.latency = 50e-6, .bandwidth = 100e6};
    CHECK(slow.seconds(0, 0, 0) == 0);
    CHECK(slow.seconds(3, 1000, 200) == Approx(50e-6 + 8000 / 100e6));
    CHECK(network_model{.latency = 1}.seconds(1, 1000, 0) == 1);
    auto nodes = ring_of(5, 10);
    const auto r = run(tbb_engine{.network = slow}, nodes, supersteps{4});
    // each node receives three messages of 100 bytes
    CHECK(r.network_seconds == Approx(4 * (50e-6 + 8 * 300 / 100e6)));
    auto refused = ring_of(2, 3);
    CHECK_THROWS_AS(run(tbb_engine{.network = {.latency = -1}}, refused, supersteps{1}), invalid_input);
    CHECK_THROWS_AS(run(tbb_engine{.network = {.bandwidth = NAN}}, refused, supersteps{1}), invalid_input);
}

TEST_CASE("run: stopping rules", "[engine][stop]") {
    auto nodes = ring_of(4, 5);
    CHECK(run(tbb_engine{}, nodes, supersteps{0}).superstep == 0);
    CHECK(run(tbb_engine{}, nodes, rounds{3} || supersteps{2}).superstep == 2);
    const auto early = run(tbb_engine{}, nodes, supersteps{1000} || early_stop{.minimize = false, .patience = 4});
    CHECK(early.reason == stop_reason::early);
    CHECK(early.superstep < 1000);
    const auto target = run(tbb_engine{}, nodes, supersteps{1000} || early_stop{.target = 1e9});
    CHECK(target.superstep == 1);
    const auto custom = run(tbb_engine{}, nodes, [](const run_status& s) { return s.superstep == 7; });
    CHECK(custom.superstep == 7);
    const auto guarded = run(tbb_engine{}, nodes, supersteps{50} || divergence_guard{.limit = -1e9});
    CHECK(guarded.diverged());
    nodes[2].diverge_at = 5;
    const auto diverged = run(tbb_engine{}, nodes, supersteps{50});
    CHECK(diverged.diverged());
    CHECK(diverged.superstep == 6);
}

TEST_CASE("run: an exception of a node ends the run; the first node's is the one reported", "[engine][hostile]") {
    auto nodes = ring_of(8, 5);
    nodes[6].fail_at = 3;
    nodes[2].fail_at = 3;
    CHECK_THROWS_WITH(run(tbb_engine{.threads = 2}, nodes, supersteps{10}), "node 2 fails on request");
    auto lost = ring_of(3, 5);
    lost[1].targets = {3};
    CHECK_THROWS_AS(run(tbb_engine{}, lost, supersteps{10}), invalid_input);
    std::vector<gossip_node> none;
    CHECK_THROWS_AS(run(tbb_engine{}, none, supersteps{10}), invalid_input);
    auto fine = ring_of(3, 5);
    CHECK_THROWS_WITH(run(tbb_engine{}, fine, supersteps{10},
                          [](const run_status&) { throw std::runtime_error("from an observer"); }),
                      "from an observer");
}

TEST_CASE("variant_node: kinds in one vector", "[engine][node]") {
    struct silent {
        std::vector<float> x{1, 2, 3};
        std::size_t heard = 0;
        void step(std::uint64_t, const inbox& in, outbox&) { heard += in.size(); }
        std::span<const float> parameters() const { return x; }
        void state(state_archive& a) { a(x); }
    };
    using node = variant_node<gossip_node, silent>;
    static_assert(Node<node>);
    static_assert(node::supersteps_per_round == 1);
    std::vector<node> nodes;
    nodes.emplace_back(silent{});
    nodes.emplace_back(gossip_node{.self = 1, .targets = {0}, .x = {1, 2, 3}});
    run(tbb_engine{}, nodes, supersteps{5});
    REQUIRE(nodes[0].get_if<silent>() != nullptr);
    CHECK(nodes[0].get_if<silent>()->heard == 4);
    CHECK(nodes[1].get_if<silent>() == nullptr);
}

TEST_CASE("digest: sensitive to every bit, to length, order and node", "[engine][digest]") {
    const std::vector<float> a{1, 2, 3}, b{1, 2, 3, 0}, c{1, 3, 2}, zero{0.0f}, negative_zero{-0.0f}, none;
    CHECK(digest_of(a) != digest_of(b));
    CHECK(digest_of(a) != digest_of(c));
    CHECK(digest_of(zero) != digest_of(negative_zero));
    CHECK(digest_of(none) == digest_of(std::vector<float>{}));
    const std::vector<std::uint64_t> one{1, 2}, two{2, 1};
    CHECK(combine_digests(one) != combine_digests(two));
    CHECK(combine_digests(one).size() == 16);
}
