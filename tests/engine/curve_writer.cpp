#include <frugal/engine/curve_writer.hpp>

#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "catch.hpp"
#include "scratch_directory.hpp"

using namespace frugal;

namespace {

const std::string header = "round,loss,payload_bits,wire_bytes,network_seconds,compute_seconds,codec_seconds,seconds";

run_status status_of(std::uint64_t completed, double loss) {
    run_status s;
    s.completed = completed;
    s.loss = loss;
    s.sent = {1, 100 * completed, 20 * completed};
    s.network_seconds = 0.5;
    s.seconds = 1.25;
    return s;
}

}  // namespace

TEST_CASE("csv_writer: a row every so many rounds and one at the end; a metric where it is new",
          "[engine][curve_writer][exact]") {
    const test::scratch_directory dir;
    csv_writer w{dir.path + "/c.csv", 2, {"accuracy", "unknown"}};
    w.start(status_of(0, 0));
    run_status s = status_of(1, 4);
    s.record("accuracy", 0.5);
    w(s);
    s.completed = 2;
    w(s);
    s.completed = 3;
    w(s);
    s.completed = 4;
    s.loss = std::numeric_limits<double>::quiet_NaN();
    w(s);
    s.completed = 5;
    s.record("accuracy", 0.75);
    w.finish(s);
    w.finish(s);
    CHECK(detail::row_file::lines_of(w.path) ==
          std::vector<std::string>{header + ",accuracy,unknown", "2,4,100,20,0.5,0,0,1.25,0.5,",
                                   "4,,100,20,0.5,0,0,1.25,,", "5,,100,20,0.5,0,0,1.25,0.75,"});
}

TEST_CASE("json_lines_writer: an object for each row, names quoted", "[engine][curve_writer][exact]") {
    const test::scratch_directory dir;
    json_lines_writer w{dir.path + "/c.jsonl"};
    w.start(status_of(0, 0));
    run_status s = status_of(1, std::numeric_limits<double>::infinity());
    s.record("a \"b\"\\\n", 0.5);
    w(s);
    CHECK(detail::row_file::lines_of(w.path) ==
          std::vector<std::string>{
              R"({"round":1,"loss":null,"payload_bits":100,"wire_bytes":20,"network_seconds":0.5,"compute_seconds":0,)"
              R"("codec_seconds":0,"seconds":1.25,"a \"b\"\\\u000a":0.5})"});
}

TEST_CASE("curve writers: a resumed run keeps whole rows up to where it resumes", "[engine][curve_writer]") {
    const test::scratch_directory dir;
    csv_writer w{dir.path + "/c.csv"};
    json_lines_writer j{dir.path + "/c.jsonl"};
    std::ofstream(w.path) << "nonsense\n1,a\n2,b\n3,c\n4,torn";
    std::ofstream(j.path) << "{\"round\":1}\n{\"round\":2}\n\n{\"round\":3}\n{\"round\":2";
    w.start(status_of(2, 0));
    j.start(status_of(2, 0));
    CHECK(detail::row_file::lines_of(w.path) == std::vector<std::string>{header, "1,a", "2,b"});
    CHECK(detail::row_file::lines_of(j.path) == std::vector<std::string>{"{\"round\":1}", "{\"round\":2}"});
    w.finish(status_of(2, 0));  // its row is there
    CHECK(detail::row_file::lines_of(w.path).size() == 3);
    csv_writer anew{w.path};
    anew.start(status_of(0, 0));
    CHECK(detail::row_file::lines_of(w.path) == std::vector<std::string>{header});
}

TEST_CASE("curve writers: impossible settings and paths are refused", "[engine][curve_writer][hostile]") {
    const test::scratch_directory dir;
    csv_writer never{dir.path + "/c.csv", 0};
    CHECK_THROWS_AS(never.start(run_status()), invalid_input);
    json_lines_writer none{dir.path + "/c.jsonl", 0};
    CHECK_THROWS_AS(none.start(run_status()), invalid_input);
    csv_writer nowhere{dir.path + "/missing/c.csv"};
    CHECK_THROWS_WITH(nowhere.start(run_status()), test::contains_text("cannot write " + nowhere.path));
    CHECK(detail::row_file::lines_of(nowhere.path).empty());
}
