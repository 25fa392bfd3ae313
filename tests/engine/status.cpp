#include <frugal/engine/status.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("run_report: metrics and counters by name", "[engine][status]") {
    run_report r;
    CHECK(std::isnan(r.loss));
    CHECK(r.find("accuracy") == nullptr);
    CHECK(r.counted("dropped") == 0);
    r.completed = 3;
    r.record("accuracy", 0.5);
    r.record("error", 7);
    r.completed = 4;
    r.record("accuracy", 0.75);
    REQUIRE(r.metrics.size() == 2);
    REQUIRE(r.find("accuracy") != nullptr);
    CHECK(r.find("accuracy")->value == 0.75);
    CHECK(r.find("accuracy")->round == 4);
    CHECK(r.find("error")->round == 3);
    CHECK(r.find("accurac") == nullptr);
    r.counters = {{"dropped", 2.5}, {"uses", 1}};
    CHECK(r.counted("dropped") == 2.5);
    CHECK_FALSE(r.diverged());
    r.reason = stop_reason::diverged;
    CHECK(r.diverged());
    CHECK(r.is_root());
    r.rank = 1;
    CHECK_FALSE(r.is_root());
}

TEST_CASE("run_status: gives the parameters of this process's nodes only", "[engine][status][hostile]") {
    struct control final : run_control {
        std::vector<float> x{1, 2, 3, 4};
        std::span<const float> parameters(std::size_t node) const override { return std::span(x).subspan(node, 1); }
        checkpoint capture() override { return {}; }
        void restore(const checkpoint&) override {}
        void broadcast(std::vector<std::byte>&) override {}
        void parallel(std::size_t, const std::function<void(std::size_t)>&) override {}
        void gather(std::vector<std::vector<std::byte>>&) override {}
    } of_engine;
    run_status s;
    CHECK_THROWS_AS(s.parameters(0), invalid_input);
    s.attach(of_engine, 1, 3);
    CHECK(s.first_node() == 1);
    CHECK(s.last_node() == 3);
    CHECK(s.parameters(1)[0] == 2);
    CHECK(s.parameters(2)[0] == 3);
    CHECK_THROWS_AS(s.parameters(0), invalid_input);
    CHECK_THROWS_AS(s.parameters(3), invalid_input);
    CHECK(&s.control() == &of_engine);
}

TEST_CASE("node_totals: the state comes back", "[engine][status][state]") {
    node_totals t{{1, 2, 3}, {4, 5, 6}, 0.5, 0.25}, back;
    std::vector<std::byte> bytes;
    state_archive save(bytes);
    t.state(save);
    state_archive load{std::span<const std::byte>(bytes)};
    back.state(load);
    load.finish();
    CHECK(back.sent == t.sent);
    CHECK(back.received == t.received);
    CHECK(back.compute_seconds == 0.5);
    CHECK(back.codec_seconds == 0.25);
}
