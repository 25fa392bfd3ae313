// A program chosen at run time is the one it holds.
#include <frugal/node/any_node.hpp>

#include <frugal/algorithm/dpsgd.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/sgd.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(Program<any_node>);

TEST_CASE("any_node: an erased population trains as the original", "[node][any_node]") {
    const quadratic objective(std::vector<float>(10, 2.0f), std::vector<float>(10, 1.0f));
    const auto make = [&] {
        return dpsgd({.seed = 4}, ring(5), objective, std::vector<float>(10), full_batch{}, sgd{.learning_rate = 0.1});
    };
    auto plain = make();
    auto erased = erase(make());
    CHECK(erased.size() == 5);
    CHECK(erased.seed() == 4);
    const auto expected = run(tbb_engine{}, plain, rounds{15});
    CHECK(run(tbb_engine{}, erased, rounds{15}).parameters_digest == expected.parameters_digest);

    std::vector<std::byte> bytes, same;
    state_archive a(bytes), b(same);
    plain[2].state(a);
    erased[2].state(b);
    CHECK(bytes == same);
}
