// Gossip: W x for exact messages, the mean kept for others, graphs that do not fit.
#include <vector>

#include <frugal/compress/scalar.hpp>
#include <frugal/exchange/gossip.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/quantize/dithered.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

static_assert(Exchange<gossip<>> && !AveragingExchange<gossip<>>);

namespace {

std::vector<double> mixed(const mixing_matrix& w, const vectors& x, std::size_t i) {
    std::vector<double> y(x[0].size());
    for (const neighbor& e : w.neighbors(i)) {
        for (std::size_t k = 0; k < y.size(); ++k) {
            y[k] += e.weight * double(x[e.node][k]);
        }
    }
    return y;
}

}  // namespace

TEST_CASE("gossip: x <- W x", "[exchange][gossip]") {
    for (const mixing_matrix& w : {ring(1), ring(2), ring(7), torus(3, 4), star(6), complete(5), chain(4)}) {
        for (const std::size_t d : {1u, 33u, 1000u}) {
            const vectors inputs = inputs_of(w.size(), d);
            const vectors x = averaged(gossip(w), inputs);
            for (std::size_t i = 0; i < w.size(); ++i) {
                CHECK(distance(x[i], mixed(w, inputs, i)) < 2e-6);
            }
        }
    }
}

TEST_CASE("gossip: the mean stays, whatever a compressor loses", "[exchange][gossip]") {
    const vectors inputs = inputs_of(8, 200);
    const vectors x = averaged(gossip(ring(8), scalar_compressor{dithered{.levels = 1}}), inputs, 20);
    CHECK(distance(mean_of_inputs(x), mean_of_inputs(inputs)) < 2e-5);
    CHECK((x[0] != inputs[0]));
    CHECK((averaged(gossip(ring(8), scalar_compressor{dithered{.levels = 1}}), inputs, 20, 1) == x));
}

TEST_CASE("gossip: what has moved since it was begun keeps its move", "[exchange][gossip]") {
    const vectors inputs = inputs_of(5, 60);
    const auto w = ring(5);
    const auto check = [&](const auto& prototype, double tolerance) {
        const auto nodes = play(5, [&, prototype](peer here, std::vector<float>& x) -> task<> {
            auto exchange = prototype;
            x = inputs[here.self()];
            exchange.begin(here, x, std::span<float>());
            for (float& v : x) {
                v += 10;
            }
            co_await exchange.end(here, x);
        });
        for (std::size_t i = 0; i < 5; ++i) {
            auto expected = mixed(w, inputs, i);
            for (double& v : expected) {
                v += 10;
            }
            CHECK(distance(nodes[i].x, expected) < tolerance);
        }
    };
    check(gossip(w), 5e-6);
    check(gossip(w, scalar_compressor{dithered{.levels = 10000}}), 1e-3);
}

TEST_CASE("gossip: a matrix of another size is refused", "[exchange][gossip][hostile]") {
    CHECK_THROWS_AS(averaged(gossip(ring(4)), inputs_of(5, 3)), invalid_input);
}
