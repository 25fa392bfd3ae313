#include <frugal/quantize/minifloat.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/core/random.hpp>
#include <frugal/kernels/quantize.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(Quantizer<minifloat>);
static_assert(minifloat{}.symbols() == alphabet{-7, 7} && minifloat{4, 3}.symbols() == alphabet{-126, 126} &&
              minifloat{5, 2}.symbols() == alphabet{-123, 123} && minifloat{3, 2}.symbols() == alphabet{-31, 31});

namespace {

//! The number of a code, as the formats define it.
double defined(const minifloat& f, int code) {
    const int exponent = code >> f.mantissa_bits;
    const int mantissa = code & ((1 << f.mantissa_bits) - 1);
    const int bias = (1 << (f.exponent_bits - 1)) - 1;
    const double fraction = std::ldexp(static_cast<double>(mantissa), -f.mantissa_bits);
    return exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias);
}

}  // namespace

TEST_CASE("minifloat: the numbers of the formats", "[quantize][minifloat][exact]") {
    const std::vector<float> e2m1{0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
    for (std::size_t c = 0; c < e2m1.size(); ++c) {
        CHECK(minifloat{}.value(static_cast<float>(c)) == e2m1[c]);
        CHECK(minifloat{}.value(-static_cast<float>(c)) == -e2m1[c]);
    }
    CHECK(minifloat{2, 3}.largest() == 7.5f);
    CHECK(minifloat{3, 2}.largest() == 28);
    CHECK(minifloat{4, 3}.largest() == 448);
    CHECK(minifloat{5, 2}.largest() == 57344);
    CHECK(minifloat{4, 3}.smallest() == std::ldexp(1.0f, -9));
    CHECK(minifloat{5, 2}.smallest() == std::ldexp(1.0f, -16));
    for (const minifloat& f : {minifloat{2, 1}, minifloat{2, 3}, minifloat{3, 2}, minifloat{4, 3}, minifloat{5, 2}}) {
        for (int code = -f.last_code(); code <= f.last_code(); ++code) {
            const float v = f.value(static_cast<float>(code));
            CHECK(double(v) == (code < 0 ? -defined(f, -code) : defined(f, code)));
            for (const float u : {-0.499f, 0.0f, 0.499f}) {  // a number of the format is kept
                CHECK(f.index(v, u) == static_cast<float>(code));
            }
        }
    }
    for (const auto& [e, m] : {std::pair{2, 2}, std::pair{3, 1}, std::pair{3, 3}, std::pair{4, 2}, std::pair{5, 3}}) {
        CHECK_THROWS_AS((minifloat{e, m}.validate()), invalid_input);
    }
}

TEST_CASE("minifloat: goes to one of the two neighbours, so that the mean is x and the variance at most its bound",
          "[quantize][minifloat][statistical]") {
    const random_stream u(random_key{.seed = 5});
    for (const minifloat& f : {minifloat{2, 1}, minifloat{4, 3}, minifloat{5, 2}}) {
        for (const double part : {0.0003, 0.01, 0.17, -0.4, 0.62, -0.97}) {
            const auto x = static_cast<float>(part * double(f.largest()));
            int below = 0;
            while (below < f.last_code() && f.value(static_cast<float>(below + 1)) <= std::fabs(x)) {
                ++below;
            }
            const double low = defined(f, below);
            const double high = defined(f, below + 1);
            test::moments mean, squared;
            const int draws = 20000;
            for (int i = 0; i < draws; ++i) {
                const float v = f.value(f.index(x, u.centered(static_cast<std::uint64_t>(i))));
                REQUIRE((std::fabs(double(v)) == low || std::fabs(double(v)) == high));
                mean.add(v);
                squared.add((double(v) - double(x)) * (double(v) - double(x)));
            }
            CAPTURE(f.name(), x);
            CHECK(mean.z_of(double(x)) < test::z_limit);
            const double variance = (std::fabs(double(x)) - low) * (high - std::fabs(double(x)));
            CHECK(squared.z_of(variance) < test::z_limit);
            CHECK(variance <= f.step_variance());
            CHECK(variance <= std::pow(4.0, -f.mantissa_bits - 1) * double(x) * double(x) +
                                  double(f.smallest()) * double(f.smallest()) / 4);
        }
    }
}

TEST_CASE("minifloat: one by one and in vectors, the same symbols and values", "[quantize][minifloat][equivalence]") {
    const std::size_t d = 1000;
    const random_stream u(random_key{.seed = 1});
    for (const minifloat& f : {minifloat{2, 1}, minifloat{4, 3}, minifloat{5, 2}}) {
        std::vector<float> x = test::normal_vector(d, 2), y(d), expected(d);
        std::vector<std::uint8_t> symbols(d), one_by_one(d);
        const float inverse = f.largest() / 5;
        kernels::quantize(f, x, inverse, u, 0, symbols.data());
        kernels::quantize<scalar_arch>(f, x, inverse, u, 0, one_by_one.data());
        CHECK(symbols == one_by_one);
        kernels::reconstruct(f, symbols.data(), 0.1f, u, 0, std::span<float>(y));
        kernels::reconstruct<scalar_arch>(f, symbols.data(), 0.1f, u, 0, std::span<float>(expected));
        CHECK(y == expected);
    }
}
