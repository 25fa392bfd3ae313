#include <frugal/engine/progress.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("progress_bar: the line of a run with an end and of one without", "[engine][progress][exact]") {
    run_status s;
    s.completed = 10;
    s.planned = 20;
    s.loss = 0.5;
    CHECK(progress_bar{.label = "demo"}.line(s) ==
          "demo [###############...............] 10/20 rounds  loss 0.5  0 Mbit sent  0.0 s");
    s.record("accuracy", 0.875);
    s.sent.payload_bits = 2'500'000;
    s.seconds = 61.25;
    CHECK(progress_bar{.width = 4}.line(s) == "[##..] 10/20 rounds  loss 0.5  accuracy 0.875  2.5 Mbit sent  61.2 s");
    s.completed = 30;  // a resumed run may be past its plan
    CHECK(progress_bar{.width = 4}.line(s).find("[####] 30/20 rounds") == 0);
    run_status endless;
    endless.completed = 7;
    CHECK(progress_bar{}.line(endless) == "7 rounds  0 Mbit sent  0.0 s");
}

TEST_CASE("progress_bar: a metric's name of any length fits", "[engine][progress][hostile]") {
    run_status s;
    s.record(std::string(10'000, 'x'), 1);
    CHECK(progress_bar{}.line(s).find("  " + std::string(60, 'x') + " 1  ") != std::string::npos);
}
