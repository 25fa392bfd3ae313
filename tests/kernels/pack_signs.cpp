#include <frugal/kernels/pack_signs.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "architectures.hpp"
#include "catch.hpp"
#include "values.hpp"

using namespace frugal;

TEST_CASE("pack_signs: a bit for each number, zeros of both signs are +1", "[kernels][pack_signs][exact]") {
    for (const std::size_t n : test::sizes) {
        const auto x = test::values(n, 5);
        test::for_each_architecture([&](auto arch) {
            bit_vector bits(n);
            for (std::uint64_t& word : bits.words()) {
                word = ~std::uint64_t{0};  // what was there is replaced, padding included
            }
            kernels::pack_signs<decltype(arch)>(x, bits);
            CHECK(has_clear_padding(bit_view(bits)));
            std::vector<float> back(n);
            kernels::unpack_signs<decltype(arch)>(bits, back);
            for (std::size_t i = 0; i < n; ++i) {
                REQUIRE(bits[i] == (x[i] >= 0));
                REQUIRE(back[i] == (bits[i] ? 1.0f : -1.0f));
            }
        });
    }
    const std::vector<float> edge{0.0f, -0.0f, std::numeric_limits<float>::quiet_NaN(),
                                  -std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::infinity()};
    std::vector<float> x(64, -1.0f);
    std::copy(edge.begin(), edge.end(), x.begin());
    test::for_each_architecture([&](auto arch) {
        bit_vector bits(64);
        kernels::pack_signs<decltype(arch)>(x, bits);
        CHECK(bits.words()[0] == 0b10011);
    });
}

TEST_CASE("pack_signs: thresholds for each element or for all, of floats and of integers",
          "[kernels][pack_signs][exact]") {
    for (const std::size_t n : test::sizes) {
        const auto x = test::values(n, 6);
        auto threshold = test::values(n, 7);
        std::vector<std::int32_t> number(n);
        std::vector<std::int32_t> bound(n);
        for (std::size_t i = 0; i < n; ++i) {
            threshold[i] = i % 3 == 0 ? x[i] : threshold[i];  // what equals its threshold is +1
            number[i] = static_cast<std::int32_t>(x[i] * 8);
            bound[i] = static_cast<std::int32_t>(threshold[i] * 8);
        }
        test::for_each_architecture([&](auto arch) {
            using architecture = decltype(arch);
            bit_vector bits(n);
            bit_vector integer_bits(n);
            kernels::pack_at_least<float, architecture>(x, threshold, bits);
            kernels::pack_at_least<std::int32_t, architecture>(number, bound, integer_bits);
            for (std::size_t i = 0; i < n; ++i) {
                REQUIRE(bits[i] == (x[i] >= threshold[i]));
                REQUIRE(integer_bits[i] == (number[i] >= bound[i]));
            }
            kernels::pack_at_least<std::int32_t, architecture>(number, -3, integer_bits);
            for (std::size_t i = 0; i < n; ++i) {
                REQUIRE(integer_bits[i] == (number[i] >= -3));
            }
        });
    }
}

TEST_CASE("pack_signs: truth values", "[kernels][pack_signs][exact]") {
    const bool x[] = {true, false, false, true};
    bit_vector bits(4);
    kernels::pack_bools(x, bits);
    CHECK(bits.words()[0] == 0b1001);
}
