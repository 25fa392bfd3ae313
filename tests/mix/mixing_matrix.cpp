// Spectra of Lin 2022, table 4.2 and appendix 14 (recomputed to six digits), closed forms, and refusals.
#include <frugal/mix/mixing_matrix.hpp>

#include <string>
#include <vector>

#include <frugal/mix/topologies.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(MixingMatrix<mixing_matrix>);
static_assert(!MixingMatrix<int> && !MixingMatrix<std::vector<neighbor>> && !MixingMatrix<std::string>);

TEST_CASE("from_edges: duplicates count once, rows are sorted and include the node", "[mix]") {
    const auto w = from_edges(4, {{2, 0}, {0, 2}, {0, 1}, {3, 0}});
    CHECK(w.edges() == 3);
    CHECK(w.name() == "from_edges(4)");
    const auto row = w.neighbors(0);
    REQUIRE(row.size() == 4);
    CHECK(row[0].node == 0);
    CHECK(row[3].node == 3);
    CHECK(row[0].weight == Approx(0.25));
    CHECK(w.weight(1, 1) == Approx(0.75));
    CHECK(w.weight(1, 2) == 0);
}

TEST_CASE("mixing_matrix: impossible graphs are refused", "[mix][hostile]") {
    CHECK_THROWS_AS(from_edges(0, {}), invalid_input);
    CHECK_THROWS_AS(from_edges(2, {}), invalid_input);
    CHECK_THROWS_AS(from_edges(2, {{0, 2}}), invalid_input);
    CHECK_THROWS_AS(from_edges(2, {{0, 1}, {1, 1}}), invalid_input);
    CHECK_THROWS_AS(from_edges(4, {{0, 1}, {2, 3}}), invalid_input);
    CHECK_THROWS_AS(ring(0), invalid_input);
    CHECK_THROWS_AS(torus(0, 4), invalid_input);
    CHECK_THROWS_AS(torus(std::size_t{1} << 40, std::size_t{1} << 40), invalid_input);
    CHECK_THROWS_AS(complete(0), invalid_input);
}
