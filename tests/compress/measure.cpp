#include <frugal/compress/measure.hpp>

#include <vector>

#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/stochastic.hpp>
#include <frugal/testing/laws.hpp>

#include "catch.hpp"

using namespace frugal;
using testing::normal_vector;

TEST_CASE("measure: what is known of identity and of top-k", "[compress][measure]") {
    const std::vector<float> x{3, 0, -4, 0, 0, 0, 0, 12};  // ||x||^2 = 169
    const codec_measurement exact = measure_codec(identity{}, x, {.repeat = 3});
    CHECK(exact.norm2 == 169);
    CHECK(exact.payload_bits == 32 * 8);
    CHECK(exact.wire_bytes == message::header_size + 32 + message::checksum_size);
    CHECK(exact.relative_error() == 0);
    CHECK(exact.relative_error_of_mean() == 0);
    CHECK(exact.seconds_encode > 0);
    CHECK(exact.seconds_decode > 0);
    const sparse_compressor largest{top_k{.count = 1}};
    std::vector<float> decoded(8, 7.0f);
    const codec_measurement one = measure_codec(largest, x, {.repeat = 4}, decoded);
    CHECK(one.payload_bits == 32 + 3);
    CHECK(one.relative_error() == Approx(25.0 / 169));
    CHECK(one.relative_error_of_mean() == Approx(25.0 / 169));  // the same message again and again
    CHECK(decoded == std::vector<float>{0, 0, 0, 0, 0, 0, 0, 12});
    CHECK(measure_codec(identity{}, std::vector<float>(5)).relative_error() == 0);
}

TEST_CASE("measure: feedback is one sender's, so that its mean comes closer", "[compress][measure]") {
    const std::vector<float> x(10, 1.0f);
    const error_feedback fed{sparse_compressor{top_k{.count = 5}}};
    const codec_measurement m = measure_codec(fed, x, {.repeat = 2});
    // First the first five, then the others with twice their value: the residual doubled them.
    CHECK(m.relative_error() == Approx(1.0 / 2 * 0.5 + 1.0 / 2 * (0.5 + 0.5)));
    CHECK(m.relative_error_of_mean() == Approx(0.5 * 0.25));
}

TEST_CASE("measure: at least one repetition", "[compress][measure][hostile]") {
    CHECK_THROWS_AS(measure_codec(identity{}, std::vector<float>(3), {.repeat = 0}), invalid_input);
}

TEST_CASE("measure: errors are those of the closed form", "[compress][measure][statistical]") {
    const auto x = normal_vector(2000, 3);
    const scalar_compressor c{dithered{.levels = 2}};
    const int n = 50;
    const codec_measurement m = measure_codec(c, x, {.repeat = n});
    // Uniform errors of variance step^2 / 12: the standard deviation of a mean of 2000 n squares is sqrt(4 / 5) of it.
    const double expected = c.expected_error(x);
    const double deviations = std::sqrt(0.8 / (2000.0 * n));
    CHECK(std::fabs(m.distortion / expected - 1) < 4.5 * deviations);
    CHECK(std::fabs(m.distortion_of_mean * n / expected - 1) < 4.5 * std::sqrt(2.0 / 2000));
}

TEST_CASE("measure: senders that agree on a scale agree with themselves", "[compress][measure]") {
    const auto x = normal_vector(100, 5);
    const scalar_compressor shared{stochastic{.levels = 3}, shared_norm{}};
    const scalar_compressor own{stochastic{.levels = 3}, max_norm{}};
    CHECK(measure_codec(shared, x).distortion == Approx(measure_codec(own, x).distortion));
}
