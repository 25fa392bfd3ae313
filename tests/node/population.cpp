// Populations: built on first use, only where needed; fingerprints; nodes of the caller's.
#include <cstdint>
#include <vector>

#include <frugal/node/population.hpp>

#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;

namespace {

struct node_without_state {
    task<> round(peer) { co_return; }
};
struct node_of_supersteps {
    void round(peer) {}
    void state(state_archive&) {}
};
struct silent {
    std::uint32_t number = 0;
    task<> round(peer) { co_return; }
    void state(state_archive&) {}
};

static_assert(Program<test::scripted> && Program<silent>);
static_assert(!Program<node_without_state> && !Program<node_of_supersteps> && !Program<int>);

}  // namespace

TEST_CASE("population: a node is made when it is first needed, and once", "[node][population]") {
    std::vector<int> made(10);
    population<silent> nodes(10, 1, [&](std::uint32_t i) {
        ++made[i];
        return silent{i};
    });
    CHECK(nodes.size() == 10);
    CHECK(made == std::vector<int>(10));
    nodes.build(3, 6);
    CHECK(made == std::vector<int>{0, 0, 0, 1, 1, 1, 0, 0, 0, 0});
    CHECK(nodes[4].number == 4);
    nodes.build(4, 7);
    CHECK(made == std::vector<int>{0, 0, 0, 1, 1, 1, 1, 0, 0, 0});
    CHECK(parameters_of(nodes[4]).empty());
}

TEST_CASE("population: what distinguishes fingerprints", "[node][population]") {
    const auto make = [](std::uint32_t i) { return silent{i}; };
    const population<silent> a(10, 1, make, 7);
    CHECK(a.fingerprint() == population<silent>(10, 1, make, 7).fingerprint());
    CHECK(a.fingerprint() != population<silent>(11, 1, make, 7).fingerprint());
    CHECK(a.fingerprint() != population<silent>(10, 2, make, 7).fingerprint());
    CHECK(a.fingerprint() != population<silent>(10, 1, make, 8).fingerprint());
}

TEST_CASE("population: nodes that exist are used in place", "[node][population]") {
    std::vector<silent> own{{5}, {6}};
    population<silent> nodes(own, 3);
    nodes.build(0, 2);
    nodes[1].number = 9;
    CHECK(own[1].number == 9);
    CHECK(nodes.seed() == 3);
    std::vector<silent> none;
    CHECK_THROWS_AS(population<silent>(none, 3), invalid_input);
    CHECK_THROWS_AS(population<silent>(0, 3, [](std::uint32_t i) { return silent{i}; }), invalid_input);
}
