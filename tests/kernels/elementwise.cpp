#include <cstring>
#include <vector>

#include <frugal/kernels/elementwise.hpp>
#include "architectures.hpp"
#include "catch.hpp"
#include "values.hpp"

namespace kernels = frugal::kernels;

namespace {

bool same(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

}  // namespace

TEST_CASE("elementwise: the bits of plain loops on every architecture", "[kernels][elementwise][equivalence]") {
    test::for_each_architecture([](auto arch) {
        using Arch = decltype(arch);
        CAPTURE(Arch::name());
        for (const std::size_t n : test::sizes) {
            CAPTURE(n);
            const auto x = test::values(n, 2 * n + 1);
            const auto y = test::values(n, 2 * n + 2);
            std::vector<float> sum(n), scaled(n), accumulated = y;
            std::vector<float> expected_sum(n), expected_scaled(n), expected_accumulated(n);
            for (std::size_t i = 0; i < n; ++i) {
                expected_sum[i] = x[i] + y[i];
                expected_scaled[i] = x[i] * 0.3f;
                const volatile float product = 0.3f * x[i];  // rounded before the addition
                expected_accumulated[i] = product + y[i];
            }
            kernels::add<Arch>(x, y, sum);
            kernels::scale<Arch>(0.3f, x, scaled);
            kernels::axpy<Arch>(0.3f, x, accumulated);
            CHECK(same(sum, expected_sum));
            CHECK(same(scaled, expected_scaled));
            CHECK(same(accumulated, expected_accumulated));
            kernels::add<Arch>(sum, y, sum);
            kernels::add<frugal::scalar_arch>(expected_sum, y, expected_sum);
            CHECK(same(sum, expected_sum));
        }
    });
}

TEST_CASE("mean_of: the bits of adding one vector after another", "[kernels][elementwise][equivalence]") {
    test::for_each_architecture([](auto arch) {
        using Arch = decltype(arch);
        CAPTURE(Arch::name());
        for (const std::size_t n : test::sizes) {
            for (const auto vectors : std::initializer_list<std::size_t>{1, 2, 7}) {
                std::vector<std::vector<float>> x;
                std::vector<const float*> rows;
                std::vector<float> expected(n, 0.0f);
                for (std::size_t v = 0; v < vectors; ++v) {
                    x.push_back(test::values(n, 100 * n + v));
                    kernels::axpy<frugal::scalar_arch>(1.0f, x.back(), expected);
                }
                for (const auto& v : x) {
                    rows.push_back(v.data());
                }
                kernels::scale<frugal::scalar_arch>(1.0f / static_cast<float>(vectors), expected, expected);
                std::vector<float> out(n);
                kernels::mean_of<Arch>(rows, out);
                REQUIRE(same(out, expected));
            }
        }
    });
}
