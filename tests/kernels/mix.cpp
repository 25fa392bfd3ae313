#include <frugal/kernels/mix.hpp>

#include <span>
#include <vector>

#include "architectures.hpp"
#include "catch.hpp"
#include "values.hpp"

using namespace frugal;

TEST_CASE("mix: by hand, in place too", "[kernels][mix][exact]") {
    const std::vector<float> left{4, 0, -2}, right{0, 8, 2};
    const std::vector<std::span<const float>> neighbors{left, right};
    const std::vector<float> weights{0.5f, 0.25f};
    const std::vector<float> base{2, 4, 0};
    std::vector<float> out{1, 1, 1};
    kernels::mix(out, base, neighbors, weights);
    CHECK(out == std::vector<float>{1.5f, 0, 0.5f});
    auto x = base;
    kernels::mix(x, x, neighbors, weights);
    CHECK(x == std::vector<float>{2.5f, 3, -0.5f});
    kernels::mix(x, x, {}, {});
    CHECK(x == std::vector<float>{2.5f, 3, -0.5f});
}

TEST_CASE("mix: every architecture gives the bits of the scalar loop", "[kernels][mix][equivalence]") {
    const std::vector<float> weights{1.0f / 3, 0.2f, 0.1f};
    for (const std::size_t n : test::sizes) {
        const auto base = test::values(n, 1), start = test::values(n, 2);
        const auto a = test::values(n, 3), b = test::values(n, 4), c = test::values(n, 5);
        const std::vector<std::span<const float>> y{a, b, c};
        auto expected = start, in_place = base;
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t k = 0; k < y.size(); ++k) {
                expected[i] = multiply_add(weights[k], y[k][i] - base[i], expected[i]);
                in_place[i] = multiply_add(weights[k], y[k][i] - base[i], in_place[i]);
            }
        }
        test::for_each_architecture([&]<class Arch>(Arch) {
            auto out = start;
            kernels::mix<Arch>(out, base, y, weights);
            CHECK(out == expected);
            out = base;
            kernels::mix<Arch>(out, out, y, weights);
            CHECK(out == in_place);
        });
    }
}
