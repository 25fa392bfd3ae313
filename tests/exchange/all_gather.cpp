// Everyone hears everyone: the mean, weighted, of any number of vectors of any length.
#include <vector>

#include <frugal/aggregate/minimax_mean.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/quantize/dithered.hpp>

#include "averaging.hpp"
#include "catch.hpp"

using namespace frugal;
using namespace test;

static_assert(Exchange<all_gather<>> && AveragingExchange<all_gather<>>);

TEST_CASE("all_gather: the mean of exact messages, the same bits everywhere", "[exchange][all_gather]") {
    for (const std::size_t n : {1u, 2u, 3u, 9u, 20u}) {
        for (const std::size_t d : {1u, 31u, 1000u}) {
            const vectors inputs = inputs_of(n, d);
            const vectors x = averaged(all_gather{}, inputs);
            CHECK(all_equal(x));
            CHECK(distance(x[0], mean_of_inputs(inputs)) < 2e-6);
        }
    }
}

TEST_CASE("all_gather: weights of the nodes", "[exchange][all_gather]") {
    const vectors inputs = inputs_of(9, 50);
    std::vector<float> weights{0, 1, 2, 3, 4, 5, 6, 7, 0.5f};
    const vectors x = averaged(all_gather{identity{}, mean{}, {.how = {.weights = weights}}}, inputs);
    CHECK(all_equal(x));
    CHECK(distance(x[0], mean_of_inputs(inputs, 0, weights)) < 2e-6);
    all_gather later;
    later.weigh(weights);
    CHECK((averaged(later, inputs) == x));
    weights.pop_back();
    CHECK_THROWS_AS(averaged(all_gather{identity{}, mean{}, {.how = {.weights = weights}}}, inputs), invalid_input);
}

TEST_CASE("all_gather: another aggregator", "[exchange][all_gather]") {
    const vectors inputs = inputs_of(5, 40);
    const vectors x = averaged(all_gather{identity{}, minimax_mean{1.0}}, inputs);
    CHECK(all_equal(x));
    CHECK(distance(x[0], mean_of_inputs(inputs)) < 2);
}

TEST_CASE("all_gather: the same bits for any number of threads", "[exchange][all_gather][equivalence]") {
    const vectors inputs = inputs_of(11, 3000);
    const all_gather exchange{scalar_compressor{dithered{.levels = 1}}, mean{}, {.block = 256}};
    const vectors one = averaged(exchange, inputs, 3, 1);
    CHECK((averaged(exchange, inputs, 3, 2) == one));
    CHECK((averaged(exchange, inputs, 3, 4) == one));
}
