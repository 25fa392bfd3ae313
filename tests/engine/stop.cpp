// Stopping rules.
#include <string>
#include <vector>

#include <frugal/engine/evaluate.hpp>
#include <frugal/engine/stop.hpp>
#include <frugal/engine/tbb_engine.hpp>

#include "catch.hpp"
#include "test_nodes.hpp"

using namespace frugal;
using test::ring_of;

static_assert(StopRule<rounds> && StopRule<early_stop> && StopRule<divergence_guard>);
static_assert(!StopRule<int> && !StopRule<test::mixing_node> && !StopRule<network_model>);

TEST_CASE("run: stopping rules", "[engine][stop]") {
    auto nodes = ring_of(4, 5);
    CHECK(run(tbb_engine{}, nodes, rounds{0}).completed == 0);
    CHECK(run(tbb_engine{}, nodes, rounds{3} || rounds{2}).completed == 2);
    CHECK((rounds{3} || rounds{2}).planned_rounds() == 2);
    CHECK((rounds{3} || early_stop{}).planned_rounds() == 3);
    const auto early = run(tbb_engine{}, nodes, rounds{1000} || early_stop{.minimize = false, .patience = 4});
    CHECK(early.reason == stop_reason::early);
    CHECK(early.completed < 1000);
    const auto target = run(tbb_engine{}, nodes, rounds{1000} || early_stop{.target = 1e9});
    CHECK(target.reason == stop_reason::early);
    CHECK(target.completed == 1);
    const auto custom = run(tbb_engine{}, nodes, [](const run_status& s) { return s.completed == 7; });
    CHECK(custom.completed == 7);
    CHECK(custom.reason == stop_reason::finished);
    const auto guarded = run(tbb_engine{}, nodes, rounds{50} || divergence_guard{.limit = -1e9});
    CHECK(guarded.diverged());
}

TEST_CASE("early_stop: counts new values of a metric only", "[engine][stop]") {
    auto nodes = ring_of(4, 5);
    evaluate_every constant("same", 10, [](const run_status&) { return 1.0; });
    const auto r = run(tbb_engine{}, nodes, rounds{1000} || early_stop{.metric = "same", .patience = 3}, constant);
    CHECK(r.reason == stop_reason::early);
    CHECK(r.completed == 40);  // the first is the best, three without progress follow
}
