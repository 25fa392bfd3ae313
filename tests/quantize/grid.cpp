#include <frugal/quantize/grid.hpp>

#include <cmath>
#include <vector>

#include <frugal/kernels/zip.hpp>

#include "catch.hpp"
#include "kernels/architectures.hpp"
#include "kernels/values.hpp"

using namespace frugal;

namespace {

std::vector<float> points(const grid& g) {
    std::vector<float> p;
    for (std::size_t i = 0; i < g.size(); ++i) {
        p.push_back(g[i]);
    }
    return p;
}

}  // namespace

TEST_CASE("grid: values, gaps and names", "[quantize][grid]") {
    CHECK(points(binary_grid()) == std::vector<float>{-1, 1});
    CHECK(points(ternary_grid()) == std::vector<float>{-1, 0, 1});
    CHECK(points(integer_grid(3)) == std::vector<float>{-3, -2, -1, 0, 1, 2, 3});
    CHECK(integer_grid(4).size() == 15);
    CHECK(points(unsigned_grid(2)) == std::vector<float>{0, 1, 2, 3});
    CHECK(points(even_grid(-8, 1, 16)).back() == 7);
    CHECK(points(listed_grid({-4, 0, 1})) == std::vector<float>{-4, 0, 1});
    CHECK(listed_grid({-4, 0, 1}).smallest_gap() == 1);
    CHECK(binary_grid().is_sign());
    CHECK(listed_grid({-0.5f, 0.5f}).is_sign());
    CHECK_FALSE(listed_grid({0, 0.5f}).is_sign());
    CHECK(grid().name() == "binary_grid");
    CHECK(even_grid(-1, 0.5f, 5).name() == "even_grid(first=-1,step=0.5,count=5)");
    CHECK(listed_grid({-4, 0, 1.5f}).name() == "listed_grid(values=[-4,0,1.5])");
}

TEST_CASE("grid: nearest by hand, halfway goes up, NaN stays", "[quantize][grid]") {
    CHECK(binary_grid().nearest(0) == 1);
    CHECK(binary_grid().nearest(-0.0f) == 1);
    CHECK(binary_grid().nearest(-1e-6f) == -1);
    CHECK(integer_grid(4).nearest(2.5f) == 3);
    CHECK(integer_grid(4).nearest(-2.5f) == -2);
    CHECK(integer_grid(4).nearest(100) == 7);
    CHECK(integer_grid(4).nearest(-INFINITY) == -7);
    const grid listed = listed_grid({-4, 0, 1});
    CHECK(listed.nearest(-2) == 0);
    CHECK(listed.nearest(-2.001f) == -4);
    CHECK(listed.nearest(INFINITY) == 1);
    CHECK(std::isnan(listed.nearest(NAN)));
    CHECK(std::isnan(ternary_grid().nearest(NAN)));
}

TEST_CASE("grid: nearest is as near as any value", "[quantize][grid]") {
    for (const grid& g : {binary_grid(), ternary_grid(), integer_grid(4), even_grid(-1, 2.0f / 3, 4),
                          listed_grid({-3, -0.5f, 0, 0.25f, 8})}) {
        for (const float x : test::values(1000, 5)) {
            float least = INFINITY;
            for (const float v : points(g)) {
                least = std::min(least, std::fabs(x - v));
            }
            CHECK(std::fabs(x - g.nearest(x)) <= least * (1 + 1e-6f));
        }
    }
}

TEST_CASE("grid: every architecture gives the bits of the plain loop", "[quantize][grid][equivalence]") {
    for (const grid& g : {binary_grid(), integer_grid(4), even_grid(-1, 2.0f / 3, 4), listed_grid({-3, -0.5f, 8})}) {
        for (const std::size_t n : test::sizes) {
            const auto x = test::values(n, 2);
            std::vector<float> expected(n);
            for (std::size_t i = 0; i < n; ++i) {
                expected[i] = g.nearest(x[i]);
            }
            test::for_each_architecture([&]<class Arch>(Arch) {
                auto y = x;
                g.visit([&](const auto& values) {
                    kernels::zip<Arch>(n, [&](auto& v) { v = nearest(values, v); }, y.data());
                });
                CHECK(y == expected);
            });
        }
    }
}

TEST_CASE("grid: what is no grid is refused", "[quantize][grid][hostile]") {
    CHECK_THROWS_AS(listed_grid({1}), invalid_input);
    CHECK_THROWS_AS(listed_grid({1, 1}), invalid_input);
    CHECK_THROWS_AS(listed_grid({1, -1}), invalid_input);
    CHECK_THROWS_AS(listed_grid({1, NAN}), invalid_input);
    CHECK_THROWS_AS(listed_grid(std::vector<float>(257)), invalid_input);
    CHECK_THROWS_AS(even_grid(0, 0, 2), invalid_input);
    CHECK_THROWS_AS(even_grid(0, 1, 1), invalid_input);
    CHECK_THROWS_AS(even_grid(1e30f, 1, 4), invalid_input);
    CHECK_THROWS_AS(even_grid(NAN, 1, 4), invalid_input);
    CHECK_THROWS_AS(integer_grid(1), invalid_input);
    CHECK_THROWS_AS(unsigned_grid(17), invalid_input);
}
