#include <frugal/kernels/low_rank.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "statistics.hpp"

namespace kernels = frugal::kernels;

TEST_CASE("low_rank kernels: products by hand, with a short last row", "[kernels][low_rank][exact]") {
    const std::vector<float> m{1, 2, 3, 4, 5};  // two rows of three; the last number is missing
    const std::vector<float> q{1, 0, 2, 0, 1, -1};
    std::vector<float> p(4);
    kernels::multiply_by_columns(m, 3, q, 2, p);
    CHECK(p == std::vector<float>{7, 4, -1, 5});
    std::vector<float> back(6);
    kernels::multiply_transposed_by_columns(m, 3, p, 2, back);
    CHECK(back == std::vector<float>{23, 34, 21, 19, 23, -3});
    std::vector<float> sum{1, 1, 1, 1, 1};
    kernels::add_outer_product(2, p, q, 2, 3, sum);
    CHECK(sum == std::vector<float>{15, -1, 31, 9, 11});
}

TEST_CASE("orthonormalize: unit columns at right angles; what adds nothing becomes zero", "[kernels][low_rank]") {
    const std::size_t rows = 50;
    auto p = test::normal_vector(3 * rows, 1);
    for (std::size_t i = 0; i < rows; ++i) {
        p[2 * rows + i] = p[i] - 2 * p[rows + i];
    }
    kernels::orthonormalize(p, 3);
    for (std::size_t j = 0; j < 3; ++j) {
        for (std::size_t k = 0; k < 3; ++k) {
            const double product = kernels::dot(p.data() + j * rows, p.data() + k * rows, rows);
            CHECK(std::fabs(product - (j == k && j < 2 ? 1 : 0)) < 1e-5);
        }
    }
    std::vector<float> tiny(4, 1e-42f);
    kernels::orthonormalize(tiny, 1);
    CHECK(tiny == std::vector<float>(4, 0.0f));
}
