// Error feedback: what was decoded and what is kept add up to what was given.
#include <vector>

#include <frugal/compress/scalar.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/every.hpp>
#include <frugal/exchange/feedback.hpp>
#include <frugal/exchange/gossip.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/sign.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

static_assert(AveragingExchange<feedback<server<>>>);
static_assert(Exchange<feedback<gossip<>>> && !AveragingExchange<feedback<gossip<>>>);

namespace {

const sparse_compressor tenth{top_k{.fraction = 0.1}};

//! Over some rounds of fresh vectors: the mean of all that was given is that of what came and of what is kept.
template <class E>
void adds_up(const E& prototype, std::size_t n, std::size_t first) {
    const std::size_t d = 100;
    std::vector<feedback<E>> exchanges(n, feedback(prototype));
    std::vector<std::vector<double>> given(n, std::vector<double>(d));
    std::vector<double> came(d);
    play(
        n,
        [&](peer here, std::vector<float>&) -> task<> {
            std::vector<float> x = normal_vector(d, 100 * here.round() + here.self());
            for (std::size_t k = 0; k < d; ++k) {
                given[here.self()][k] += double(x[k]);
            }
            co_await mean_of(exchanges[here.self()], here, x);
            for (std::size_t k = 0; k < d && here.self() == 0; ++k) {
                came[k] += double(x[k]);
            }
        },
        30);
    for (std::size_t k = 0; k < d; ++k) {
        double expected = 0;
        for (std::size_t i = first; i < n; ++i) {
            expected += (given[i][k] - double(exchanges[i].residual()[k])) / static_cast<double>(n - first);
        }
        CHECK(came[k] == Approx(expected).margin(2e-5));
    }
}

}  // namespace

TEST_CASE("feedback: what came and what is kept add up to what was given", "[exchange][feedback]") {
    adds_up(all_gather{tenth}, 1, 0);
    adds_up(all_gather{tenth, mean{}, {.block = 32}}, 4, 0);
    adds_up(sharded{tenth, identity{}, mean{}, {.block = 32}}, 4, 0);
    adds_up(server{tenth}, 4, 1);
    adds_up(server{tenth, identity{}, mean{}, {.block = 32, .contributes = true}}, 4, 0);
    adds_up(all_gather{scalar_compressor{sign{}, mean_abs{}}}, 3, 0);
}

TEST_CASE("feedback: with decay it forgets, and it belongs inside of other wrappers", "[exchange][feedback]") {
    feedback forgetful(all_gather{tenth}, 0.0f);
    const vectors once = averaged(all_gather{tenth}, inputs_of(3, 50), 1);
    CHECK((averaged(forgetful, inputs_of(3, 50), 1) == once));
    CHECK_THROWS_AS(feedback(all_gather{tenth}, 1.5f), invalid_input);
    CHECK_THROWS_AS(feedback(all_gather{scalar_compressor{dithered{.levels = 1}, l2_norm{}}}), invalid_input);
    CHECK_THROWS_AS(averaged(feedback(every(all_gather{tenth}, 2)), inputs_of(3, 50)), invalid_input);
    averaged(every(feedback(all_gather{tenth}), 2), inputs_of(3, 50), 4);
}
