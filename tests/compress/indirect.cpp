#include <frugal/compress/indirect.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/sign.hpp>

#include "catch.hpp"
#include "statistics.hpp"

namespace indirect_test {

using namespace frugal;

namespace {

auto dither(int levels) {
    return scalar_compressor{dithered{.levels = levels}, max_norm{}, radix{}};
}

static_assert(FactorCompressor<indirect<decltype(dither(1))>> && indirect<decltype(dither(1))>::unbiased);
static_assert(FactorCompressor<indirect_mse<lloyd_max>> && !indirect_mse<lloyd_max>::unbiased);
static_assert(!FactorCompressor<decltype(dither(1))>);
static_assert(!Compressor<indirect<decltype(dither(1))>>);

//! errors' inputs, in double.
std::vector<double> product(const factor_pair& p) {
    const std::size_t n = p.shape().columns, m = p.shape().rows;
    std::vector<double> g(m * n);
    for (std::size_t s = 0; s < p.samples; ++s) {
        for (std::size_t i = 0; i < m; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                g[i * n + j] += double(p.errors[s * m + i]) * double(p.inputs[s * n + j]);
            }
        }
    }
    return g;
}

template <class C>
std::vector<float> round_trip(const C& c, const factor_pair& p, random_key k) {
    message m;
    c.compress(p, k, m);
    std::vector<float> y(p.shape().size(), 7.0f);
    c.decompress(m, k, y);
    return y;
}

double sum(const auto& v) {
    double s = 0;
    for (const auto e : v) {
        s += double(e);
    }
    return s;
}

//! The example of the specification: n = m = 2, L = 3; its errors divided by L.
const std::vector<float> example_inputs{1, -1, -0.5f, 0.3f, 2, 0.7f};
const std::vector<float> example_errors{0.5f / 3, -0.3f / 3, -1.0f / 3, 0.8f / 3, 0.2f / 3, -1.5f / 3};
const factor_pair example{3, example_inputs, example_errors};

}  // namespace

TEST_CASE("indirect: decodes to the product of what its compressors decode to", "[compress][indirect][exact]") {
    const auto x = test::normal_vector(7 * 33, 1), d = test::normal_vector(7 * 18, 2);
    const factor_pair pair{7, x, d};
    const indirect plain{identity{}};
    const auto y = round_trip(plain, pair, {.seed = 1});
    const auto g = product(pair);
    for (std::size_t i = 0; i < g.size(); ++i) {
        CHECK(double(y[i]) == Approx(g[i]).margin(1e-5));
    }
    message m;
    plain.compress(pair, {.seed = 1}, m);
    CHECK(m.dimension() == 33 * 18);
    CHECK(m.payload_bits() == 64 + 32 * 7 * (33 + 18));
    std::vector<float> twice(y);
    plain.decompress_add(m, {.seed = 1}, 1.0f, twice);
    for (std::size_t i = 0; i < y.size(); ++i) {
        CHECK(twice[i] == 2 * y[i]);
    }
    CHECK(indirect{dither(2), dither(1)}.name() ==
          "indirect(scalar(dithered(levels=2),max_norm,radix),scalar(dithered(levels=1),max_norm,radix))");
}

TEST_CASE("indirect: with dither it is unbiased, with the exact error of the theory",
          "[compress][indirect][statistical]") {
    struct setting {
        int inputs, errors;
        std::size_t m, n, samples;
    };
    for (const setting& s : {setting{2, 1, 6, 5, 4}, setting{1, 1, 3, 9, 2}, setting{3, 3, 8, 8, 1}}) {
        const auto x = test::normal_vector(s.samples * s.n, 3);
        auto d = test::normal_vector(s.samples * s.m, 4);
        for (std::size_t i = 0; i < d.size(); ++i) {
            d[i] = 0.3f * d[i] + x[i % x.size()];  // correlated
        }
        const factor_pair pair{s.samples, x, d};
        const indirect c{dither(s.inputs), dither(s.errors)};
        const auto g = product(pair);
        const double kx = double(kernels::max_abs(x)) / s.inputs, kd = double(kernels::max_abs(d)) / s.errors;
        const auto m = double(s.m), n = double(s.n), samples = double(s.samples);
        const double expected = m * n * samples * kx * kx * kd * kd / 144 + n / 12 * kx * kx * test::squared_norm(d) +
                                m / 12 * kd * kd * test::squared_norm(x);
        test::moments error;
        std::vector<test::moments> element(g.size());
        for (std::uint64_t t = 0; t < 6000; ++t) {
            const auto y = round_trip(c, pair, {.seed = 9, .round = t});
            error.add(test::squared_distance(y, g));
            for (std::size_t i = 0; i < g.size(); ++i) {
                element[i].add(double(y[i]));
            }
        }
        CHECK(error.z_of(expected) < test::z_limit);
        for (std::size_t i = 0; i < g.size(); ++i) {
            CHECK(element[i].z_of(g[i]) < test::z_limit);
        }
    }
}

TEST_CASE("indirect: one bit of correlated factors is biased by the arc sine law, with dither it is not",
          "[compress][indirect][statistical]") {
    // x, d standard normal of correlation rho: E sign(x) sign(d) = 2 / pi arcsin rho, and levels are +-sqrt(2 / pi)
    for (const double rho : {0.1, 0.5, 0.9, 1.0}) {
        constexpr std::size_t samples = 4000;
        test::moments naive, dithers;
        const indirect deterministic{codebook_compressor{one_bit{}}};
        const indirect unbiased{scalar_compressor{one_bit_dithered{}}};
        for (std::uint64_t t = 0; t < 200; ++t) {
            const auto x = test::normal_vector(samples, 10 + t), z = test::normal_vector(samples, 1000 + t);
            std::vector<float> d(samples);
            for (std::size_t i = 0; i < samples; ++i) {
                d[i] = float((rho * double(x[i]) + std::sqrt(1 - rho * rho) * double(z[i])) / samples);
            }
            const factor_pair pair{samples, x, d};
            naive.add(double(round_trip(deterministic, pair, {.seed = t})[0]));
            dithers.add(double(round_trip(unbiased, pair, {.seed = t})[0]) - product(pair)[0]);
        }
        const double pi = std::acos(-1.0);
        // the levels are those of the sample, whose fluctuation costs terms of 1 / samples
        CHECK(std::fabs(naive.mean() - 4 / (pi * pi) * std::asin(rho)) < 4.5 * naive.standard_error() + 2e-3);
        CHECK(dithers.z_of(0) < test::z_limit);
    }
}

TEST_CASE("indirect: one bit of independent factors loses 1 - 4 / pi^2 of the variance",
          "[compress][indirect][statistical]") {
    // X of N(0, 1), and its magnitude (behind a ReLU), times N(0, 1): one product each
    const double pi = std::acos(-1.0);
    const float of_normal = float(std::sqrt(2 / pi));
    test::moments normal, folded;
    const std::size_t n = 200000;
    const auto x = test::normal_vector(n, 5), d = test::normal_vector(n, 6);
    std::vector<float> magnitudes(n);
    for (std::size_t i = 0; i < n; ++i) {
        magnitudes[i] = std::fabs(x[i]);
    }
    std::array<float, 2> levels{}, boundary{};
    lloyd_max{.levels = 2, .iterations = 1000}.fit(magnitudes, levels, std::span(boundary.data(), 1));
    CHECK(double(levels[0]) == Approx(0.452780).margin(0.006));
    CHECK(double(levels[1]) == Approx(1.510418).margin(0.012));
    for (std::size_t i = 0; i < n; ++i) {
        const auto quantized = [&](float v) { return double(v < 0 ? -of_normal : of_normal); };
        const double exact = double(x[i]) * double(d[i]);
        const double e = quantized(x[i]) * quantized(d[i]) - exact;
        normal.add(e * e);
        const double f = double(levels[magnitudes[i] < boundary[0] ? 0 : 1]) * quantized(d[i]) -
                         double(magnitudes[i]) * double(d[i]);
        folded.add(f * f);
    }
    CHECK(normal.z_of(1 - 4 / (pi * pi)) < test::z_limit);
    CHECK(folded.z_of(1 - 1.76504 / pi) < test::z_limit);
}

TEST_CASE("indirect_mse: the example by hand", "[compress][indirect][exact]") {
    const auto g = product(example);
    CHECK(g[0] == Approx(0.4666667));
    CHECK(g[1] == Approx(-0.22));
    CHECK(g[2] == Approx(-1.2333333));
    CHECK(g[3] == Approx(-0.17));
    CHECK(sum(g) == Approx(-1.1566667));
    struct row {
        int iterations;
        double lambda, error, bias;
    };
    for (const row& r : {row{0, 0, 0.3157722, -0.7955556}, row{1, 0, 0.1016341, 0}, row{2, 0, 0.0766897, 0},
                         row{3, 0, 0.0564943, 0}, row{1, 1, 0.1078893, 0.0425391}}) {
        const auto y = round_trip(indirect_mse{one_bit{}, packed{}, r.iterations, r.lambda}, example, {});
        CHECK(test::squared_distance(y, g) == Approx(r.error).margin(2e-6));
        if (r.bias != 0) {
            CHECK(sum(g) - sum(y) == Approx(r.bias).margin(2e-6));
        }
    }
    // without iterations it is the naive one
    CHECK(round_trip(indirect_mse{one_bit{}, packed{}, 0}, example, {}) ==
          round_trip(indirect{codebook_compressor{one_bit{}}}, example, {}));
}

TEST_CASE("indirect_mse: the levels on the wire are those of the example", "[compress][indirect][exact]") {
    message m;
    indirect_mse{one_bit{}}.compress(example, {}, m);
    CHECK(m.payload_bits() == 64 + 6 + 64 + 6 + 64);
    payload_reader r(m.payload());
    r.bits(64);
    CHECK(double(r.number()) == Approx(-0.6077013));
    CHECK(double(r.number()) == Approx(1.0312930));
    r.block(1);
    CHECK(double(r.number()) == Approx(-1.564 / 3).epsilon(1e-4));
    CHECK(double(r.number()) == Approx(0.176 / 3).epsilon(1e-2));
}

TEST_CASE("indirect_mse: no iteration raises what it minimises, nor is the first above the naive error",
          "[compress][indirect]") {
    for (const int levels : {2, 3, 5}) {
        const std::size_t samples = 12, n = 40, m = 30;
        auto x = test::normal_vector(samples * n, 7);
        for (float& v : x) {
            v = std::max(v, 0.0f);
        }
        const auto d = test::normal_vector(samples * m, 8);
        const factor_pair pair{samples, x, d};
        const auto g = product(pair);
        double last =
            test::squared_distance(round_trip(indirect{codebook_compressor{lloyd_max{.levels = levels}}}, pair, {}), g);
        for (const int iterations : {1, 2, 3, 10}) {
            const auto y = round_trip(indirect_mse{lloyd_max{.levels = levels}, packed{}, iterations}, pair, {});
            const double error = test::squared_distance(y, g);
            CHECK(error <= last * (1 + 1e-6));
            last = error;
        }
        CHECK(last < 0.75 * test::squared_norm(g));
    }
}

TEST_CASE("indirect: cells without elements and factors of zeros are legal", "[compress][indirect]") {
    const std::vector<float> x(12, 2.0f), zeros(12, 0.0f), d{1, 2, 3, 4, 5, 6};
    const factor_pair constant{3, x, d}, nothing{3, zeros, d};
    for (const int iterations : {0, 1, 3}) {
        const auto y = round_trip(indirect_mse{lloyd_max{.levels = 4}, packed{}, iterations}, constant, {});
        CHECK(test::squared_distance(y, product(constant)) < 0.02 * test::squared_norm(product(constant)));
        CHECK(test::squared_norm(round_trip(indirect_mse{one_bit{}, packed{}, iterations}, nothing, {})) == 0);
    }
    CHECK(test::squared_norm(round_trip(indirect{dither(1)}, nothing, {})) == 0);
}

TEST_CASE("indirect: bits are those of the factors", "[compress][indirect][exact]") {
    const std::size_t samples = 64, n = 300, m = 100;
    const auto x = test::normal_vector(samples * n, 1), d = test::normal_vector(samples * m, 2);
    message message_of_pair;
    for (const auto& [levels, tolerance] : {std::pair(1, 0.011), std::pair(3, 0.008)}) {
        indirect{dither(levels)}.compress({samples, x, d}, {}, message_of_pair);
        const double closed = double(samples) * double(n + m) * std::log2(2.0 * levels + 1) + 64;
        CHECK(double(message_of_pair.payload_bits()) == Approx(closed + 64).epsilon(tolerance));
    }
    indirect{scalar_compressor{one_bit_dithered{}}}.compress({samples, x, d}, {}, message_of_pair);
    CHECK(message_of_pair.payload_bits() == 64 + 64 + samples * (n + m));
}

TEST_CASE("indirect: bad shapes and options are refused", "[compress][indirect][hostile]") {
    const indirect c{dither(1)};
    message m;
    const std::vector<float> x(6, 1.0f), d(4, 1.0f);
    CHECK_THROWS_AS(c.compress({0, x, d}, {}, m), invalid_input);
    CHECK_THROWS_AS(c.compress({2, x, {}}, {}, m), invalid_input);
    CHECK_THROWS_AS(c.compress({4, x, d}, {}, m), invalid_input);
    CHECK(m.empty());
    CHECK_THROWS_AS(c.compress({2, std::vector<float>(6, 1e30f), std::vector<float>(4, 1e30f)}, {}, m), invalid_input);
    std::vector<float> infinite(x);
    infinite[2] = HUGE_VALF;
    CHECK_THROWS_AS(c.compress({2, infinite, d}, {}, m), nonfinite_input);
    CHECK_THROWS_AS(indirect_mse(lloyd_max{.levels = 9}), invalid_input);
    CHECK_THROWS_AS(indirect_mse(one_bit{}, packed{}, -1), invalid_input);
    CHECK_THROWS_AS(indirect_mse(one_bit{}, packed{}, 1, -1.0), invalid_input);
    CHECK_THROWS_AS(indirect_mse(one_bit{}, packed{}, 1, HUGE_VAL), invalid_input);
    const std::vector<float> many(5'000'000, 1.0f);
    CHECK_THROWS_AS(c.compress({5'000'000, many, many}, {}, m), invalid_input);
}

TEST_CASE("indirect: altered messages are malformed or decode to finite numbers", "[compress][indirect][hostile]") {
    const auto check = [](const auto& c) {
        const auto x = test::normal_vector(5 * 7, 1), d = test::normal_vector(5 * 6, 2);
        message m;
        c.compress({5, x, d}, {.seed = 3}, m);
        const std::size_t bits = m.payload().size() * 8;
        std::size_t refused = 0;
        for (std::size_t b = 0; b < bits; ++b) {
            std::vector<std::byte> payload(m.payload().begin(), m.payload().end());
            payload[b / 8] ^= std::byte(1u << (b % 8));
            message altered;
            altered.begin(m.scheme(), m.key(3), m.dimension());
            altered.buffer().insert(altered.buffer().end(), payload.begin(), payload.end());
            altered.seal(0);
            std::vector<float> y(42);
            try {
                c.decompress(altered, {.seed = 3}, y);
                for (const float v : y) {
                    CHECK(is_finite(v));
                }
            } catch (const malformed_message&) {
                ++refused;
            }
        }
        CHECK(refused > 40);  // 64 bits of shape alone
        std::vector<float> y(41);
        CHECK_THROWS_AS(c.decompress(m, {.seed = 3}, y), malformed_message);
    };
    check(indirect{dither(1)});
    check(indirect{codebook_compressor{lloyd_max{.levels = 3}}});
    check(indirect_mse{one_bit{}});
}

}  // namespace indirect_test
