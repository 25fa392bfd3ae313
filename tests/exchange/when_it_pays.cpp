// An exchange used if it is faster than plain floats.
#include <frugal/exchange/when_it_pays.hpp>

#include <frugal/compress/scalar.hpp>
#include <frugal/core/state.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/quantize/dithered.hpp>

#include "averaging.hpp"
#include "catch.hpp"

using namespace frugal;
using namespace test;

static_assert(AveragingExchange<when_it_pays<sharded<>>>);

TEST_CASE("when_it_pays: all nodes choose the same, and get the mean", "[exchange][when_it_pays]") {
    const vectors inputs = inputs_of(4, 3000);
    using exchange = when_it_pays<sharded<>>;
    using node = averaging_node<exchange>;
    population<node> nodes(4, 1, [&](std::uint32_t i) { return node(exchange(sharded<>{}), inputs[i]); });
    CHECK_FALSE(nodes[0].exchange().pays().has_value());
    const auto report = run(tbb_engine{}, nodes, rounds{2});
    const bool chosen = *nodes[0].exchange().pays();
    for (auto& n : nodes) {
        CHECK(n.exchange().pays() == chosen);
        CHECK(distance(n.parameters(), mean_of_inputs(inputs)) < 2e-6);
    }
    CHECK(report.counted("means of plain floats") == (chosen ? 0 : 8));
}

TEST_CASE("when_it_pays: a checkpoint keeps the choice; servers, weights and feedback outside are refused",
          "[exchange][when_it_pays]") {
    using exchange = when_it_pays<sharded<>>;
    const vectors inputs = inputs_of(2, 50);
    using node = averaging_node<exchange>;
    population<node> nodes(2, 1, [&](std::uint32_t i) { return node(exchange(sharded<>{}), inputs[i]); });
    run(tbb_engine{}, nodes, rounds{1});
    std::vector<std::byte> bytes;
    state_archive save(bytes);
    nodes[0].exchange().state(save);
    exchange other{sharded<>{}};
    state_archive restore{std::span<const std::byte>(bytes)};
    other.state(restore);
    CHECK(other.pays() == nodes[0].exchange().pays());

    CHECK_THROWS_AS(when_it_pays(server<>{}), invalid_input);
    CHECK_THROWS_AS(when_it_pays(sharded<>{}, 0), invalid_input);
    CHECK_THROWS_AS(other.weigh({1, 2}), invalid_input);
    CHECK_NOTHROW(other.weigh({1, 1}));
}
