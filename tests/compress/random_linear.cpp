// Random linear coding: sums of messages are messages, and what is lost is known exactly.
#include <frugal/compress/random_linear.hpp>

#include <vector>

#include <frugal/compress/contractive.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(sample::UnbiasedWithVariance<random_linear> && sample::Contraction<contractive<random_linear>>);

TEST_CASE("random_linear: as many sums as coordinates are the vector itself", "[compress][random_linear][exact]") {
    random_linear all(1, 64);
    for (const std::size_t d : {1u, 2u, 31u, 64u, 65u, 200u}) {
        const auto x = sample::normal_vector(d, d);
        const auto y = sample::round_trip(all, x, {.seed = 3, .round = d});
        CHECK(sample::squared_distance(x, y) < 1e-10 * sample::squared_norm(x));
    }
    CHECK(all.variance(64) == 0);
}

TEST_CASE("random_linear: a message has 32 bits a sum, of each block", "[compress][random_linear][exact]") {
    for (const auto& [d, gain, sums] : {std::tuple{4096u, 20.0, 205u}, std::tuple{8192u + 100u, 20.0, 410u + 6u},
                                        std::tuple{3u, 100.0, 1u}, std::tuple{1u, 1.0, 1u}}) {
        random_linear c(gain);
        message m;
        c.compress(sample::normal_vector(d, 1), {}, m);
        CHECK(c.sums(d) == sums);
        CHECK(m.payload_bits() == 32 * sums);
    }
    CHECK_THROWS_AS(random_linear(0.5), invalid_input);
    CHECK_THROWS_WITH(random_linear(2, 100), test::contains_text("power of two"));
}

TEST_CASE("random_linear: unbiased, with exactly the variance it states", "[compress][random_linear][statistical]") {
    random_linear c(4, 32);
    contractive<random_linear> projection{c};
    const auto x = sample::normal_vector(64, 5);
    test::moments error, lost, energy, along;
    for (std::uint64_t r = 0; r < 4000; ++r) {
        const random_key k{.seed = 8, .round = r};
        const auto y = sample::round_trip(c, x, k);
        error.add(sample::squared_distance(x, y));
        double inner = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            inner += double(x[i]) * double(y[i]);
        }
        along.add(inner);
        const auto p = sample::round_trip(projection, x, k);
        lost.add(sample::squared_distance(x, p));
        energy.add(sample::squared_norm(p));
    }
    const double norm2 = sample::squared_norm(x);
    CHECK(c.variance(64) == 3);
    CHECK(error.z_of(3 * norm2) < test::z_limit);
    CHECK(along.z_of(norm2) < test::z_limit);
    CHECK(lost.z_of(0.75 * norm2) < test::z_limit);
    CHECK(energy.z_of(0.25 * norm2) < test::z_limit);  // a projection: what is kept and what is lost add up
}

TEST_CASE("random_linear: the sum of messages is the message of the sum", "[compress][random_linear][exact]") {
    const std::size_t d = 300;
    random_linear c(3, 128);
    CHECK(laws_of(c, d).linear);
    const auto a = sample::normal_vector(d, 1), b = sample::normal_vector(d, 2);
    const random_key k{.seed = 9};
    std::vector<float> sum(d), decoded(d, 0.0f);
    for (std::size_t i = 0; i < d; ++i) {
        sum[i] = a[i] + b[i];
    }
    message m;
    for (const auto& x : {a, b}) {
        c.compress(x, k, m);
        c.decompress_add(m, k, 1.0f, decoded);
    }
    CHECK(sample::squared_distance(decoded, sample::round_trip(c, sum, k)) < 1e-10 * sample::squared_norm(decoded));
    const auto again = sample::round_trip(c, sum, {.seed = 9, .round = 1});
    CHECK(sample::squared_distance(decoded, again) > 0.1 * sample::squared_norm(decoded));
}

TEST_CASE("random_linear: numbers that are not finite are refused", "[compress][random_linear][hostile]") {
    random_linear c(2, 8);
    message m;
    std::vector<float> x(20, 1.0f);
    x[17] = NAN;
    CHECK_THROWS_AS(c.compress(x, {}, m), nonfinite_input);
    x.assign(20, 3e38f);
    CHECK_THROWS_AS(c.compress(x, {}, m), invalid_input);
    x.assign(20, 1.0f);
    c.compress(x, {}, m);
    std::vector<float> y(21);
    CHECK_THROWS_AS(c.decompress(m, {}, y), malformed_message);
    std::vector<float> sums(c.sums(20), INFINITY);
    payload_reader r(std::as_bytes(std::span(sums)));
    y.resize(20);
    CHECK_THROWS_AS(c.decode(r, {}, y), malformed_message);
}
