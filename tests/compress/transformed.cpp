#include <frugal/compress/transformed.hpp>

#include <cmath>
#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/contractive.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

std::vector<float> one_hot(std::size_t d) {
    std::vector<float> x(d, 0.0f);
    x[d / 3] = 5;
    return x;
}

auto rotated(int levels, std::size_t n) {
    return transformed{hadamard{.size = n}, scalar_compressor{dithered{.levels = levels}, bucketed{max_norm{}, n}}};
}

template <class C>
test::moments relative_error(C& c, std::span<const float> x, std::uint64_t rounds) {
    test::moments error;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        const auto y = sample::round_trip(c, x, {.seed = 2, .round = round});
        error.add(sample::squared_distance(x, y) / sample::squared_norm(x));
    }
    return error;
}

}  // namespace

static_assert(Compressor<decltype(rotated(1, 64))> && decltype(rotated(1, 64))::unbiased);
static_assert(SideInformationCompressor<transformed<hadamard, scalar_compressor<nested_dithered>>>);
static_assert(!SideInformationCompressor<transformed<hadamard, identity>>);

TEST_CASE("transformed: laws of a rotation are those of its compressor, or better", "[compress][transformed]") {
    const auto c = rotated(3, 256);
    const laws l = laws_of(c, 1024);
    CHECK(l.unbiased);
    CHECK(l.variance.value() == Approx(256.0 / (12 * 9) * 3 * std::log(256.0) / 255));
    CHECK(l.contraction.value() == Approx(1 - *l.variance));
    CHECK(laws_of(c, 1024 + 3).variance.value() == *l.variance);  // four last ones, of less variance
    CHECK(laws_of(any_compressor(c), 1024) == l);
    CHECK(laws_of(transformed{hadamard{}, identity{}}, 100).variance == 0);
    CHECK(laws_of(transformed{hadamard{.size = 64, .kept = 16}, identity{}}, 640).variance.value() == 3);
    const auto one_scale = transformed{hadamard{.size = 64}, scalar_compressor{dithered{.levels = 3}}};
    CHECK(laws_of(one_scale, 640).variance.value() == Approx(640.0 / (12 * 9) * 3 * std::log(64.0) / 63));
    CHECK(laws_of(transformed{hadamard{.size = 64}, sparse_compressor{top_k{.fraction = 0.25}}}, 64).contraction ==
          0.25);
    CHECK(!laws_of(transformed{hadamard{.size = 64, .kept = 32}, sparse_compressor{top_k{.fraction = 0.25}}}, 64)
               .contraction);
    CHECK(laws_of(transformed{hadamard{.size = 64}, scalar_compressor{sign{}, bucketed{mean_abs{}, 64}}}, 640)
              .contraction == 0.5);
    CHECK(laws_of(transformed{hadamard{.size = 64}, scalar_compressor{sign{}}}, 640).contraction.value() ==
          Approx(0.05));
    CHECK(granule_of(c) == 256);
    CHECK(granule_of(transformed{hadamard{.size = 64, .kept = 16},
                                 scalar_compressor{dithered{}, bucketed{max_norm{}, 32}}}) == 128);
    CHECK(granule_of(one_scale) == 0);
}

TEST_CASE("transformed: unbiased, and within its variance on the worst vectors",
          "[compress][transformed][statistical]") {
    const auto check = [](auto c, std::size_t d) {
        INFO(c.name());
        const auto x = one_hot(d);
        std::vector<test::moments> coordinate(d);
        test::moments error;
        for (std::uint64_t round = 0; round < 3000; ++round) {
            const auto y = sample::round_trip(c, x, {.seed = 1, .round = round});
            error.add(sample::squared_distance(x, y) / sample::squared_norm(x));
            for (std::size_t i = 0; i < d; ++i) {
                coordinate[i].add(y[i]);
            }
        }
        for (std::size_t i = 0; i < d; ++i) {
            CHECK(coordinate[i].z_of(double(x[i])) < test::z_limit);
        }
        CHECK(error.mean() <= laws_of(c, d).variance.value());
    };
    check(rotated(1, 64), 64);
    check(rotated(1, 64), 100);
    check(transformed{hadamard{.size = 100, .kept = 50},
                      scalar_compressor{dithered{.levels = 2}, bucketed{max_norm{}, 50}}},
          100);
    check(transformed{hadamard{.size = 64}, scalar_compressor{stochastic{.levels = 2}, bucketed{max_norm{}, 64}}}, 64);
}

TEST_CASE("transformed: a rotation makes the error of dither the same for every vector",
          "[compress][transformed][statistical]") {
    auto c = rotated(3, 256);
    const auto dense = relative_error(c, sample::normal_vector(256, 1), 2000);
    auto plain = scalar_compressor{dithered{.levels = 3}, bucketed{max_norm{}, 256}};
    // One in the rotated domain is flat: every coordinate is as large as the largest.
    CHECK(relative_error(c, one_hot(256), 500).mean() == Approx(1.0 / (12 * 9)).epsilon(0.05));
    CHECK(relative_error(plain, one_hot(256), 500).mean() == Approx(256.0 / (12 * 9)).epsilon(0.05));
    std::vector<float> heavy = sample::normal_vector(256, 2);
    for (float& v : heavy) {
        v = v * v * v * v * v;
    }
    CHECK(relative_error(c, heavy, 2000).mean() < 1.05 * dense.mean());
    CHECK(relative_error(plain, heavy, 500).mean() > 10 * dense.mean());
}

TEST_CASE("transformed: sign with mean_abs behind a rotation is DRIVE, a contraction of 1/2 at least",
          "[compress][transformed][statistical]") {
    const std::size_t n = 1024;
    auto c = transformed{hadamard{.size = n}, scalar_compressor{sign{}, bucketed{mean_abs{}, n}}};
    std::vector<float> two(n, 0.0f);
    two[3] = two[700] = 1;  // equal magnitudes make half of the sums vanish: Szarek's bound is attained
    CHECK(relative_error(c, two, 300).mean() == Approx(0.5).epsilon(0.05));
    CHECK(relative_error(c, sample::normal_vector(n, 3), 300).mean() == Approx(1 - 2 / 3.14159265).epsilon(0.02));
    CHECK_NOTHROW(require_contraction(c, n, "the test"));
}

TEST_CASE("transformed: nests in feedback, contractive and itself; keys differ", "[compress][transformed]") {
    const auto inner = transformed{hadamard{.size = 32}, identity{}};
    auto twice = transformed{hadamard{.size = 32}, inner};
    const auto x = one_hot(32);
    message m;
    twice.compress(x, {.seed = 3}, m);
    float largest = 0;  // the same signs twice would give back x
    for (std::size_t i = 0; i < 32; ++i) {
        float v;
        std::memcpy(&v, m.payload().data() + 4 * i, 4);
        largest = std::max(largest, std::fabs(v));
    }
    CHECK(largest < 4.9f);
    CHECK(sample::squared_distance(sample::round_trip(twice, x, {.seed = 3}), x) < 1e-9);
    error_feedback fed{contractive{rotated(1, 32)}};
    std::vector<double> in(32), out(32);
    for (std::uint64_t round = 0; round < 50; ++round) {
        const auto z = sample::normal_vector(32, round);
        const auto y = sample::round_trip(fed, z, {.round = round});
        for (std::size_t i = 0; i < 32; ++i) {
            in[i] += double(z[i]);
            out[i] += double(y[i]);
        }
    }
    for (std::size_t i = 0; i < 32; ++i) {
        CHECK(std::fabs(out[i] + double(fed.residual()[i]) - in[i]) < 1e-4);
    }
}

TEST_CASE("transformed: what senders echo is what receivers decode", "[compress][transformed][equivalence]") {
    for (const std::size_t d : {1u, 33u, 100u, 1000u}) {
        auto c = rotated(2, 64);
        const auto x = sample::normal_vector(d, d);
        message m;
        std::vector<float> echo(d), y(d), sum(d, 0.0f);
        c.compress(x, {.seed = 1}, m, echo);
        c.decompress(m, {.seed = 1}, y);
        c.decompress_add(m, {.seed = 1}, 1.0f, sum);
        CHECK(echo == y);
        CHECK(sum == y);
    }
}

TEST_CASE("transformed: decodes near a vector that the receiver knows", "[compress][transformed]") {
    const std::size_t d = 256;
    auto c = transformed{hadamard{.size = d}, scalar_compressor{nested_dithered{.fine = 1.0 / 30, .coarse = 1.0 / 3}}};
    const auto x = sample::normal_vector(d, 1);
    auto side = sample::normal_vector(d, 2);
    for (std::size_t i = 0; i < d; ++i) {
        side[i] = x[i] + 0.01f * side[i];
    }
    message m;
    std::vector<float> y(d);
    c.compress(x, {}, m);
    c.decompress(m, {}, side, y);
    CHECK(sample::squared_distance(x, y) < 0.01 * sample::squared_norm(x));
    CHECK_THROWS_AS(c.compress(x, {}, m, y), invalid_input);
}

TEST_CASE("transformed: refuses what it cannot do, in a sentence", "[compress][transformed]") {
    CHECK_THROWS_WITH((transformed{hadamard{}, scalar_compressor{dithered{}, shared_norm{}}}),
                      test::contains_text("cannot agree"));
    CHECK_THROWS_AS((transformed{hadamard{.size = 3}, identity{}}), invalid_input);
    transformed c{hadamard{.size = 16}, identity{}};
    message m;
    CHECK_THROWS_WITH(c.compress(std::vector<float>(16, 1e30f), {}, m), test::contains_text("1e26"));
}
