#include <frugal/engine/crew.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using test::note;
using test::scripted;
using test::value_of;

namespace {

//! What was sent a round ago is received: something waits between rounds.
task<> late(peer here, std::vector<float>& x) {
    const std::uint32_t other = 1 - here.self();
    const peer now = here.lane(0).lasting(here.round());
    now.send(other, note(now, 10 * static_cast<float>(here.self()) + static_cast<float>(here.round())));
    if (here.round() > 0) {
        const auto got = co_await here.lane(0).lasting(here.round() - 1).receive(other);
        x.push_back(value_of(got[0]));
    }
}

void play(crew<scripted>& c, std::uint64_t round, std::vector<std::byte>& records) {
    c.open(round);
    while (c.stage().step()) {
    }
    c.close(records);
}

}  // namespace

TEST_CASE("crew: a restored node gets the messages that waited for it", "[engine][crew][checkpoint]") {
    auto nodes = test::scripted_nodes(2, late), copies = nodes;
    population<scripted> all(nodes, 1), others(copies, 1);
    crew first(all, 0, 2, 1, {});
    std::vector<std::byte> records, saved[2];
    play(first, 0, records);
    play(first, 1, records);
    for (std::size_t i = 0; i < 2; ++i) {
        first.save(i, saved[i]);
    }
    play(first, 2, records);
    crew second(others, 0, 2, 1, {});
    for (std::size_t i = 0; i < 2; ++i) {
        second.restore(i, saved[i]);
    }
    play(second, 2, records);
    CHECK(nodes[0].x == std::vector<float>{10, 11});
    CHECK(copies[0].x == nodes[0].x);
    CHECK(copies[1].x == nodes[1].x);
}

TEST_CASE("crew: a damaged node of a checkpoint is refused", "[engine][crew][hostile]") {
    auto nodes = test::scripted_nodes(2, late);
    population<scripted> all(nodes, 1);
    crew c(all, 0, 2, 1, {});
    std::vector<std::byte> records, saved;
    play(c, 0, records);
    c.save(1, saved);
    for (std::size_t kept = 0; kept < saved.size(); ++kept) {
        auto fresh = test::scripted_nodes(2, late);
        population<scripted> others(fresh, 1);
        crew other(others, 0, 2, 1, {});
        CHECK_THROWS_AS(other.restore(1, std::span(saved).first(kept)), malformed_message);
    }
    auto altered = saved;
    const std::size_t source = 8 + 8 + 4;  // behind the length of x, the number of messages, a lane
    REQUIRE(altered[source] == std::byte{0});
    altered[source] = std::byte{2};
    CHECK_THROWS_WITH(c.restore(1, altered), test::contains_text("node that does not exist"));
    altered = saved;
    altered.push_back(std::byte{0});
    CHECK_THROWS_AS(c.restore(1, altered), malformed_message);
}

TEST_CASE("crew: only a cohort takes part, and it must be of the population", "[engine][crew]") {
    auto nodes = test::scripted_nodes(4, [](peer here, std::vector<float>& x) -> task<> {
        x.push_back(static_cast<float>(here.round()));
        co_return;
    });
    std::vector<std::uint32_t> members{1, 3};
    population<scripted> some(
        nodes, 1, [&](std::uint64_t, std::uint64_t, std::vector<std::uint32_t>& group) { group = members; });
    crew c(some, 0, 4, 1, {});
    CHECK(c.size() == 4);
    CHECK((c.owns(0) && c.owns(3) && !c.owns(4)));
    std::vector<std::byte> records;
    play(c, 5, records);
    CHECK(nodes[0].x.empty());
    CHECK(nodes[1].x == std::vector<float>{5});
    CHECK(nodes[3].x == std::vector<float>{5});
    members = {};
    CHECK_THROWS_AS(c.open(6), invalid_input);
    members = {0, 4};
    CHECK_THROWS_AS(c.open(6), invalid_input);
}

TEST_CASE("crew: with steps that take time, rounds of a node follow each other", "[engine][crew]") {
    auto nodes = test::scripted_nodes(2, [](peer, std::vector<float>&) -> task<> { co_return; });
    population<scripted> all(nodes, 1);
    crew c(all, 0, 2, 1, {});
    c.simulate(speed_law(speed_kind::deterministic, [](std::uint32_t node) { return node + 1.0; }));
    for (std::uint64_t round = 0; round < 3; ++round) {
        std::vector<std::byte> records;
        std::vector<double> took;
        play(c, round, records);
        read_records(
            records, [&](const round_record& r) { took.push_back(r.network_seconds); },
            [](const std::string&, double) {});
        REQUIRE(took.size() == 2);
        CHECK(took[1] == Approx(2));  // the slower node adds its step to what was the latest
        CHECK(took[0] == Approx(round == 0 ? 1.0 : 0.0).margin(1e-12));
    }
}
