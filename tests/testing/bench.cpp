#include <frugal/testing/bench.hpp>

#include <map>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace frugal;

namespace {

//! Keeps what was run instead of printing it.
struct collecting_reporter : benchmark::BenchmarkReporter {
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& r : runs) {
            for (const auto& [name, counter] : r.counters) {
                found[r.benchmark_name()][name] = counter.value;
            }
        }
    }
    std::map<std::string, std::map<std::string, double>> found;
};

}  // namespace

TEST_CASE("bench: what is registered runs under the names that bench/report reads", "[testing][bench]") {
    using namespace frugal::testing;
    bench_compressor("mine", [] { return identity{}; }, 4000);
    bench_quantizer("rounding", [] { return dithered{.levels = 1}; }, 4000);
    bench_kernel("largest", "-", [](std::span<const float> x) { return x[0]; }, 4000);
    bench_kernel(
        "copy", "-", [](std::span<const float> x, std::span<float> y) { std::ranges::copy(x, y.begin()); }, 4000);
    bench_twin("scalar(nested_dithered(fine=1/3))", 4000);
    std::string name = "bench", filter = "--benchmark_filter=.", brief = "--benchmark_min_time=0.0001";
    std::vector<char*> arguments{name.data(), filter.data(), brief.data()};
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    collecting_reporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    for (const char* expected :
         {"encode/mine/4000", "decode_add/mine/4000", "encode/rounding/4000", "decode_add/rounding/4000",
          "largest/-/4000", "copy/-/4000", "encode/scalar(nested_dithered(fine=1:3))/4000",
          "decode_add/scalar(nested_dithered(fine=1:3))/4000"}) {
        INFO(expected);
        REQUIRE(reporter.found.contains(expected));
        CHECK(reporter.found[expected]["bytes_per_second"] > 0);
    }
    CHECK(reporter.found.size() == 8);
    const double overhead = 8.0 * (message::header_size + message::checksum_size) / 1000;
    CHECK(reporter.found["encode/mine/4000"]["bits_per_element"] == Approx(32 + overhead));
    CHECK(reporter.found["encode/rounding/4000"]["bits_per_element"] == Approx(2 + 0.032 + overhead));
}
