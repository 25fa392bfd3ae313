#include <frugal/node/clock.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <frugal/compress/identity.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

//! Notes what it is asked for.
struct notebook final : timekeeper {
    std::string log;
    std::uint64_t keys = 0;
    letter_pool letters;

    notebook() {
        now = 2.5;
        seed = 9;
        nodes = 3;
    }
    void note(const std::string& line) { log += line + ' '; }
    letter_ref draft() override { return letters.take(); }
    void send(std::uint32_t from, std::uint32_t to, std::uint64_t tag, letter_ref) override {
        note("send" + std::to_string(from) + std::to_string(to) + std::to_string(tag));
    }
    void after(std::uint32_t node, double delay, std::uint64_t tag) override {
        note("after" + std::to_string(node) + std::to_string(static_cast<int>(delay)) + std::to_string(tag));
    }
    void busy(std::uint32_t node, double) override { note("busy" + std::to_string(node)); }
    double step(std::uint32_t) override { return 0.25; }
    std::uint64_t next_key(std::uint32_t) override { return keys++; }
    void report(std::uint32_t node, double, double) override { note("report" + std::to_string(node)); }
    void count(std::uint32_t, const char* name, double) override { note(name); }
    void complete_round() override { note("complete"); }
};

void write(event_clock& c, message& m, random_key key) {
    const float value = 1;
    identity().compress({&value, 1}, key, m);
    CHECK(c.seed() == key.seed);
}

}  // namespace

TEST_CASE("event_clock: everything is of the node it was given to", "[node][clock]") {
    notebook keeper;
    event_clock c(keeper, 1);
    CHECK(c.now() == 2.5);
    CHECK(c.self() == 1);
    CHECK(c.size() == 3);
    letter_ref m = c.draft();
    write(c, *m, c.next_key());
    c.busy(1);
    CHECK(c.step() == 0.25);
    c.send(2, m, 7);
    c.after(4, 5);
    c.report(1, 1);
    c.count("late");
    c.complete_round();
    CHECK(keeper.log == "busy1 send127 after145 report1 late complete ");
}

TEST_CASE("event_clock: a key for every message, and its receiver finds the same", "[node][clock]") {
    notebook keeper;
    event_clock sender(keeper, 1), receiver(keeper, 2);
    const random_key first = sender.next_key(), second = sender.next_key();
    CHECK(first == random_key{.seed = 9, .node = 1, .round = 0, .purpose = purposes::message});
    CHECK_FALSE(first == second);
    letter_ref m = sender.draft();
    write(sender, *m, second);
    CHECK(receiver.key_of({.from = 1, .content = &*m}) == second);
    CHECK_THROWS_AS(receiver.key_of({.from = 0, .content = &*m}), malformed_message);
    write(sender, *m, second.for_purpose(purposes::data));
    CHECK_THROWS_AS(receiver.key_of({.from = 1, .content = &*m}), malformed_message);
}

TEST_CASE("event_clock: impossible destinations, messages and delays are refused", "[node][clock][hostile]") {
    notebook keeper;
    event_clock c(keeper, 1);
    CHECK_THROWS_AS(c.send(2, c.draft()), invalid_input);  // empty
    letter_ref m = c.draft();
    write(c, *m, c.next_key());
    CHECK_THROWS_AS(c.send(1, m), invalid_input);
    CHECK_THROWS_AS(c.send(3, m), invalid_input);
    for (const double bad : {-1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        CHECK_THROWS_AS(c.after(bad), invalid_input);
    }
    CHECK(keeper.log.empty());
}
