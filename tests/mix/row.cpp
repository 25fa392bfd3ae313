#include <frugal/mix/row.hpp>

#include <cstdint>
#include <vector>

#include <frugal/mix/topologies.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("mixing_row: the neighbours by increasing node, without the node itself", "[mix][row]") {
    const auto w = ring(5);
    const mixing_row first(w, 0), last(w, 4);
    CHECK(first.nodes == std::vector<std::uint32_t>{1, 4});
    CHECK(last.nodes == std::vector<std::uint32_t>{0, 3});
    CHECK(first.weights == std::vector<float>(2, static_cast<float>(1.0 / 3)));
    CHECK(first.size() == 2);
    CHECK(mixing_row(ring(1), 0).size() == 0);
    CHECK(mixing_row().size() == 0);
}

TEST_CASE("mixing_row: entries of weight 0 are nobody to talk to", "[mix][row]") {
    const std::vector<double> weights{0.5, 0.5, 0, 0.5, 0.25, 0.25, 0, 0.25, 0.75};
    const auto w = mixing_matrix::from_weights("mine", 3, weights);
    CHECK(mixing_row(w, 0).nodes == std::vector<std::uint32_t>{1});
    CHECK(mixing_row(w, 1).weights == std::vector<float>{0.5f, 0.25f});
}

TEST_CASE("mixing_row: the sum of the rounded weights, with what a float of it loses", "[mix][row][exact]") {
    for (const std::size_t n : {3u, 7u, 30u, 1000u}) {
        const mixing_row row(complete(n), n / 2);
        double sum = 0;
        for (const float weight : row.weights) {
            sum += double(weight);
        }
        REQUIRE(row.size() == n - 1);
        CHECK(row.weight_sum == static_cast<float>(sum));
        CHECK(double(row.weight_sum) + double(row.weight_sum_rest) == Approx(sum).epsilon(1e-14));
    }
}
