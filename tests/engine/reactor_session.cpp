#include <frugal/engine/reactor_session.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <frugal/compress/identity.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

//! Notes its events; node 0 sets timers at 3, 1, 1, 2 seconds and completes a round at each.
struct noting {
    std::vector<std::uint64_t> tags{};
    std::vector<double> times{};
    bool diverges = false;

    void begin(event_clock& c) {
        if (c.self() == 0) {
            c.after(3, 30);
            c.after(1, 10);
            c.after(1, 11);
            c.after(2, 20);
        }
    }
    void on(const event& e, event_clock& c) {
        CHECK(e.content == nullptr);
        CHECK(e.from == c.self());
        tags.push_back(e.tag);
        times.push_back(c.now());
        c.report(diverges ? std::numeric_limits<double>::infinity() : 1, 2);
        c.count("events");
        c.complete_round();
    }
    void state(state_archive& a) {
        a(tags);
        a(times);
    }
};

//! Sends its number to the next node, which does the same.
struct passing {
    std::vector<std::uint64_t> from{};
    static void pass(event_clock& c) {
        letter_ref m = c.draft();
        const float value = 1;
        identity().compress({&value, 1}, c.next_key(), *m);
        c.send((c.self() + 1) % c.size(), std::move(m));
    }
    void begin(event_clock& c) {
        if (c.self() == 0) {
            pass(c);
        }
    }
    void on(const event& e, event_clock& c) {
        from.push_back(e.from);
        CHECK(c.key_of(e).node == e.from);
        pass(c);
    }
    void state(state_archive& a) { a(from); }
};

}  // namespace

TEST_CASE("reactor_session: events happen in the order of their times, equal ones in that of their making",
          "[engine][reactor_session]") {
    std::vector<noting> nodes(2);
    population<noting> all(nodes, 1);
    reactor_session session(all, {}, speed_law(), 0);
    std::vector<std::byte> records;
    for (std::uint64_t round = 0; round < 4; ++round) {
        session.play(round, records);
    }
    CHECK(nodes[0].tags == std::vector<std::uint64_t>{10, 11, 20, 30});
    CHECK(nodes[0].times == std::vector<double>{1, 1, 2, 3});
    std::vector<double> losses, seconds, counted;
    read_records(
        records,
        [&](const round_record& r) {
            losses.push_back(r.loss);
            seconds.push_back(r.network_seconds);
        },
        [&](const std::string& name, double value) {
            CHECK(name == "events");
            counted.push_back(value);
        });
    CHECK(losses == std::vector<double>{2, 0});
    CHECK(seconds == std::vector<double>{1, 1});  // from 2 to 3
    CHECK(counted == std::vector<double>{1});
    CHECK_THROWS_WITH(session.play(4, records), test::contains_text("round 4 cannot end: no event is left"));
}

TEST_CASE("reactor_session: a round may be a number of events", "[engine][reactor_session]") {
    std::vector<noting> nodes(1);
    population<noting> all(nodes, 1);
    reactor_session session(all, {}, speed_law(), 3);
    std::vector<std::byte> records;
    session.play(0, records);
    CHECK(nodes[0].tags.size() == 3);
}

TEST_CASE("reactor_session: a node that diverges says so in its record", "[engine][reactor_session]") {
    std::vector<noting> nodes(2);
    nodes[0].diverges = true;
    population<noting> all(nodes, 1);
    reactor_session session(all, {}, speed_law(), 0);
    std::vector<std::byte> records;
    session.play(0, records);
    std::vector<bool> diverged;
    read_records(
        records, [&](const round_record& r) { diverged.push_back(r.diverged); }, [](const std::string&, double) {});
    CHECK(diverged == std::vector<bool>{true, false});
}

TEST_CASE("reactor_session: messages under way are saved with their receiver",
          "[engine][reactor_session][checkpoint]") {
    std::vector<passing> nodes(3), copies(3);
    population<passing> all(nodes, 1), others(copies, 1);
    reactor_session first(all, {.latency = 0.5}, speed_law(), 1), second(others, {.latency = 0.5}, speed_law(), 1);
    std::vector<std::byte> records, saved[3];
    for (std::uint64_t round = 0; round < 4; ++round) {
        first.play(round, records);
    }
    for (std::size_t i = 0; i < 3; ++i) {
        first.save(i, saved[i]);
    }
    for (std::size_t i = 0; i < 3; ++i) {
        second.restore(i, saved[i]);
    }
    for (std::uint64_t round = 4; round < 9; ++round) {
        first.play(round, records);
        second.play(round, records);
    }
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(nodes[i].from == std::vector<std::uint64_t>(3, (i + 2) % 3));
        CHECK(copies[i].from == nodes[i].from);
    }
    for (const auto& bytes : saved) {
        for (std::size_t kept = 0; kept < bytes.size(); ++kept) {
            std::vector<passing> fresh(3);
            population<passing> more(fresh, 1);
            reactor_session other(more, {}, speed_law(), 1);
            CHECK_THROWS_AS(other.restore(0, std::span(bytes).first(kept)), malformed_message);
        }
    }
}
