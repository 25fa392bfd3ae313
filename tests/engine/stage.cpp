#include <frugal/engine/stage.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using test::note;
using test::value_of;

namespace {

//! Sends its number to everyone and adds up what comes.
task<> sum_of_others(peer here, float& sum) {
    here.send_to_others(note(here, static_cast<float>(here.self() + 1)));
    for (const envelope& e : co_await here.receive_from_others()) {
        sum += value_of(e);
    }
}

task<> wait_for(peer here, std::uint32_t source) {
    co_await here.receive(source);
}
task<> send_unasked(peer here) {
    here.send(1, note(here, 1));
    co_return;
}
task<> nothing() {
    co_return;
}
task<> fail(const char* text) {
    throw std::runtime_error(text);
    co_return;
}
task<> diverge(const char* text) {
    throw divergence(text);
    co_return;
}

//! Keeps what leaves.
struct postbag final : transport {
    struct sent {
        std::uint32_t source;
        std::vector<std::uint32_t> to;
        letter_ref content;
    };
    std::vector<sent> all;
    void reduce(std::span<float> x) override { x[0] += 100; }
    void send(std::uint32_t source, std::uint64_t, const seat::departure& d,
              std::span<const std::uint32_t> destinations) override {
        all.push_back({source, {destinations.begin(), destinations.end()}, d.content});
    }
};

const std::vector<std::uint32_t> three{0, 1, 2};

}  // namespace

TEST_CASE("stage: nodes run until they wait, and go on when they have what they wait for", "[engine][stage]") {
    for (const std::size_t threads : {1u, 2u}) {
        stage s(0, 3, threads);
        std::vector<float> sums(3);
        s.open(0, three, [&](std::uint32_t i, peer here) { return sum_of_others(here, sums[i]); });
        CHECK(s.unfinished() == 3);
        CHECK(s.waiting() == "node 0 waits on lane 0 for node 1");
        CHECK(s.step());
        CHECK(s.unfinished() == 0);
        CHECK_FALSE(s.step());
        CHECK(s.waiting().empty());
        s.close(false, true);
        CHECK(sums == std::vector<float>{5, 4, 3});
        CHECK(s.seat_at(1).record.received.messages == 2);
        CHECK(s.seat_at(1).record.sent.messages == 1);
    }
}

TEST_CASE("stage: the first node that fails is reported, one that diverges only where none fails",
          "[engine][stage][hostile]") {
    const auto failure_of = [](auto make) {
        stage s(0, 3, 1);
        s.open(0, three, make);
        std::string text = "none";
        if (s.failure()) {
            text = test::failure_of([&] { std::rethrow_exception(s.failure()); });
        }
        CHECK(s.unfinished() == 0);
        s.close(true, true);
        return text;
    };
    CHECK(failure_of([](std::uint32_t, peer) { return nothing(); }) == "none");
    CHECK(failure_of([](std::uint32_t i, peer) { return i == 0 ? nothing() : fail(i == 1 ? "one" : "two"); }) == "one");
    CHECK(failure_of([](std::uint32_t i, peer) { return i == 0 ? diverge("zero") : fail("one"); }) == "one");
    CHECK(failure_of([](std::uint32_t i, peer) { return i == 0 ? nothing() : diverge(i == 1 ? "one" : "two"); }) ==
          "one");
}

TEST_CASE("stage: messages left over are an error, unless the round failed", "[engine][stage][hostile]") {
    stage s(0, 3, 1);
    const auto make = [](std::uint32_t i, peer here) { return i == 0 ? send_unasked(here) : nothing(); };
    s.open(2, three, make);
    CHECK_FALSE(s.step());
    CHECK_THROWS_WITH(s.close(false, true), test::contains_text("node 1 never received a message that node 0 sent it"));
    s.close(true, true);
    s.open(3, three, make);
    s.step();
    s.close(true, true);
    s.open(4, three, [](std::uint32_t, peer) { return nothing(); });
    CHECK_NOTHROW(s.close(false, true));
}

TEST_CASE("stage: nodes of other processes are reached by the transport", "[engine][stage]") {
    for (const std::size_t threads : {1u, 2u}) {
        postbag elsewhere;
        stage s(1, 2, threads, &elsewhere);
        float sum = 0;
        s.open(0, three, [&](std::uint32_t i, peer here) {
            CHECK(i == 1);
            return sum_of_others(here, sum);
        });
        CHECK_FALSE(s.step());
        REQUIRE(elsewhere.all.size() == 1);
        CHECK(elsewhere.all[0].source == 1);
        CHECK(elsewhere.all[0].to == std::vector<std::uint32_t>{0, 2});
        s.receive(1, 0, {2, elsewhere.all[0].content, 0});
        CHECK_FALSE(s.step());
        s.receive(1, 0, {0, elsewhere.all[0].content, 0});
        CHECK(s.step());
        CHECK(sum == 4);
        CHECK_THROWS_AS(s.receive(2, 0, {0, elsewhere.all[0].content, 0}), malformed_message);
        s.close(false, true);
    }
}

TEST_CASE("stage: floats are added up by the transport only where every process is one node and one thread",
          "[engine][stage]") {
    const auto reduced = [](std::size_t threads, bool one_each, std::size_t last, bool has_transport) {
        postbag elsewhere;
        stage s(0, last, threads, has_transport ? &elsewhere : nullptr);
        s.set_one_node_each(one_each);
        s.open(0, three, [](std::uint32_t, peer) { return nothing(); });
        std::vector<float> x{1};
        const bool done = s.reduce(x);
        CHECK(x[0] == (done ? 101 : 1));
        s.close(false, true);
        return done;
    };
    CHECK(reduced(1, true, 1, true));
    CHECK_FALSE(reduced(2, true, 1, true));
    CHECK_FALSE(reduced(1, false, 1, true));
    CHECK_FALSE(reduced(1, true, 2, true));
    CHECK_FALSE(reduced(1, true, 1, false));
}

TEST_CASE("stage: a node that waits for ever is named with its lane", "[engine][stage][hostile]") {
    stage s(0, 3, 1);
    s.open(0, three, [](std::uint32_t i, peer here) { return i == 2 ? wait_for(here.lane(5), 0) : nothing(); });
    CHECK_FALSE(s.step());
    CHECK(s.unfinished() == 1);
    CHECK(s.waiting() == "node 2 waits on lane " + std::to_string(s.seat_at(2).inbox.awaited_lane()) + " for node 0");
    s.close(true, true);
}
