#include <frugal/quantize/radial_bias.hpp>

#include <cmath>
#include <limits>

#include <frugal/quantize/stochastic_codebook.hpp>

#include "catch.hpp"
#include "gaussian_averages.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

double printed(double value, int digits) {
    const double unit = std::pow(10.0, digits);
    return std::round(value * unit) / unit;
}

}  // namespace

TEST_CASE("radial_bias: the exact table for D = 16, v = 1.125, M = 2^13", "[quantize][radial_bias][exact]") {
    struct row {
        double norm, r, inverse, squared_error, variance;
        int error_digits, variance_digits;
    };
    const row rows[] = {{0, 0.83286, 1.20068, 3.0085, 4.3372, 4, 4},     {1, 0.82491, 1.21225, 3.1796, 4.6276, 4, 4},
                        {2, 0.80029, 1.24955, 3.7416, 5.5929, 4, 4},     {3, 0.75797, 1.31931, 4.8457, 7.5167, 4, 4},
                        {4, 0.70030, 1.42797, 6.7442, 10.8215, 4, 4},    {5, 0.63485, 1.57517, 9.7447, 15.9077, 4, 4},
                        {6, 0.57040, 1.75316, 14.1306, 23.0105, 4, 4},   {8, 0.46178, 2.16552, 27.8250, 43.5448, 4, 4},
                        {12, 0.32422, 3.08431, 77.3232, 109.987, 4, 3},  {16, 0.24725, 4.04446, 157.897, 210.029, 3, 3},
                        {22.627, 0.17660, 5.66246, 361.13, 449.44, 2, 2}};
    for (const row& expected : rows) {
        const radial_moments m = nearest_gaussian_codeword(16, 8192, 1.125, expected.norm);
        INFO("norm " << expected.norm);
        CHECK(printed(m.shrinkage, 5) == Approx(expected.r).epsilon(1e-12));
        CHECK(printed(1 / m.shrinkage, 5) == Approx(expected.inverse).epsilon(1e-12));
        CHECK(std::fabs(m.squared_error - expected.squared_error) < 0.51 * std::pow(10, -expected.error_digits));
        CHECK(std::fabs(m.variance() - expected.variance) < 1.01 * std::pow(10, -expected.variance_digits));
    }
}

TEST_CASE("radial_bias: other exact values", "[quantize][radial_bias][exact]") {
    struct row {
        std::size_t d, m;
        double v, r_0, r_4, v_4;
        int digits;
    };
    const row rows[] = {{16, 4096, 1.125, 0.81473, 0.67550, 12.583, 3}, {16, 1024, 1.125, 0.77078, 0.61908, 17.561, 3},
                        {8, 4096, 1.25, 0.93361, 0.78513, 3.3714, 4},   {8, 1024, 1.25, 0.90366, 0.72229, 5.1209, 4},
                        {4, 1024, 1, 0.98009, 0.73948, 1.7103, 4},      {16, 8192, 1, 0.83286, 0.68477, 10.560, 3}};
    for (const row& expected : rows) {
        const auto at_0 = nearest_gaussian_codeword(expected.d, expected.m, expected.v, 0);
        const auto at_4 = nearest_gaussian_codeword(expected.d, expected.m, expected.v, 4);
        CHECK(std::fabs(at_0.shrinkage - expected.r_0) < 0.6e-5);
        CHECK(std::fabs(at_4.shrinkage - expected.r_4) < 0.6e-5);
        CHECK(std::fabs(at_4.variance() - expected.v_4) < 0.6 * std::pow(10, -expected.digits));
    }
    CHECK(std::fabs(nearest_gaussian_codeword(16, 1024, 1.125, 4).squared_error - 9.0521) < 0.6e-4);
}

TEST_CASE("radial_bias: averages over N(0, I)", "[quantize][radial_bias][exact]") {
    struct row {
        std::size_t d, m;
        double v, radial, orthogonal, unbiased_radial, unbiased_orthogonal, squared_bias;
    };
    const row rows[] = {
        {16, 8192, 1.125, 1.842, 5.025, 0.5045, 10.499, 1.597}, {16, 8192, 1, 1.986, 4.689, 0.471, 10.277, 1.767},
        {16, 4096, 1.125, 2.115, 5.436, 0.578, 12.201, 1.854},  {16, 1024, 1.125, 2.804, 6.374, 0.783, 17.007, 2.505},
        {8, 4096, 1.25, 0.349, 1.166, 0.199, 1.609, 0.203},     {8, 1024, 1.25, 0.555, 1.600, 0.298, 2.500, 0.362}};
    for (const row& expected : rows) {
        const test::averages a = test::average_over_gaussian(expected.d, expected.m, expected.v);
        CHECK(std::fabs(a.radial - expected.radial) < 1e-3);
        CHECK(std::fabs(a.orthogonal - expected.orthogonal) < 1e-3);
        CHECK(std::fabs(a.unbiased_radial - expected.unbiased_radial) < 1e-3);
        CHECK(std::fabs(a.unbiased_orthogonal - expected.unbiased_orthogonal) < 1e-3);
        CHECK(std::fabs(a.squared_bias - expected.squared_bias) < 1e-3);
    }
}

TEST_CASE("radial_bias: the table interpolates to 1e-6 and holds its ends", "[quantize][radial_bias]") {
    struct row {
        std::size_t d, m;
        double v, largest;
    };
    // The last two are the hardest: buckets of large groups, where codewords lie densely up to a sharp edge.
    for (const row& r : {row{8, 256, 1.25, 22.6}, row{4, 65536, 1.5, 128}, row{1, 1024, 3, 64}}) {
        const radial_bias table(r.d, r.m, r.v, r.largest);
        for (double norm = 0; norm <= r.largest; norm += r.largest / 39.7) {
            const double exact = 1 / nearest_gaussian_codeword(r.d, r.m, r.v, norm, 1 << 14).shrinkage;
            INFO("D = " << r.d << ", norm " << norm);
            CHECK(std::fabs(table.inverse(norm) / exact - 1) < (r.d == 1 ? 2e-4 : 2e-5));
        }
        CHECK(table.inverse(0.0) == table.least_inverse());
        CHECK(table.inverse(2 * r.largest) == Approx(table.greatest_inverse()).epsilon(1e-12));
        CHECK(table.inverse(r.largest) == Approx(table.greatest_inverse()).epsilon(1e-12));
    }
    const radial_bias table(8, 256, 1.25, 22.6);
    for (double norm = 0; norm <= 22.6; norm += 0.57) {
        const double exact = 1 / nearest_gaussian_codeword(8, 256, 1.25, norm).shrinkage;
        CHECK(std::fabs(table.inverse(norm) / exact - 1) < 1e-6);
    }
}

TEST_CASE("rounded_inverse: the probabilities of stochastic_index", "[quantize][radial_bias][exact]") {
    const auto bias = std::make_shared<const radial_bias>(8, 64, 1.25, 12.0);
    for (const int count : {2, 3, 8, 300}) {
        std::vector<float> levels;
        for (int j = 0; j < count; ++j) {
            levels.push_back(static_cast<float>(bias->least_inverse() +
                                                (bias->greatest_inverse() - bias->least_inverse()) * j / (count - 1)));
        }
        const rounded_inverse factor(bias, levels);
        for (double norm = 0; norm < 12.5; norm += 0.037) {
            const auto exact = static_cast<float>(bias->inverse(norm));
            const auto above = [&](float u) {
                return stochastic_index(std::span<const float>(levels), exact, u, out_of_range::clamp);
            };
            for (const float u : {0x1p-24f, 0.1f, 0.37f, 0.5f, 0.93f, 1.0f}) {
                // The same but for u within a rounding of the probability.
                const std::uint32_t index = factor.index(norm, u);
                CHECK((index == above(u) || index == above(u - 1e-4f) || index == above(u + 1e-4f)));
            }
        }
    }
}

TEST_CASE("radial_bias: one dimension, where everything is elementary", "[quantize][radial_bias][statistical]") {
    const radial_moments m = nearest_gaussian_codeword(1, 4, 3, 1.5);
    const random_stream stream({.seed = 5});
    test::moments shrunk;
    test::moments error;
    for (std::size_t i = 0; i < 20000; ++i) {
        double best = std::numeric_limits<double>::infinity();
        for (std::size_t j = 0; j < 4; ++j) {
            const double c = std::sqrt(3.0) * double(stream.normal(4 * i + j));
            best = std::fabs(c - 1.5) < std::fabs(best - 1.5) ? c : best;
        }
        shrunk.add(best / 1.5);
        error.add((best - 1.5) * (best - 1.5));
    }
    CHECK(shrunk.z_of(m.shrinkage) < 4.5);
    CHECK(error.z_of(m.squared_error) < 4.5);
}
