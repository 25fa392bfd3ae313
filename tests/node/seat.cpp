#include <frugal/node/seat.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("seat: legs of a lane are given once in a round", "[node][seat]") {
    seat s;
    s.begin(4, 7);
    CHECK(s.take_legs(0, 2) == 0);
    CHECK(s.take_legs(3, 1) == 0);
    CHECK(s.take_legs(0, 5) == 2);
    CHECK(s.take_legs(0, 1) == 7);
    CHECK(s.take_legs(3, 1) == 1);
    s.begin(4, 8);
    CHECK(s.take_legs(0, 1) == 0);
}

TEST_CASE("seat: a round begins with nothing of the one before", "[node][seat]") {
    seat s;
    s.begin(4, 7);
    s.record.loss = 3;
    s.record.diverged = true;
    s.now = s.link_in = s.link_out = 5;
    s.count("dropped", 1);
    s.begin(6, 8);
    CHECK(s.node == 6);
    CHECK(s.round == 8);
    CHECK(s.record.node == 6);
    CHECK(s.record.loss == 0);
    CHECK_FALSE(s.record.diverged);
    CHECK(s.counters.empty());
    CHECK(s.now + s.link_in + s.link_out == 0);
}

TEST_CASE("add_to: counters of equal text are one, wherever the text is", "[node][seat]") {
    std::vector<counter> counters;
    const std::string same = "dropped";
    add_to(counters, "dropped", 1);
    add_to(counters, "used", 10);
    add_to(counters, same.c_str(), 2.5);
    REQUIRE(counters.size() == 2);
    CHECK(counters[0].value == 3.5);
    CHECK(counters[1].value == 10);
}

TEST_CASE("host: a parallel loop calls every number once", "[node][seat]") {
    struct backwards final : host {
        std::size_t threads() const override { return 1; }
        bool reduce(std::span<float>) override { return false; }
        void sent(seat&) override {}
        void parallel_for(std::size_t n, void (*f)(const void*, std::size_t), const void* call) override {
            while (n-- > 0) {
                f(call, n);
            }
        }
    } h;
    std::vector<std::size_t> called;
    h.parallel(4, [&](std::size_t i) { called.push_back(i); });
    CHECK(called == std::vector<std::size_t>{3, 2, 1, 0});
}
