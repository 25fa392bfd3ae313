#include <frugal/kernels/sign_dot.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/core/random.hpp>

#include "architectures.hpp"
#include "catch.hpp"
#include "values.hpp"

using namespace frugal;

TEST_CASE("sign_dot: the textbook sum, and the same bits on every architecture", "[kernels][sign_dot][equivalence]") {
    const random_stream coins({.seed = 8, .purpose = purposes::user});
    for (const std::size_t n : test::sizes) {
        const auto w = test::values(n, 11);
        std::vector<float> s(n);
        double expected = 0;
        double magnitude = 0;
        for (std::size_t i = 0; i < n; ++i) {
            s[i] = coins.word(i) % 2 == 0 ? 1.0f : -1.0f;
            expected += double(w[i]) * double(s[i]);
            magnitude += std::fabs(double(w[i]));
        }
        const float reference = kernels::sign_dot<scalar_arch>(w.data(), s.data(), n);
        CHECK(std::fabs(double(reference) - expected) <= 1e-5 * magnitude);
        test::for_each_architecture([&](auto arch) {
            const float sum = kernels::sign_dot<decltype(arch)>(w.data(), s.data(), n);
            CHECK(std::bit_cast<std::uint32_t>(sum) == std::bit_cast<std::uint32_t>(reference));
        });
    }
}
