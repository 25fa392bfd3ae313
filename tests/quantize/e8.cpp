#include <frugal/quantize/e8.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/compress/coder/rans.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(Quantizer<e8> && Quantizer<dithered_e8> && Quantizer<nested_e8>);
static_assert(!encodes_with_dither<e8> && decodes_with_dither<dithered_e8> && decodes_with_side_information<nested_e8>);

namespace {

std::vector<float> point_of(const std::vector<float>& t) {
    int floors[8];
    const bool half = nearest_e8(t.data(), floors);
    std::vector<float> p(8);
    for (std::size_t i = 0; i < 8; ++i) {
        p[i] = static_cast<float>(floors[i]) + (half ? 0.5f : 0.0f);
    }
    return p;
}

template <class C>
std::vector<float> round_trip(C& c, const std::vector<float>& x, random_key k) {
    message m;
    std::vector<float> y(x.size());
    c.compress(x, k, m);
    c.decompress(m, k, y);
    return y;
}

}  // namespace

TEST_CASE("e8: nearest points by hand", "[quantize][e8][exact]") {
    CHECK(point_of({0.1f, 0, 0, 0, 0, 0, 0, -0.2f}) == std::vector<float>(8, 0.0f));
    CHECK(point_of(std::vector<float>(8, 0.4f)) == std::vector<float>(8, 0.5f));
    CHECK(point_of({1.1f, 0, 0, 0, 0, 0, 0, 0.3f}) == std::vector<float>{1, 0, 0, 0, 0, 0, 0, 1});
    CHECK(point_of({0.9f, 0, 0, 0, 0, -0.2f, 0, 0}) == std::vector<float>{1, 0, 0, 0, 0, -1, 0, 0});
    CHECK(point_of({2, 0, 0, 0, 0, 0, 0, 0}) == std::vector<float>{2, 0, 0, 0, 0, 0, 0, 0});
    CHECK(point_of({-0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 1.4f}) ==
          std::vector<float>{-0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 1.5f});
}

TEST_CASE("e8: no neighbour is nearer than the nearest point; the 240 shortest vectors", "[quantize][e8][exact]") {
    std::vector<std::vector<float>> shortest;  // of squared length 2: the relevant vectors
    for (std::size_t i = 0; i < 8; ++i) {
        for (std::size_t j = i + 1; j < 8; ++j) {
            for (const float a : {-1.0f, 1.0f}) {
                for (const float b : {-1.0f, 1.0f}) {
                    std::vector<float> v(8, 0.0f);
                    v[i] = a;
                    v[j] = b;
                    shortest.push_back(v);
                }
            }
        }
    }
    for (unsigned signs = 0; signs < 256; ++signs) {
        if (__builtin_popcount(signs) % 2 == 0) {
            std::vector<float> v(8);
            for (std::size_t i = 0; i < 8; ++i) {
                v[i] = (signs >> i & 1u) != 0 ? -0.5f : 0.5f;
            }
            shortest.push_back(v);
        }
    }
    REQUIRE(shortest.size() == 240);
    const auto numbers = test::normal_vector(8 * 2000, 4);
    for (std::size_t n = 0; n < 2000; ++n) {
        std::vector<float> t(8);
        for (std::size_t i = 0; i < 8; ++i) {
            t[i] = 3 * numbers[8 * n + i];
        }
        const auto p = point_of(t);
        const double nearest = test::squared_distance(t, p);
        REQUIRE(nearest <= 1.0001);  // the covering radius
        for (const auto& v : shortest) {
            std::vector<float> q(8);
            for (std::size_t i = 0; i < 8; ++i) {
                q[i] = p[i] + v[i];
            }
            REQUIRE(nearest <= test::squared_distance(t, q) + 1e-5);
        }
    }
}

TEST_CASE("dithered_e8: unbiased, with the lattice's second moment whatever x is: 0.65 dB below 1/12",
          "[quantize][e8][statistical]") {
    CHECK(e8_second_moment == Approx(0.07168).margin(5e-6));
    CHECK(10 * std::log10(1 / (12 * e8_second_moment)) == Approx(0.654).margin(5e-4));
    for (const int pattern : {0, 1, 2}) {
        const std::size_t d = 1 << 15;
        std::vector<float> x(d, 0.0f);
        if (pattern > 0) {
            x = pattern == 1 ? std::vector<float>(d, 0.37f) : test::normal_vector(d, 5);
        }
        scalar_compressor c{dithered_e8{8}, fixed{.kappa = 0.25f}};
        x[7] = 1;
        const auto y = round_trip(c, x, {.seed = 3});
        test::moments error, squared;
        for (std::size_t i = 0; i < d; i += 8) {
            double sum = 0;
            for (std::size_t j = i; j < i + 8; ++j) {
                const double e = (double(y[j]) - double(x[j])) / 0.25;
                error.add(e);
                sum += e * e;
            }
            squared.add(sum / 8);
        }
        CHECK(error.z_of(0) < test::z_limit);
        CHECK(squared.z_of(e8_second_moment) < test::z_limit);
    }
}

TEST_CASE("dithered_e8: less error than dithered at the same bits, and the variance it states",
          "[quantize][e8][statistical]") {
    const std::size_t d = 1 << 14;
    const auto x = test::normal_vector(d, 6);
    scalar_compressor lattice{dithered_e8{8}, bucketed{max_norm{}, 256}};
    scalar_compressor plain{dithered{.levels = 127}, bucketed{max_norm{}, 256}};
    const double of_lattice = test::squared_distance(x, round_trip(lattice, x, {}));
    const double of_plain = test::squared_distance(x, round_trip(plain, x, {}));
    message a, b;
    lattice.compress(x, {}, a);
    plain.compress(x, {}, b);
    CHECK(a.payload_bits() == b.payload_bits());
    CHECK(10 * std::log10(of_plain / of_lattice) == Approx(0.654 - 20 * std::log10(127 / 126.998)).margin(0.05));
    for (const std::size_t n : {std::size_t{16}, std::size_t{12}, std::size_t{5}}) {
        scalar_compressor c{dithered_e8{3}, bucketed{max_norm{}, n}};
        std::vector<float> one(240, 0.0f);
        for (std::size_t i = 0; i < one.size(); i += n) {
            one[i] = 1;
        }
        test::moments error;
        for (std::uint64_t round = 0; round < 2000; ++round) {
            error.add(test::squared_distance(one, round_trip(c, one, {.round = round})) / test::squared_norm(one));
        }
        CAPTURE(n);
        CHECK(error.mean() <= laws_of(c, 240).variance.value() * 1.01);
        CHECK(error.mean() >= laws_of(c, 240).variance.value() * 0.8);
    }
}

TEST_CASE("e8: nothing within the range wraps, at any number of bits", "[quantize][e8]") {
    for (int bits = 2; bits <= 16; ++bits) {
        CAPTURE(bits);
        std::vector<float> x = test::normal_vector(2048, 7);
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = i % 3 == 0 ? (i % 2 == 0 ? 1.0f : -1.0f) : std::fmax(-1.0f, std::fmin(1.0f, x[i]));
        }
        scalar_compressor dithered_one{dithered_e8{bits}};
        scalar_compressor plain{e8{bits}};
        const double step = 1 / double(e8{bits}.range());
        for (const auto& y : {round_trip(dithered_one, x, {}), round_trip(plain, x, {})}) {
            for (std::size_t i = 0; i < x.size(); ++i) {
                REQUIRE(std::fabs(double(y[i]) - double(x[i])) <= 1.001 * step);
            }
        }
    }
}

TEST_CASE("e8: cut anywhere, behind any coder, one by one and with feedback: the same values",
          "[quantize][e8][equivalence]") {
    for (const std::size_t d : {1u, 7u, 8u, 9u, 64u, 1000u, 20011u}) {
        CAPTURE(d);
        const auto x = test::normal_vector(d, d);
        for (const std::size_t bucket : {std::size_t{13}, std::size_t{512}}) {
            scalar_compressor packed_one{dithered_e8{3}, bucketed{max_norm{}, bucket}};
            scalar_compressor coded{dithered_e8{3}, bucketed{max_norm{}, bucket}, rans{}};
            const auto y = round_trip(packed_one, x, {.seed = 1});
            CHECK(round_trip(coded, x, {.seed = 1}) == y);
            error_feedback fed{packed_one};
            REQUIRE(round_trip(fed, x, {.seed = 1}) == y);
            for (std::size_t i = 0; i < d; ++i) {
                REQUIRE(std::fabs(fed.residual()[i] - (x[i] - y[i])) <= 1e-6f * (1 + std::fabs(x[i])));
            }
        }
    }
}

TEST_CASE("nested_e8: found by side information", "[quantize][e8]") {
    const std::size_t d = 4099;
    const auto x = test::normal_vector(d, 1);
    auto side = test::normal_vector(d, 2);
    for (std::size_t i = 0; i < d; ++i) {
        side[i] = x[i] + 0.01f * std::fmax(-2.0f, std::fmin(2.0f, side[i]));
    }
    scalar_compressor c{nested_e8{1.0 / 128, 3}, fixed{.kappa = 0.0078125f}};
    message m;
    std::vector<float> y(d);
    c.compress(x, {}, m);
    CHECK(m.payload_bits() == 3 * d + 32);
    c.decompress(m, {}, side, y);
    for (std::size_t i = 0; i < d; ++i) {
        REQUIRE(std::fabs(y[i] - x[i]) <= 1.01f / 128);
    }
    CHECK(test::squared_distance(x, y) * 128 * 128 / d == Approx(e8_second_moment).epsilon(0.05));
    CHECK_THROWS_AS((nested_e8{0.0, 3}.validate()), invalid_input);
    CHECK_THROWS_AS(e8{1}.validate(), invalid_input);
}
