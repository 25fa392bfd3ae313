// Simulated time: the order of events, links and speeds by hand, checkpoints between any two events.
#include <frugal/engine/event_engine.hpp>

#include <string>
#include <vector>

#include <unistd.h>

#include <frugal/algorithm/async_sgd.hpp>
#include <frugal/algorithm/dpsgd.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/engine/checkpoint.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"

namespace event_engine_test {

using namespace frugal;

namespace {

quadratic bowl(std::size_t worker) {
    return quadratic(std::vector<float>(30, static_cast<float>(worker)), std::vector<float>(30, 1.0f));
}

//! Node 0 sends `messages` of one float to node 1 at once; node 1 notes when they come, and answers after a second's
//! work.
struct pair {
    std::uint32_t messages = 1;
    std::vector<double> times{};

    static letter_ref one(event_clock& t) {
        letter_ref m = t.draft();
        identity codec;
        const float value = 1;
        codec.compress({&value, 1}, t.next_key(), *m);
        return m;
    }
    void begin(event_clock& t) {
        for (std::uint32_t k = 0; t.self() == 0 && k < messages; ++k) {
            t.send(1, one(t), k);
        }
    }
    void on(const event& e, event_clock& t) {
        times.push_back(t.now());
        if (t.self() == 1) {
            t.step();
            t.send(0, one(t), e.tag);
        }
        if (t.self() == 0 && times.size() == messages) {
            t.complete_round();
        }
    }
    void state(state_archive& a) { a(times); }
};

struct scratch_directory {
    std::string path = "/tmp/frugal-test-XXXXXX";
    scratch_directory() { REQUIRE(mkdtemp(path.data()) != nullptr); }
    ~scratch_directory() {
        for (const char* name : {"checkpoint.frg", "checkpoint.previous.frg", "checkpoint.lock"}) {
            ::unlink((path + "/" + name).c_str());
        }
        ::rmdir(path.c_str());
    }
};

auto asynchronous(std::size_t buffer) {
    return fedbuff({.workers = 6, .buffer = buffer, .steps = {.count = 2}, .staleness_power = 0.5f, .seed = 8}, bowl,
                   std::vector<float>(30), full_batch{}, sgd{.learning_rate = 0.1},
                   scalar_compressor{dithered{.levels = 3}});
}

const event_engine slow{.network = {.latency = 0.01, .bandwidth = 1e5},
                        .speed = speed_law(speed_kind::exponential, [](std::uint32_t n) { return n % 2 + 0.5; })};

}  // namespace

static_assert(Reactor<pair>);

TEST_CASE("event_engine: latency, links and steps add up as by hand", "[engine][event_engine]") {
    // A message of one float: 56 + 4 + 4 bytes, 512 bits: 0.512 s at 1000 bit/s.
    std::vector<pair> nodes(2, {.messages = 3});
    const auto report = run(event_engine{.network = {.latency = 0.25, .bandwidth = 1000},
                                         .speed = speed_law(speed_kind::deterministic, [](auto) { return 1.0; })},
                            nodes, rounds{1});
    REQUIRE(nodes[1].times.size() == 3);
    REQUIRE(nodes[0].times.size() == 3);
    for (int k = 0; k < 3; ++k) {
        const double arrives = 0.25 + 0.512 * (k + 1);  // the sender's link takes them one after the other
        CHECK(nodes[1].times[std::size_t(k)] == Approx(arrives));
        const double answered = 0.25 + 0.512 + (k + 1);  // its steps follow each other
        CHECK(nodes[0].times[std::size_t(k)] == Approx(answered + 0.512 + 0.25));
    }
    CHECK(report.network_seconds == Approx(nodes[0].times[2]));
    CHECK(report.sent.messages == 6);
    CHECK(report.received.messages == 6);
    CHECK(report.sent.wire_bytes == 6 * 64);
}

TEST_CASE("event_engine: a run without events left, or a node that fails, is an error", "[engine][event_engine]") {
    std::vector<pair> nodes(2, {.messages = 1});
    CHECK_THROWS_WITH(run(event_engine{}, nodes, rounds{2}),
                      "round 1 cannot end: no event is left, and no node completed it");
}

TEST_CASE("event_engine: digests are equal on every run; resuming between any two events changes nothing",
          "[engine][event_engine][checkpoint]") {
    event_engine by_events = slow;
    by_events.events_per_round = 1;
    auto whole = asynchronous(2);
    const auto expected = run(by_events, whole, rounds{300});
    auto again = asynchronous(2);
    CHECK(run(by_events, again, rounds{300}).parameters_digest == expected.parameters_digest);
    for (const std::uint64_t stop : {1u, 7u, 50u, 133u, 299u}) {
        const scratch_directory folder;
        auto first = asynchronous(2);
        run(by_events, first, rounds{stop}, checkpoint_every{.rounds = stop, .directory = folder.path});
        auto second = asynchronous(2);
        const auto report = run(by_events, second, rounds{300}, resume{.directory = folder.path});
        CHECK(report.parameters_digest == expected.parameters_digest);
        CHECK(report.network_seconds == Approx(expected.network_seconds));
        CHECK(report.sent == expected.sent);
    }
}

TEST_CASE("event_engine: programs have the bits of tbb_engine, and each node its own pace", "[engine][event_engine]") {
    const auto make = [] {
        return dpsgd({.seed = 1}, ring(6), bowl, std::vector<float>(30), full_batch{}, sgd{.learning_rate = 0.1});
    };
    auto timed = make();
    auto plain = make();
    const auto report = run(slow, timed, rounds{20});
    CHECK(report.parameters_digest == run(tbb_engine{}, plain, rounds{20}).parameters_digest);
    // Neighbours wait for each other: 20 rounds of the slowest node's steps at least, on average 1.5 s each.
    CHECK(report.network_seconds > 20);
    CHECK(report.network_seconds < 200);
}

}  // namespace event_engine_test
