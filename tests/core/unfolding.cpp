#include <frugal/core/unfolding.hpp>

#include <cstddef>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("unfolding: every element of the matrix is the image's, for many shapes", "[core][unfolding]") {
    for (const std::size_t kernel : {1u, 2u, 3u, 5u}) {
        for (const std::size_t stride : {1u, 2u, 3u}) {
            for (std::size_t padding = 0; padding < kernel; ++padding) {
                const unfolding u{2, 5, 7, kernel, stride, padding};
                REQUIRE(u.valid());
                CHECK(u.size() == 70);
                CHECK(u.patch() == 2 * kernel * kernel);
                REQUIRE(u.places() == u.output_rows() * u.output_columns());
                std::vector<std::size_t> matrix(u.patch() * u.places(), 0);  // 1 + the index in the image, or 0
                u.for_each_run([&](std::size_t row, std::size_t at, std::size_t n, std::size_t from) {
                    for (std::size_t c = 0; c < n; ++c) {
                        matrix[row * u.places() + at + c] = 1 + from + c * stride;
                    }
                });
                std::size_t wrong = 0;
                for (std::size_t e = 0; e < matrix.size(); ++e) {
                    const std::size_t row = e / u.places(), place = e % u.places();
                    const std::size_t k = row / (kernel * kernel);
                    const std::size_t i = place / u.output_columns() * stride + row / kernel % kernel;
                    const std::size_t j = place % u.output_columns() * stride + row % kernel;
                    const bool inside = i >= padding && i < 5 + padding && j >= padding && j < 7 + padding;
                    wrong += matrix[e] != (inside ? 1 + (k * 5 + i - padding) * 7 + j - padding : 0) ? 1 : 0;
                }
                CHECK(wrong == 0);
            }
        }
    }
}

TEST_CASE("unfolding: shapes that cannot be are not valid", "[core][unfolding]") {
    CHECK(unfolding{1, 3, 3, 3, 1, 0}.valid());
    CHECK(unfolding{1, 1, 1, 3, 1, 1}.valid());
    CHECK(!unfolding{0, 3, 3, 3, 1, 0}.valid());
    CHECK(!unfolding{1, 2, 3, 3, 1, 0}.valid());
    CHECK(!unfolding{1, 3, 2, 3, 1, 0}.valid());
    CHECK(!unfolding{1, 3, 3, 0, 1, 0}.valid());
    CHECK(!unfolding{1, 3, 3, 3, 0, 0}.valid());
    CHECK(!unfolding{1, 3, 3, 3, 1, 3}.valid());
}
