// Once warm, a round allocates nothing: frames, messages, vectors and records are used again.
#include <vector>

#include <frugal/algorithm/decentralized.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/choco.hpp>
#include <frugal/exchange/feedback.hpp>
#include <frugal/exchange/gossip.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/momentum.hpp>
#include <frugal/quantize/dithered.hpp>

#include "allocation_count.hpp"
#include "catch.hpp"

using namespace frugal;

namespace {

//! Allocations in rounds 21 to 40 of a run.
template <class P>
std::size_t allocations_of(P nodes) {
    std::size_t before = 0, after = 0;
    const auto watch = [&](const run_status& s) { (s.completed <= 20 ? before : after) = test::allocations; };
    run(tbb_engine{.threads = 1}, nodes, rounds{40}, watch);
    return after - before;
}
template <class E>
std::size_t averaging(const E& exchange) {
    using node = averaging_node<E>;
    return allocations_of(population<node>(
        9, 1, [&](std::uint32_t i) { return node(exchange, std::vector<float>(500, static_cast<float>(i))); }));
}

}  // namespace

TEST_CASE("a warm round allocates nothing", "[allocation][exchange]") {
    const scalar_compressor dither{dithered{.levels = 3}};
    const sparse_compressor tenth{top_k{.fraction = 0.1}};
    CHECK(averaging(gossip(ring(9))) == 0);
    CHECK(averaging(gossip(ring(9), dither)) == 0);
    CHECK(averaging(server{}) == 0);
    CHECK(averaging(server{dither, dither, mean{}, {.block = 64, .downlink_feedback = true}}) == 0);
    CHECK(averaging(all_gather{dither, mean{}, {.block = 64}}) == 0);
    CHECK(averaging(sharded{dither, dither, mean{}, {.block = 64, .downlink_feedback = true}}) == 0);
    CHECK(averaging(feedback(server{tenth})) == 0);
    CHECK(averaging(choco_exchange(ring(9), tenth)) == 0);
    const quadratic bowl(std::vector<float>(500, 2.0f), 1);
    CHECK(allocations_of(synchronous({.workers = 9}, bowl, std::vector<float>(500), full_batch{}, server{dither},
                                     momentum{.learning_rate = 0.1})) == 0);
}
