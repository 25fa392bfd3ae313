// Means in two levels.
#include <vector>

#include <frugal/algorithm/local_sgd.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/hierarchical.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/objective/quadratic.hpp>

#include "averaging.hpp"
#include "catch.hpp"

using namespace frugal;
using namespace test;

static_assert(AveragingExchange<hierarchical<all_gather<>, sharded<>>>);

TEST_CASE("hierarchical: the mean over all, blocks of equal sizes or not", "[exchange][hierarchical]") {
    for (const std::size_t n : {1u, 6u, 7u, 8u}) {
        const vectors inputs = inputs_of(n, 100);
        for (const std::uint32_t block : {1u, 2u, 3u, 10u}) {
            const vectors x = averaged(hierarchical(all_gather{}, all_gather{}, block), inputs);
            CHECK(all_equal(x));
            CHECK(distance(x[0], mean_of_inputs(inputs)) < 5e-6);
            CHECK(distance(averaged(hierarchical(sharded{}, sharded{}, block), inputs)[n - 1], mean_of_inputs(inputs)) <
                  5e-6);
        }
    }
}

TEST_CASE("hierarchical: between periods, only blocks average", "[exchange][hierarchical]") {
    const vectors inputs = inputs_of(6, 10);
    const hierarchical exchange(all_gather{}, all_gather{}, 3, 4);
    const vectors apart = averaged(exchange, inputs, 3), together = averaged(exchange, inputs, 4);
    const vectors low(inputs.begin(), inputs.begin() + 3), high(inputs.begin() + 3, inputs.end());
    CHECK(distance(apart[1], mean_of_inputs(low)) < 1e-6);
    CHECK(distance(apart[4], mean_of_inputs(high)) < 1e-6);
    CHECK(all_equal(together));
    CHECK(distance(together[5], mean_of_inputs(inputs)) < 2e-6);
}

TEST_CASE("hierarchical: averaging differences needs a period of 1", "[exchange][hierarchical][hostile]") {
    const quadratic f({1, 2}, 1);
    const auto train = [&](std::uint64_t period) {
        auto nodes = local_sgd({.workers = 4}, {.count = 2}, f, {0, 0}, full_batch{},
                               hierarchical(all_gather{}, all_gather{}, 2, period), sgd{.learning_rate = 0.1});
        run(tbb_engine{}, nodes, rounds{4});
    };
    train(1);
    CHECK_THROWS_AS(train(2), invalid_input);
    CHECK_THROWS_AS(hierarchical(all_gather{}, all_gather{}, 0), invalid_input);
    CHECK_THROWS_AS(hierarchical(all_gather{}, all_gather{}, 2, 0), invalid_input);
}
