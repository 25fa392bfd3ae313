// Compressed answers: what is exact, feedback, and groups that change.
#include <vector>

#include <frugal/compress/scalar.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/exchange/downlink.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/sign.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

TEST_CASE("downlink: exact is what loses nothing at any length", "[exchange][downlink]") {
    CHECK(downlink(identity{}, false).exact());
    CHECK_FALSE(downlink(sparse_compressor{top_k{.count = 1}}, false).exact());  // at length 1 it is
    CHECK_FALSE(downlink(sparse_compressor{top_k{.fraction = 0.5}}, false).exact());
    CHECK_FALSE(downlink(scalar_compressor{sign{}, mean_abs{}}, false).exact());
    CHECK_FALSE(downlink(scalar_compressor{dithered{.levels = 127}}, false).exact());
}

namespace {

//! Sums over rounds of what every node got of the same mean.
template <class E>
std::vector<scripted> sums_of_answers(const E& prototype, const vectors& inputs, std::uint64_t rounds) {
    std::vector<E> exchanges(inputs.size(), prototype);
    return play(
        inputs.size(),
        [&](peer here, std::vector<float>& sum) -> task<> {
            std::vector<float> x = inputs[here.self()];
            co_await mean_of(exchanges[here.self()], here, x);
            sum.resize(x.size());
            for (std::size_t k = 0; k < x.size(); ++k) {
                sum[k] += x[k];
            }
        },
        rounds);
}

}  // namespace

TEST_CASE("downlink: with feedback, answers add up to the aggregates", "[exchange][downlink]") {
    const vectors inputs = inputs_of(4, 60);
    const sparse_compressor tenth{top_k{.fraction = 0.1}};
    const auto check = [&](const auto& exchange, const std::vector<double>& mean, bool adds_up) {
        const auto nodes = sums_of_answers(exchange, inputs, 400);
        std::vector<double> average;
        for (const float s : nodes[0].x) {
            average.push_back(double(s) / 400);
        }
        CHECK((distance(average, mean) < 0.1) == adds_up);
        for (const auto& node : nodes) {
            CHECK((node.x == nodes[0].x));
        }
    };
    const averaging_options with{.block = 32, .downlink_feedback = true}, without{.block = 32};
    check(server(identity{}, tenth, mean{}, with), mean_of_inputs(inputs, 1), true);
    check(server(identity{}, tenth, mean{}, without), mean_of_inputs(inputs, 1), false);
    check(sharded(identity{}, tenth, mean{}, with), mean_of_inputs(inputs), true);
    check(sharded(identity{}, tenth, mean{}, without), mean_of_inputs(inputs), false);
}

TEST_CASE("downlink: feedback refuses a cohort that changes", "[exchange][downlink][hostile]") {
    const sparse_compressor tenth{top_k{.fraction = 0.1}};
    using node = averaging_node<server<identity, sparse_compressor<top_k>>>;
    const auto play_with = [&](bool feedback) {
        const node prototype(server(identity{}, tenth, mean{}, {.downlink_feedback = feedback}),
                             std::vector<float>(40, 1.0f));
        population<node> nodes(11, 1, [&](std::uint32_t) { return prototype; }, 0, sampled_clients(10, 3));
        run(tbb_engine{}, nodes, rounds{6});
    };
    CHECK_THAT(failure_of([&] { play_with(true); }), contains_text("the same group and vector in every round"));
    play_with(false);
}
