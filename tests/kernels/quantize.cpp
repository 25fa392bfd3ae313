#include <algorithm>
#include <cstring>
#include <vector>

#include <frugal/kernels/norms.hpp>
#include <frugal/kernels/quantize.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/natural.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>
#include "architectures.hpp"
#include "catch.hpp"
#include "values.hpp"

namespace kernels = frugal::kernels;
using frugal::scalar_arch;

namespace {

//! A user's quantizer that knows float only, and one with value and index of different kinds.
struct float_only {
    frugal::alphabet symbols() const { return {-3, 4}; }
    float index(float x, float u) const { return std::floor(x + u); }
    float value(float i) const { return i + 0.25f; }
};
struct plain_rounding {
    int lowest;
    int highest;
    frugal::alphabet symbols() const { return {lowest, highest}; }
    template <class T>
    T index(const T& x) const {
        return frugal::round_half_up(x);
    }
    template <class T>
    T value(const T& i) const {
        return i;
    }
};
struct decoder_dither_only {
    frugal::alphabet symbols() const { return {0, 7}; }
    template <class T>
    T index(const T& x) const {
        return frugal::round_half_up(x);
    }
    template <class T>
    T value(const T& i, const T& u) const {
        return i + T(frugal::rounded(T(u * T(0.3f))));
    }
};
static_assert(frugal::Quantizer<float_only> && frugal::Quantizer<decoder_dither_only>);

//! quantize, reconstruct and reconstruct_add of coordinates first.. of a message.
template <class Arch, class Symbol, class Q>
struct round_trip {
    std::vector<Symbol> symbols;
    std::vector<float> y, acc;

    round_trip(const Q& q, const std::vector<float>& x, std::uint64_t first) : symbols(x.size()), y(x.size()), acc(x) {
        const frugal::random_stream dither({.seed = 5, .node = 1, .round = 2, .purpose = 3});
        const float step = std::max(kernels::max_abs<scalar_arch>(x), 1e-30f) / frugal::range_of(q);
        kernels::quantize<Arch>(q, x, 1.0f / step, dither, first, symbols.data());
        kernels::reconstruct<Arch>(q, symbols.data(), step, dither, first, y);
        kernels::reconstruct_add<Arch>(q, symbols.data(), 0.7f, dither, first, acc);
    }
    template <class Other>
    bool same_bits(const Other& o) const {
        const auto same = [](const auto& a, const auto& b) {
            return a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof a[0]) == 0;
        };
        return same(symbols, o.symbols) && same(y, o.y) && same(acc, o.acc);
    }
};

template <class Symbol, class Q>
void check(const Q& q) {
    for (const std::size_t n : test::sizes) {
        for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{63}, std::uint64_t{640},
                                          (std::uint64_t{1} << 34) - 64, (std::uint64_t{1} << 34) - 5}) {
            const auto x = test::values(n, n);
            const round_trip<scalar_arch, Symbol, Q> expected(q, x, first);
            for (const Symbol s : expected.symbols) {
                REQUIRE(s < q.symbols().size());
            }
            test::for_each_architecture([&](auto arch) {
                using Arch = decltype(arch);
                CAPTURE(Arch::name(), n, first);
                REQUIRE(round_trip<Arch, Symbol, Q>(q, x, first).same_bits(expected));
            });
        }
    }
}

}  // namespace

TEST_CASE("quantize: the scalar loop is the definition", "[kernels][quantize][exact]") {
    const frugal::dithered q{.levels = 3};
    const frugal::random_stream dither({.seed = 5});
    const auto x = test::values(200, 9);
    std::vector<std::uint8_t> symbols(x.size());
    std::vector<float> y(x.size());
    kernels::quantize<scalar_arch>(q, x, 0.1f, dither, 70, symbols.data());
    kernels::reconstruct<scalar_arch>(q, symbols.data(), 10.0f, dither, 70, y);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const float u = dither.centered(70 + i);
        const float index = std::clamp(q.index(x[i] * 0.1f, u), -3.0f, 3.0f);
        REQUIRE(symbols[i] == static_cast<int>(index) + 3);
        REQUIRE(y[i] == 10.0f * q.value(index, u));
    }
}

TEST_CASE("quantize: dither of 16 bits is `centered_16`", "[kernels][quantize][exact]") {
    const frugal::dithered q{.levels = 3, .bits = frugal::dither_bits::sixteen};
    const frugal::random_stream dither({.seed = 5});
    const auto x = test::values(400, 9);
    std::vector<std::uint8_t> symbols(x.size());
    std::vector<float> y(x.size());
    kernels::quantize<scalar_arch>(q, x, 0.1f, dither, 70, symbols.data());
    kernels::reconstruct<scalar_arch>(q, symbols.data(), 10.0f, dither, 70, y);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const float u = dither.centered_16(70 + i);
        const float index = std::clamp(q.index(x[i] * 0.1f, u), -3.0f, 3.0f);
        REQUIRE(symbols[i] == static_cast<int>(index) + 3);
        REQUIRE(y[i] == 10.0f * q.value(index, u));
    }
}

TEST_CASE("quantize: every architecture gives the bits of the scalar loops", "[kernels][quantize][equivalence]") {
    check<std::uint8_t>(frugal::dithered{.levels = 1});
    check<std::uint8_t>(frugal::dithered{.levels = 127});
    check<std::uint8_t>(frugal::nested_dithered{.fine = 1.0 / 3, .coarse = 1, .shrink = 0.75});
    check<std::uint8_t>(frugal::stochastic{.levels = 4});
    check<std::uint8_t>(frugal::dithered{.levels = 1, .bits = frugal::dither_bits::sixteen});
    check<std::uint8_t>(frugal::stochastic{.levels = 4, .bits = frugal::dither_bits::sixteen});
    check<std::uint8_t>(frugal::ternary{});
    check<std::uint8_t>(frugal::sign{});
    check<std::uint8_t>(frugal::natural{});
    check<std::uint8_t>(float_only{});
    check<std::uint8_t>(decoder_dither_only{});
}

TEST_CASE("quantize: coordinates far beyond the alphabet clip, wherever the alphabet lies",
          "[kernels][quantize][exact]") {
    const std::vector<float> extremes{1e38f, -1e38f, 3e9f, -3e9f, 70000.0f, -70000.0f, 300.0f, -300.0f, 0.0f, 1.0f};
    std::vector<float> x;
    for (std::size_t i = 0; i < 200; ++i) {
        x.push_back(extremes[i * 7 % extremes.size()]);
    }
    const auto check_range = [&](int lowest, int highest) {
        const plain_rounding q{lowest, highest};
        test::for_each_architecture([&](auto arch) {
            using Arch = decltype(arch);
            CAPTURE(Arch::name(), lowest, highest);
            std::vector<std::uint8_t> symbols(x.size());
            kernels::quantize<Arch>(q, x, 1.0f, frugal::random_stream({}), 0, symbols.data());
            for (std::size_t i = 0; i < x.size(); ++i) {
                const double index = std::clamp(double(x[i]), double(lowest), double(highest));
                REQUIRE(symbols[i] == static_cast<int>(index) - lowest);
            }
        });
    };
    check_range(-1, 1);
    check_range(-128, 127);
    check_range(0, 255);
    check_range(5, 260);
    check_range(-300, -290);
    check_range(32700, 32767);
    check_range(-32768, -32768 + 255);
    check_range(32700, 32800);
    check_range(-69000, -68900);
}

TEST_CASE("quantize: alphabets of more than a byte", "[kernels][quantize][equivalence]") {
    check<std::uint32_t>(frugal::dithered{.levels = 1000});
    check<std::uint32_t>(frugal::dithered{.levels = 1000, .bits = frugal::dither_bits::sixteen});
    check<std::uint32_t>(float_only{});
}

TEST_CASE("quantize: what is no number becomes the highest symbol on every architecture",
          "[kernels][quantize][exact]") {
    const frugal::nested_dithered overflowing{.fine = 0.25, .coarse = 1, .shrink = 0.7};  // inf - inf
    const std::vector<float> x(200, 3e38f);
    test::for_each_architecture([&](auto arch) {
        using Arch = decltype(arch);
        CAPTURE(Arch::name());
        std::vector<std::uint8_t> bytes(x.size());
        kernels::quantize<Arch>(overflowing, x, 1e3f, frugal::random_stream({}), 0, bytes.data());
        CHECK(bytes == std::vector<std::uint8_t>(x.size(), 3));
        std::vector<std::uint32_t> words(x.size());
        kernels::quantize<Arch>(overflowing, x, 1e3f, frugal::random_stream({}), 0, words.data());
        CHECK(words == std::vector<std::uint32_t>(x.size(), 3));
    });
}

TEST_CASE("quantize_with_feedback: the bits of quantize and reconstruct_add, wherever it begins",
          "[kernels][quantize]") {
    const auto check = [](const auto& q) {
        const frugal::random_stream dither({.seed = 5, .round = 2});
        for (const std::size_t n : {1u, 63u, 64u, 200u}) {
            for (const std::uint64_t first : {0u, 64u, 70u}) {
                for (const float step : {0.0f, 0.5f}) {
                    const frugal::random_stream values({.seed = n});
                    std::vector<float> x(n), r(n), z(n);
                    for (std::size_t i = 0; i < n; ++i) {
                        x[i] = values.normal(i);
                        r[i] = values.normal(n + i);
                        z[i] = x[i] + r[i];
                    }
                    std::vector<std::uint8_t> expected(n), symbols(n);
                    kernels::quantize(q, z, step > 0 ? 1 / step : 0.0f, dither, first, expected.data());
                    kernels::reconstruct_add(q, expected.data(), -step, dither, first, std::span(z));
                    kernels::quantize_with_feedback(q, x, step, dither, first, symbols.data(), std::span(r));
                    CHECK(symbols == expected);
                    CHECK(std::memcmp(r.data(), z.data(), n * sizeof(float)) == 0);
                }
            }
        }
    };
    check(frugal::dithered{.levels = 2});
    check(frugal::dithered{.levels = 2, .bits = frugal::dither_bits::sixteen});
    check(frugal::stochastic{.levels = 2});
    check(frugal::sign{});
    check(float_only{});
    check(decoder_dither_only{});
}
