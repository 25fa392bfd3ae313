#include <frugal/compress/hsq.hpp>

#include <cmath>

#include <frugal/quantize/spherical_bias.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("hsq: the cost", "[compress][hsq][exact]") {
    const auto x = sample::normal_vector(512, 1);
    message m;
    hsq_greedy{.dimension = 16, .codewords = 1024, .gain_bits = 6}.compress(x, {}, m);
    CHECK(m.payload_bits() == 32 + 32 * (10 + 6));
    hsq_span{.dimension = 16, .codewords = 1024, .gain_bits = 5}.compress(x, {}, m);
    CHECK(m.payload_bits() == 32 + 32 * (10 + 1 + 5));
}

TEST_CASE("hsq_greedy: the error is 2 (1 - r) and does not average out", "[compress][hsq][statistical]") {
    const hsq_greedy c{.dimension = 16, .codewords = 1024, .gain_bits = 12};
    const auto x = sample::normal_vector(500 * 16, 3);
    sample::estimate one, mean_of_many;
    std::vector<float> mean(x.size());
    message m;
    for (std::uint32_t node = 0; node < 8; ++node) {
        c.compress(x, {.seed = 1, .node = node}, m);
        c.decompress_add(m, {.seed = 1, .node = node}, 0.125f, mean);
    }
    const auto y = sample::round_trip(c, x, {.seed = 1});
    for (std::size_t i = 0; i < x.size(); i += 16) {
        const std::span<const float> a(x.data() + i, 16);
        one.add(sample::squared_distance(a, std::span(y).subspan(i, 16)) / sample::squared_norm(a));
        mean_of_many.add(sample::squared_distance(a, std::span(mean).subspan(i, 16)) / sample::squared_norm(a));
    }
    CHECK(one.z(2 * (1 - mean_largest_cosine(16, 1024))) < 4.5);
    CHECK(mean_of_many.mean() == Approx(one.mean()).epsilon(1e-3));
}

TEST_CASE("hsq_span: the coefficients give x back", "[compress][hsq][exact]") {
    for (const auto& [d, m] : {std::pair{1, 2}, std::pair{3, 8}, std::pair{16, 64}}) {
        const auto sphere = detail::shared_sphere(d, m, true);
        const auto n = static_cast<std::size_t>(d);
        const auto x = sample::normal_vector(n, 9);
        for (std::size_t j = 0; j < n; ++j) {
            double sum = 0;
            for (std::size_t i = 0; i < sphere->codewords; ++i) {
                sum += sphere->alpha(i, x.data()) * double(sphere->rows[i * n + j]);
            }
            CHECK(sum == Approx(x[j]).epsilon(1e-6));
        }
    }
}

TEST_CASE("hsq_span: the variance is ||alpha||_1^2 - ||x||^2", "[compress][hsq][statistical]") {
    const hsq_span c{.dimension = 4, .codewords = 32, .gain_bits = 16, .group = 4};
    const auto x = sample::normal_vector(4, 5);
    const auto sphere = detail::shared_sphere(4, 32, true);
    double sum = 0;
    for (std::size_t i = 0; i < 32; ++i) {
        sum += std::fabs(sphere->alpha(i, x.data()));
    }
    const double expected = sum * sum - sample::squared_norm(x);
    sample::estimate error;
    for (std::uint64_t round = 0; round < 20000; ++round) {
        error.add(sample::squared_distance(x, sample::round_trip(c, x, {.seed = 2, .round = round})));
    }
    CHECK(error.z(expected) < 4.5);
    CHECK(expected / sample::squared_norm(x) < c.variance(4));
}

TEST_CASE("hsq_span: the variance does not fall with the number of codewords", "[compress][hsq][exact]") {
    // About D^2 E|u_1|^2 - 1 = 9.51 for D = 16 and a tight frame.
    for (const int codewords : {256, 4096}) {
        const auto sphere = detail::shared_sphere(16, codewords, true);
        const auto x = sample::normal_vector(100 * 16, 3);
        sample::estimate relative;
        for (std::size_t i = 0; i < x.size(); i += 16) {
            double sum = 0;
            for (std::size_t m = 0; m < sphere->codewords; ++m) {
                sum += std::fabs(sphere->alpha(m, x.data() + i));
            }
            relative.add(sum * sum / sample::squared_norm(std::span(x).subspan(i, 16)) - 1);
        }
        CHECK(relative.mean() == Approx(256 * 0.202610 * 0.202610 - 1).epsilon(0.08));
        CHECK(sphere->span_variance > relative.mean());
    }
}
