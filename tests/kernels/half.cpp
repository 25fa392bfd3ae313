#include <frugal/kernels/half.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "architectures.hpp"
#include "catch.hpp"
#include "values.hpp"

namespace half_test {

using namespace frugal;

namespace {

//! By the definition of the format: the value of a half, and the nearest half to a value, both in double.
template <class H>
struct format;
template <>
struct format<float16> {
    static constexpr int fraction = 10, bias = 15, largest_exponent = 30;
};
template <>
struct format<bfloat16> {
    static constexpr int fraction = 7, bias = 127, largest_exponent = 254;
};

template <class H>
double value_of(H h) {
    const int exponent = (h.bits & 0x7FFF) >> format<H>::fraction, fraction = h.bits & ((1 << format<H>::fraction) - 1);
    const double sign = (h.bits & 0x8000) != 0 ? -1 : 1;
    if (exponent > format<H>::largest_exponent) {
        return fraction == 0 ? sign * HUGE_VAL : std::nan("");
    }
    const int hidden = exponent == 0 ? 0 : 1 << format<H>::fraction;
    return sign * std::ldexp(hidden + fraction, std::max(exponent, 1) - format<H>::bias - format<H>::fraction);
}

template <class H>
std::uint16_t nearest(float x) {
    const int fraction = format<H>::fraction;
    const auto sign = static_cast<std::uint16_t>(std::signbit(x) ? 0x8000 : 0);
    const double magnitude = std::fabs(double{x});
    int exponent = -200;  // of zero
    if (magnitude != 0) {
        std::frexp(magnitude, &exponent);  // magnitude is in [2^(exponent - 1), 2^exponent)
    }
    const int unit = std::max(exponent - 1, 1 - format<H>::bias) - fraction;
    const double steps = std::nearbyint(std::ldexp(magnitude, -unit));
    // Counted in the units of its binade, a number's bits are the sum of both.
    const double bits = steps + std::ldexp(std::max(unit + fraction + format<H>::bias - 1, 0), fraction);
    const double largest = ((format<H>::largest_exponent + 1) << fraction) - 1;
    return static_cast<std::uint16_t>(sign | static_cast<int>(std::min(bits, largest)));
}

template <class H, class Arch>
void check_format() {
    std::vector<H> all(1 << 16);
    for (std::size_t i = 0; i < all.size(); ++i) {
        all[i].bits = static_cast<std::uint16_t>(i);
    }
    std::vector<float> floats(all.size());
    kernels::to_floats<Arch>(std::span(all), floats);
    std::vector<H> back(all.size());
    kernels::to_halves<Arch>(floats, std::span(back));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const double expected = value_of(all[i]);
        const bool right = std::isnan(expected)
                               ? std::isnan(floats[i]) && std::isnan(value_of(back[i]))
                               : double{floats[i]} == expected && std::signbit(floats[i]) == std::signbit(expected) &&
                                     back[i].bits == (std::isinf(expected) ? all[i].bits - 1 : all[i].bits);
        wrong += right ? 0 : 1;
    }
    CHECK(wrong == 0);
}

template <class H, class Arch>
void check_rounding() {
    // Halves, the middles between neighbours, and the floats beside both.
    std::vector<float> x;
    for (std::uint32_t i = 0; i < 0x8000; i += 3) {
        const double a = value_of(H{static_cast<std::uint16_t>(i)}), b = value_of(H{static_cast<std::uint16_t>(i + 1)});
        if (std::isfinite(a) && std::isfinite(b)) {
            for (const double v : {a, (a + b) / 2}) {
                const auto f = static_cast<float>(i % 2 == 0 ? v : -v);
                x.insert(x.end(), {f, std::nextafter(f, HUGE_VALF), std::nextafter(f, -HUGE_VALF)});
            }
        }
    }
    const float most = std::numeric_limits<float>::max();
    x.insert(x.end(), {0.0f, -0.0f, most, -most, 65503.9f, 65520.0f, -70000.0f, 1e-8f, 3e-8f, 1e-45f});
    std::vector<H> halves(x.size());
    kernels::to_halves<Arch>(x, std::span(halves));
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        wrong += halves[i].bits == nearest<H>(x[i]) ? 0 : 1;
    }
    CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("half: every number of both formats, and back; infinities become the largest number",
          "[kernels][half][exact]") {
    test::for_each_architecture([](auto arch) {
        check_format<float16, decltype(arch)>();
        check_format<bfloat16, decltype(arch)>();
    });
}

TEST_CASE("half: rounds to the nearest, ties to even, and saturates", "[kernels][half][exact]") {
    test::for_each_architecture([](auto arch) {
        check_rounding<float16, decltype(arch)>();
        check_rounding<bfloat16, decltype(arch)>();
    });
}

TEST_CASE("half: the same bits on every architecture, NaN among them, at every length",
          "[kernels][half][equivalence]") {
    test::for_each_architecture([](auto arch) {
        for (const std::size_t n : test::sizes) {
            auto x = test::values(n, n);
            if (n > 3) {
                x[n / 2] = std::bit_cast<float>(0xFFA12345u);
                x[n - 1] = HUGE_VALF;
            }
            std::vector<float16> halves(n), expected(n);
            kernels::to_halves<decltype(arch)>(x, std::span(halves));
            kernels::to_halves<scalar_arch>(x, std::span(expected));
            REQUIRE(halves == expected);
            std::vector<float> y(n), z(n);
            kernels::to_floats<decltype(arch)>(std::span(halves), y);
            kernels::to_floats<scalar_arch>(std::span(expected), z);
            for (std::size_t i = 0; i < n; ++i) {
                REQUIRE(std::bit_cast<std::uint32_t>(y[i]) == std::bit_cast<std::uint32_t>(z[i]));
            }
        }
    });
}

}  // namespace half_test
