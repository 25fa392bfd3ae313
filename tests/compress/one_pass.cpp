// Scale-free quantizers are packed while the norm is measured; the message is that of two passes.

#include <limits>
#include <vector>

#include <frugal/compress/coder/any_coder.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/any_scale.hpp>
#include <frugal/core/random.hpp>
#include <frugal/quantize/sign.hpp>
#include "catch.hpp"

using namespace frugal;

namespace {

std::vector<float> normal_values(std::size_t n) {
    const random_stream stream({.seed = 3});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

//! Another name for mean_abs that cannot be measured piece by piece: forces two passes.
struct two_pass_mean_abs {
    float measure(std::span<const float> x) const { return mean_abs{}.measure(x); }
    std::string name() const { return "mean_abs"; }
};

}  // namespace

TEST_CASE("scalar: one pass writes what two passes write", "[compress][scalar][equivalence]") {
    const random_key key{.seed = 1, .node = 2, .round = 3};
    const auto check = [&](auto coder, const std::vector<float>& x) {
        scalar_compressor one{sign{}, mean_abs{}, coder};
        scalar_compressor two{sign{}, two_pass_mean_abs{}, coder};
        scalar_compressor chosen{sign{}, any_scale(mean_abs{}), any_coder(coder)};
        scalar_compressor chosen_two{sign{}, any_scale(two_pass_mean_abs{}), any_coder(coder)};
        message m1, m2, m3, m4;
        one.compress(x, key, m1);
        two.compress(x, key, m2);
        chosen.compress(x, key, m3);
        chosen_two.compress(x, key, m4);
        REQUIRE(std::ranges::equal(m1.bytes(), m2.bytes()));
        REQUIRE(std::ranges::equal(m1.bytes(), m3.bytes()));
        REQUIRE(std::ranges::equal(m1.bytes(), m4.bytes()));
    };
    for (const auto n : std::initializer_list<std::size_t>{1, 31, 32, 33, 64, 1000, 4096, 4097, 20001}) {
        check(packed{}, normal_values(n));
        check(radix{}, normal_values(n));
        check(packed{}, std::vector<float>(n, -0.0f));
        check(packed{}, std::vector<float>(n, -1e-45f));
    }
}

TEST_CASE("scalar: one pass names the element that is not finite", "[compress][scalar][hostile]") {
    scalar_compressor c{sign{}, mean_abs{}};
    message m;
    for (const auto at : std::initializer_list<std::size_t>{0, 63, 4096, 9999}) {
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
            auto x = normal_values(10000);
            x[at] = bad;
            REQUIRE_THROWS_WITH(c.compress(x, {}, m), test::contains_text("element " + std::to_string(at) + " "));
            REQUIRE(m.empty());
        }
    }
}
