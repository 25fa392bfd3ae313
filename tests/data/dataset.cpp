#include "catch.hpp"

#include <cstdint>
#include <utility>
#include <vector>

#include <frugal/data/dataset.hpp>

using namespace frugal;

TEST_CASE("dataset: rows, labels, classes; copies share the memory", "[data][dataset]") {
    const dataset d({1, 2, 3, 4, 5, 6}, {2, 0, 1}, 2);
    CHECK(d.size() == 3);
    CHECK(d.dimension() == 2);
    CHECK(d.classes() == 3);
    CHECK(d.row(1)[0] == 3.0f);
    CHECK(d.row(1)[1] == 4.0f);
    CHECK(d.label(2) == 1);
    const dataset copy = d;
    CHECK(copy.features().data() == d.features().data());
    CHECK(dataset({1, 2}, {0, 0}, 1, 10).classes() == 10);
}

TEST_CASE("dataset: an empty one has no samples, also after being moved from", "[data][dataset]") {
    dataset d;
    CHECK(d.empty());
    CHECK(d.classes() == 0);
    dataset e = std::move(d);
    CHECK(d.size() == 0);
    CHECK(e.size() == 0);
}

TEST_CASE("dataset: subset keeps the order asked for and the number of classes", "[data][dataset]") {
    const dataset d({1, 2, 3, 4, 5, 6}, {2, 0, 1}, 2);
    const std::vector<std::uint32_t> samples{2, 0, 2};
    const dataset s = d.subset(samples);
    CHECK(s.size() == 3);
    CHECK(s.classes() == 3);
    CHECK(s.row(0)[1] == 6.0f);
    CHECK(s.row(1)[0] == 1.0f);
    CHECK(s.label(2) == 1);
    const std::vector<std::uint32_t> bad{3};
    CHECK_THROWS_AS(d.subset(bad), invalid_input);
}

TEST_CASE("dataset: sizes and labels that do not fit are refused", "[data][dataset][hostile]") {
    CHECK_THROWS_AS(dataset({1, 2, 3}, {0, 0}, 2), invalid_input);
    CHECK_THROWS_AS(dataset({1, 2, 3, 4, 5}, {0, 0}, 2), invalid_input);
    CHECK_THROWS_AS(dataset({}, {}, 0), invalid_input);
    CHECK_THROWS_WITH(dataset({1, 2}, {0, 7}, 1, 3), "label 7 of sample 1 is not below the number of classes, 3");
    CHECK_THROWS_AS(regression_dataset({1, 2, 3}, {0, 0}, 2), invalid_input);
}
