#include <frugal/kernels/zip.hpp>

#include <vector>

#include "architectures.hpp"
#include "catch.hpp"
#include "values.hpp"

using namespace frugal;

TEST_CASE("zip: every architecture gives the bits of the plain loop", "[kernels][zip][equivalence]") {
    const auto step = [](auto& x, auto& v, const auto& g) {
        using T = std::remove_cvref_t<decltype(x)>;
        v = multiply_add(T(0.9f), v, g);
        x = multiply_add(T(-0.1f), v, x);
    };
    for (const std::size_t n : test::sizes) {
        const auto x0 = test::values(n, 1), v0 = test::values(n, 2), g = test::values(n, 3);
        auto x = x0, v = v0;
        for (std::size_t i = 0; i < n; ++i) {
            step(x[i], v[i], g[i]);
        }
        test::for_each_architecture([&]<class Arch>(Arch) {
            auto y = x0, u = v0;
            kernels::zip<Arch>(n, step, y.data(), u.data(), g.data());
            CHECK(y == x);
            CHECK(u == v);
        });
    }
}

TEST_CASE("zip: touches n elements and nothing behind them", "[kernels][zip]") {
    for (const std::size_t n : test::sizes) {
        std::vector<float> x(n + 20, 1.0f);
        kernels::zip(n, [](auto& a) { a = a + a; }, x.data());
        for (std::size_t i = 0; i < x.size(); ++i) {
            REQUIRE(x[i] == (i < n ? 2.0f : 1.0f));
        }
    }
}
