#include "catch.hpp"

#include <cstddef>
#include <vector>

#include <frugal/core/random.hpp>
#include <frugal/kernels/linear.hpp>

using namespace frugal;

namespace {

std::vector<float> normals(std::size_t n, std::uint32_t purpose) {
    const random_stream stream({.seed = 11, .node = 0, .round = 0, .purpose = purpose});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

}  // namespace

TEST_CASE("dot: 16 lanes and a fixed tree, for every length", "[kernels][linear]") {
    for (const std::size_t n : {0u, 1u, 2u, 15u, 16u, 17u, 31u, 32u, 33u, 784u, 1001u}) {
        const auto x = normals(n, 1);
        const auto y = normals(n, 2);
        double lane[16] = {};
        for (std::size_t i = 0; i < n; ++i) {
            lane[i % 16] += double(x[i]) * double(y[i]);
        }
        for (std::size_t width = 8; width > 0; width /= 2) {
            for (std::size_t l = 0; l < width; ++l) {
                lane[l] += lane[l + width];
            }
        }
        CHECK(kernels::dot(x.data(), y.data(), n) == lane[0]);
    }
}

TEST_CASE("add_weighted_rows: adds row after row to what is there, for every length", "[kernels][linear]") {
    for (const std::size_t n : {0u, 1u, 31u, 63u, 64u, 65u, 200u}) {
        for (const std::size_t rows : {0u, 1u, 7u}) {
            const auto x = normals(n * rows, 3);
            const auto weights = normals(3 * rows, 4);
            std::vector<const float*> row(rows);
            std::vector<double> expected(n, 0.25);
            for (std::size_t r = 0; r < rows; ++r) {
                row[r] = x.data() + r * n;
                for (std::size_t j = 0; j < n; ++j) {
                    expected[j] += double(weights[3 * r]) * double(x[r * n + j]);
                }
            }
            std::vector<double> sum(n, 0.25);
            kernels::add_weighted_rows(row.data(), rows, weights.data(), 3, sum.data(), n);
            CHECK(sum == expected);
        }
    }
}
