#include <frugal/engine/observers.hpp>

#include <string>

#include <frugal/engine/tbb_engine.hpp>

#include "catch.hpp"
#include "scratch_directory.hpp"
#include "test_nodes.hpp"

using namespace frugal;
using test::ring_of;

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
}
