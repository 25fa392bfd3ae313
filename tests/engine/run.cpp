// What observers see and may do, and what becomes of their failures.
#include <string>
#include <vector>

#include <frugal/engine/observers.hpp>
#include <frugal/engine/tbb_engine.hpp>

#include "catch.hpp"
#include "scratch_directory.hpp"
#include "test_nodes.hpp"

using namespace frugal;
using test::ring_of;

TEST_CASE("run: observers are called in order, before, after each round, and at the end", "[engine][run]") {
    struct noting {
        std::string* log;
        char name;
        void start(const run_status& s) { *log += name + std::string("s") + std::to_string(s.completed) + ' '; }
        void operator()(const run_status& s) { *log += name + std::to_string(s.completed) + ' '; }
        void finish(const run_status& s) {
            CHECK_FALSE(s.parameters_digest.empty());
            CHECK(s.reason == stop_reason::finished);
            *log += name + std::string("f ");
        }
    };
    std::string log;
    auto nodes = ring_of(3, 5);
    run(tbb_engine{}, nodes, rounds{2}, noting{&log, 'a'}, noting{&log, 'b'});
    CHECK(log == "as0 bs0 a1 b1 a2 b2 af bf ");
}

TEST_CASE("run: an observer's failure ends the run", "[engine][run][hostile]") {
    auto nodes = ring_of(3, 5);
    int called = 0;
    CHECK_THROWS_WITH(run(tbb_engine{}, nodes, rounds{10},
                          [&](const run_status&) {
                              ++called;
                              throw std::runtime_error("from an observer");
                          }),
                      "from an observer");
    CHECK(called == 1);
    struct at_the_end {
        void operator()(const run_status&) {}
        void finish(const run_status&) { throw std::runtime_error("at the end"); }
    };
    CHECK_THROWS_WITH(run(tbb_engine{}, nodes, rounds{10}, at_the_end{}), "at the end");
    struct at_the_start {
        void start(const run_status&) { throw std::runtime_error("at the start"); }
        void operator()(const run_status&) {}
    };
    CHECK_THROWS_WITH(run(tbb_engine{}, nodes, rounds{10}, at_the_start{}), "at the start");
}

TEST_CASE("evaluate: metrics of one node and of all", "[engine][evaluate]") {
    auto nodes = ring_of(5, 7);
    evaluate_every first("first", 4, [](const run_status& s) { return double(s.parameters(0)[0]); });
    evaluate_nodes_every all("all", 3, [](std::span<const float> x) { return double(x[0]); });
    const auto report = run(tbb_engine{}, nodes, rounds{10}, first, all);
    REQUIRE(report.find("first") != nullptr);
    REQUIRE(report.find("all") != nullptr);
    CHECK(report.find("first")->round == 10);
    CHECK(report.find("first")->value == double(nodes[0].x[0]));
    double mean = 0;
    for (const auto& n : nodes) {
        mean += double(n.x[0]);
    }
    CHECK(report.find("all")->value == mean / 5);
    CHECK(report.find("none") == nullptr);
    CHECK_THROWS_AS(evaluate_every("x", 0, [](const run_status&) { return 0; }), invalid_input);
}

TEST_CASE("observers: curves of a resumed run have every row once", "[engine][observers]") {
    const test::scratch_directory dir;
    const std::string csv = dir.path + "/c.csv", json = dir.path + "/c.jsonl";
    const auto accuracy = [](const run_status& s) { return double(s.parameters(0)[0]); };
    auto first = ring_of(4, 5);
    run(tbb_engine{}, first, rounds{7}, checkpoint_every{4, dir.path}, evaluate_every("first", 2, accuracy),
        csv_writer{csv, 1, {"first"}}, json_lines_writer{json, 1});
    CHECK(detail::row_file::lines_of(csv).size() == 8);
    auto second = ring_of(4, 5);
    run(tbb_engine{}, second, rounds{10}, resume{dir.path}, evaluate_every("first", 2, accuracy),
        csv_writer{csv, 1, {"first"}}, json_lines_writer{json, 1});
    const auto rows = detail::row_file::lines_of(csv);
    REQUIRE(rows.size() == 11);
    for (std::size_t i = 1; i < rows.size(); ++i) {
        CHECK(rows[i].substr(0, rows[i].find(',')) == std::to_string(i));
        CHECK((rows[i].back() == ',') == (i % 2 == 1));
    }
    const auto objects = detail::row_file::lines_of(json);
    REQUIRE(objects.size() == 10);
    CHECK(objects[9].find("{\"round\":10,\"loss\":") == 0);
    CHECK(objects[9].find("\"first\":") != std::string::npos);
    progress_bar bar{.label = "demo"};
    run_status status;
    status.completed = 10;
    status.planned = 20;
    status.loss = 0.5;
    CHECK(bar.line(status).find("demo [###############...............] 10/20 rounds  loss 0.5") == 0);
}
