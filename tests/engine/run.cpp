// What observers see and may do, and what becomes of their failures.
#include <frugal/engine/run.hpp>

#include <string>

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
