// Aggregators over many messages: in order, in runs that depend on their number only.
#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/exchange/combiner.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

namespace {

//! Notes the order of additions; cannot be merged.
struct listing {
    std::vector<float> seen;
    void reset(std::size_t) { seen.clear(); }
    void add(std::span<const float> y, float) { seen.push_back(y[0]); }
    void result(std::span<float> out) const { out[0] = static_cast<float>(seen.size()); }
};
static_assert(Aggregator<listing>);

}  // namespace

TEST_CASE("combiner: the mean of any number of contributions, the same bits for any number of threads",
          "[exchange][combiner][equivalence]") {
    for (const std::size_t n : {1u, 2u, 7u, 8u, 9u, 33u}) {
        const vectors inputs = inputs_of(n, 500);
        vectors results;
        for (const std::size_t threads : {1u, 2u, 4u}) {
            const auto nodes = play(
                1,
                [&](peer here, std::vector<float>& out) -> task<> {
                    combiner combine(mean{}, {});
                    out.resize(500);
                    for (int repeat = 0; repeat < 2; ++repeat) {
                        combine(here, n, out,
                                [&](std::size_t i, mean& part) { part.add(inputs[i], 1.0f + static_cast<float>(i)); });
                    }
                    co_return;
                },
                1, threads);
            results.push_back(nodes[0].x);
        }
        std::vector<float> weights;
        for (std::size_t i = 0; i < n; ++i) {
            weights.push_back(1.0f + static_cast<float>(i));
        }
        CHECK(all_equal(results));
        CHECK(distance(results[0], mean_of_inputs(inputs, 0, weights)) < 2e-6);
    }
}

TEST_CASE("combiner: an aggregator that cannot be merged gets all in order", "[exchange][combiner]") {
    play(1, [&](peer here, std::vector<float>&) -> task<> {
        combiner combine(listing{}, {});
        std::vector<float> out(1);
        combine(here, 20, out, [&](std::size_t i, listing& part) {
            const float value = static_cast<float>(i);
            part.add(std::span<const float>(&value, 1), 1);
        });
        CHECK(out[0] == 20);
        for (std::size_t i = 0; i < 20; ++i) {
            CHECK(combine.aggregator().seen[i] == static_cast<float>(i));
        }
        co_return;
    });
}
