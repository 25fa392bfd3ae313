#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/stovoq.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "catch.hpp"
#include "gaussian_averages.hpp"
#include "sample.hpp"

using namespace frugal;

static_assert(std::is_aggregate_v<stovoq> && sample::UnbiasedWithVariance<stovoq> && sample::Contraction<stovoq>);
static_assert(Compressor<error_feedback<stovoq>>);

TEST_CASE("stovoq: the cost per group", "[compress][stovoq][exact]") {
    const auto x = sample::normal_vector(512, 1);
    message m;
    const auto bits = [&](stovoq c) {
        c.compress(x, {}, m);
        return m.payload_bits();
    };
    CHECK(bits({.dimension = 16, .codewords = 8192, .bias_bits = 3}) == 544);
    CHECK(bits({.dimension = 16, .codewords = 8192, .bias_bits = 0, .norm_bits = 16}) == 432);
    CHECK(bits({.dimension = 8, .codewords = 4096, .bias_bits = 3}) == 992);
    CHECK(bits({.dimension = 8, .codewords = 4096, .bias_bits = 0}) == 800);
    CHECK(bits({.dimension = 8, .codewords = 1024, .bias_bits = 3}) == 864);
    CHECK(bits({.dimension = 8, .codewords = 1024, .bias_bits = 0}) == 672);
    const std::vector<float> zero(512);
    stovoq c{.dimension = 8, .codewords = 256};
    c.compress(zero, {}, m);
    CHECK(m.payload_bits() == 32);
    CHECK(sample::round_trip(c, zero, {}) == zero);
}

TEST_CASE("stovoq: Monte Carlo distortion on N(0, I_16), one and twenty workers", "[compress][stovoq][statistical]") {
    // One norm for 32 buckets: 63 groups hold 2016 vectors of dimension 16.
    stovoq c{.dimension = 16, .codewords = 8192, .bias_bits = 16};
    stovoq biased{.dimension = 16, .codewords = 8192, .bias_bits = 0};
    const auto x = sample::normal_vector(63 * 512, 4);
    const auto per_vector = [](std::span<const float> a, std::span<const float> b) {
        return sample::squared_distance(a, b) / (double(a.size()) / 16);
    };
    CHECK(per_vector(x, sample::round_trip(c, x, {.seed = 1})) == Approx(11.0).margin(0.3));
    const std::span<const float> part(x.data(), 16 * 512);
    CHECK(per_vector(part, sample::round_trip(biased, part, {.seed = 1})) == Approx(6.87).margin(0.2));
    const auto mean_of_twenty = [](stovoq& compressor, std::span<const float> vectors) {
        std::vector<float> mean(vectors.size());
        message m;
        for (std::uint32_t worker = 0; worker < 20; ++worker) {
            const random_key key{.seed = 1, .node = worker};
            compressor.compress(vectors, key, m);
            compressor.decompress_add(m, key, 0.05f, mean);
        }
        return mean;
    };
    const auto four = part.first(4 * 512);
    CHECK(per_vector(four, mean_of_twenty(c, four)) == Approx(0.55).margin(0.03));
    const auto two = part.first(2 * 512);  // what is biased does not average out
    CHECK(per_vector(two, mean_of_twenty(biased, two)) == Approx(1.597 + 5.27 / 20).margin(0.3));
}

TEST_CASE("stovoq: layouts of the levels, their noise and their worst case", "[compress][stovoq][exact]") {
    struct row {
        bias_levels layout;
        double average, worst;
    };
    for (const row& expected : {row{bias_levels::uniform, 12.130, 1.140}, row{bias_levels::geometric, 11.218, 1.140},
                                row{bias_levels::all_but_one, 11.030, 1.602}}) {
        const stovoq c{.levels = expected.layout};
        const auto levels = c.factor_levels();
        REQUIRE(levels.size() == 8);
        CHECK(std::is_sorted(levels.begin(), levels.end()));
        CHECK(levels.front() == Approx(1.2007).epsilon(1e-4));
        CHECK(levels.back() == Approx(5.6625).epsilon(1e-4));
        CHECK(test::average_over_gaussian(16, 8192, 1.125, levels).quantized == Approx(expected.average).margin(2e-3));
        CHECK(c.variance(512) == Approx(expected.worst).margin(8e-3));
        CHECK(c.variance(512 * 100) == c.variance(512));
    }
    CHECK(stovoq{.levels = bias_levels::all_but_one}.factor_levels()[6] == Approx(1.8308).epsilon(1e-4));
    CHECK(stovoq{.bias_bits = 0}.variance(512) == Approx((31 * 3.0085 + 361.13) / 512).epsilon(1e-3));
    CHECK(stovoq{.bias_bits = 0}.contraction(512) > 0.1);
    CHECK(laws_of(stovoq{}, 100).unbiased);
    CHECK_FALSE(laws_of(stovoq{.bias_bits = 0}, 100).unbiased);
}

TEST_CASE("stovoq: unbiased, whatever the norms of the buckets, and within its variance",
          "[compress][stovoq][statistical]") {
    const auto check = [](stovoq c, std::vector<float> x) {
        std::vector<sample::estimate> mean(x.size());
        sample::estimate error;
        for (std::uint64_t round = 0; round < 3000; ++round) {
            const auto y = sample::round_trip(c, x, {.seed = 7, .round = round});
            for (std::size_t i = 0; i < x.size(); ++i) {
                mean[i].add(y[i]);
            }
            error.add(sample::squared_distance(x, y) / sample::squared_norm(x));
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            CHECK(mean[i].z(x[i]) < 4.5);
        }
        CHECK(error.mean() < c.variance(x.size()) + 4.5 * error.standard_error());
    };
    check({.dimension = 8, .codewords = 64, .group = 40}, sample::normal_vector(80, 5));
    check({.dimension = 8, .codewords = 64, .group = 40, .norm_bits = 10}, sample::normal_vector(80, 5));
    auto peak = sample::normal_vector(45, 6);
    peak[3] = 100;
    check({.dimension = 5, .codewords = 32, .bias_bits = 2, .group = 40}, peak);
    check({.dimension = 1, .codewords = 16, .bias_bits = 1, .group = 8, .levels = bias_levels::uniform},
          sample::normal_vector(9, 8));
    check({.dimension = 3, .codewords = 16, .group = 2, .levels = bias_levels::all_but_one},
          sample::normal_vector(7, 9));
}

TEST_CASE("stovoq: any length, also where groups and buckets do not divide it", "[compress][stovoq]") {
    for (const std::size_t n : {1u, 2u, 31u, 32u, 33u, 511u, 512u, 513u, 1030u}) {
        for (const int d : {1, 3, 8, 16}) {
            stovoq c{.dimension = d, .codewords = 16};
            const auto x = sample::normal_vector(n, n);
            const random_key key{.seed = 4, .round = n};
            message m;
            c.compress(x, key, m);
            std::vector<float> y(n), acc(n, 0.0f), again(n);
            stovoq receiver{.dimension = d, .codewords = 16};
            receiver.decompress(m, key, y);
            receiver.decompress_add(m, key, 1.0f, acc);
            CHECK(y == acc);
            c.decompress(m, key, again);
            CHECK(y == again);
            CHECK(sample::squared_norm(y) > 0);
        }
    }
}

TEST_CASE("stovoq: codewords regenerated one by one equal those generated in bulk", "[compress][stovoq][exact]") {
    stovoq few{.dimension = 4, .codewords = 1024, .group = 64};
    const auto x = sample::normal_vector(4 * 1024, 12);
    const random_key key{.seed = 8};
    message whole, part;
    few.compress(x, key, whole);
    few.compress(std::span(x).first(64), key, part);
    std::vector<float> y(x.size()), z(64);
    few.decompress(whole, key, y);  // takes all codewords
    few.decompress(part, key, z);   // takes sixteen
    CHECK(std::equal(z.begin(), z.end(), y.begin()));
}

TEST_CASE("stovoq: bad options and input are named", "[compress][stovoq][hostile]") {
    const std::array x{1.0f, 2.0f};
    message m;
    const auto refused = [&](stovoq c) { CHECK_THROWS_AS(c.compress(x, {}, m), invalid_input); };
    refused({.dimension = 0});
    refused({.dimension = 65});
    refused({.codewords = 100});
    refused({.codewords = 1});
    refused({.bias_bits = -1});
    refused({.group = 0});
    refused({.norm_bits = 9});
    refused({.codeword_variance = -1});
    refused({.bias_bits = 1, .levels = bias_levels::all_but_one});
    stovoq c{.dimension = 2, .codewords = 4, .group = 2};
    CHECK_THROWS_AS(c.compress(std::span<const float>{}, {}, m), invalid_input);
    try {
        c.compress(std::array{1.0f, 1.0f, 1.0f, std::numeric_limits<float>::quiet_NaN()}, {}, m);
        FAIL("NaN was accepted");
    } catch (const invalid_input& e) {
        CHECK(std::string(e.what()).find("element 3") != std::string::npos);
    }
    const std::vector<float> tiny(4, 1e-42f);  // too small to divide by: decodes to zeros
    CHECK(sample::round_trip(c, tiny, {}) == std::vector<float>(4));
}

TEST_CASE("stovoq: mutated messages are refused or decode within bounds", "[compress][stovoq][hostile]") {
    const auto x = sample::normal_vector(200, 13);
    for (const int norm_bits : {12, 32}) {
        stovoq c{.dimension = 8, .codewords = 64, .group = 64, .norm_bits = norm_bits};
        message m;
        c.compress(x, {}, m);
        std::vector<float> y(x.size());
        sample::mutate(m, 1, [&](const message& other) { c.decompress(other, {}, y); });
        const auto first = sample::round_trip(c, x, {});
        c.decompress(m, {}, y);
        CHECK(y == first);
        stovoq other{.dimension = 8, .codewords = 64, .group = 32, .norm_bits = norm_bits};
        CHECK_THROWS_AS(other.decompress(m, {}, y), malformed_message);
        CHECK_THROWS_AS(c.decompress(m, {.round = 1}, y), malformed_message);
    }
}
