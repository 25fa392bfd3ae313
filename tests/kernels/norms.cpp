#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include <frugal/kernels/norms.hpp>
#include "architectures.hpp"
#include "catch.hpp"
#include "values.hpp"

namespace kernels = frugal::kernels;
using frugal::scalar_arch;

TEST_CASE("norms: hand-computed", "[kernels][norms][exact]") {
    test::for_each_architecture([](auto arch) {
        using Arch = decltype(arch);
        CAPTURE(Arch::name());
        const std::vector<float> x{3, -4, 0, -0.0f, 12};
        CHECK(kernels::max_abs<Arch>(x) == 12);
        CHECK(kernels::sum_abs<Arch>(x) == 19);
        CHECK(kernels::sum_squares<Arch>(x) == 169);
        CHECK(kernels::max_abs<Arch>({}) == 0);
        CHECK(kernels::sum_abs<Arch>({}) == 0);
        CHECK(kernels::sum_squares<Arch>({}) == 0);
        std::vector<float> large(40, 3e38f);
        CHECK(kernels::sum_squares<Arch>(large) == 40 * (double(3e38f) * double(3e38f)));
    });
}

TEST_CASE("norms: every architecture gives the bits of the scalar loops", "[kernels][norms][equivalence]") {
    test::for_each_architecture([](auto arch) {
        using Arch = decltype(arch);
        CAPTURE(Arch::name());
        for (const std::size_t n : test::sizes) {
            const auto x = test::values(n, n);
            CAPTURE(n);
            CHECK(kernels::max_abs<Arch>(x) == kernels::max_abs<scalar_arch>(x));
            CHECK(kernels::sum_abs<Arch>(x) == kernels::sum_abs<scalar_arch>(x));
            CHECK(kernels::sum_squares<Arch>(x) == kernels::sum_squares<scalar_arch>(x));
        }
    });
}

TEST_CASE("lane_sum: the cuts of a vector do not change its norm", "[kernels][norms][equivalence]") {
    test::for_each_architecture([](auto arch) {
        using Arch = decltype(arch);
        const auto x = test::values(1000, 1);
        kernels::lane_sum<kernels::square, Arch> sum;
        const std::span<const float> all(x);
        sum.add(all.subspan(0, 64));
        sum.add(all.subspan(64, 0));
        sum.add(all.subspan(64, 16));
        sum.add(all.subspan(80));
        CHECK(sum.result() == kernels::sum_squares<scalar_arch>(x));
    });
}

TEST_CASE("norms: of short rows, whose elements with the same i mod 4 are added first", "[kernels][norms][exact]") {
    test::for_each_architecture([](auto arch) {
        CAPTURE(decltype(arch)::name());
        for (const std::size_t d : {1u, 3u, 4u, 7u, 8u, 16u, 21u}) {
            const auto rows = test::values(d * 37, d);
            std::vector<double> norms(37);
            kernels::norms_of_rows<decltype(arch)>(rows, d, norms);
            for (std::size_t r = 0; r < norms.size(); ++r) {
                double sum[4] = {};
                for (std::size_t i = 0; i < d; ++i) {
                    sum[i % 4] += double(rows[r * d + i]) * double(rows[r * d + i]);
                }
                REQUIRE(norms[r] == std::sqrt((sum[0] + sum[1]) + (sum[2] + sum[3])));
            }
        }
    });
}

TEST_CASE("norms: one element that is not finite shows, wherever it is", "[kernels][norms][hostile]") {
    test::for_each_architecture([](auto arch) {
        using Arch = decltype(arch);
        CAPTURE(Arch::name());
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN(),
                                std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
            for (const auto n : std::initializer_list<std::size_t>{1, 33, 200}) {
                for (std::size_t at = 0; at < n; ++at) {
                    auto x = test::values(n, 2);
                    x[at] = bad;
                    const std::size_t seen = (std::isfinite(kernels::max_abs<Arch>(x)) ? 0u : 1u) +
                                             (std::isfinite(kernels::sum_abs<Arch>(x)) ? 0u : 1u) +
                                             (std::isfinite(kernels::sum_squares<Arch>(x)) ? 0u : 1u);
                    REQUIRE(seen == 3);
                    REQUIRE(kernels::first_nonfinite(x) == at);
                }
            }
        }
    });
}
