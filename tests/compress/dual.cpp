#include <frugal/compress/dual.hpp>

#include <cmath>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

namespace {

double distortion(std::span<const float> rows, std::size_t d, const barycentric& b, std::span<const double> x) {
    double sum = 0;
    for (std::size_t i = 0; i < b.count; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            const double e = double(rows[b.codeword[i] * d + j]) - x[j];
            sum += b.weight[i] * e * e;
        }
    }
    return sum;
}

}  // namespace

TEST_CASE("dual: in one dimension, the two levels around x", "[compress][dual][exact]") {
    const std::vector<float> rows{-1.0f, 1.0f, 0.0f, 0.25f};
    for (const double x : {-1.0, -0.4, 0.0, 0.1, 0.25, 0.6, 1.0}) {
        const barycentric b = delaunay_weights(rows, 1, std::array{x});
        const double low = x < 0 ? -1 : x < 0.25 ? 0 : 0.25;
        const double high = x < 0 ? 0 : x < 0.25 ? 0.25 : 1;
        CHECK(distortion(rows, 1, b, std::array{x}) == Approx((x - low) * (high - x)).margin(1e-12));
    }
}

TEST_CASE("dual: weights are those of a Delaunay simplex: no other simplex has a smaller distortion",
          "[compress][dual][exact]") {
    constexpr std::size_t d = 2;
    const auto rows = *detail::shared_cube_codebook(2, 16);
    const random_stream stream({.seed = 4});
    for (std::size_t k = 0; k < 50; ++k) {
        const std::array x{2 * double(stream.centered(2 * k)), 2 * double(stream.centered(2 * k + 1))};
        const barycentric b = delaunay_weights(rows, d, x);
        std::array<double, 3> mean{};
        for (std::size_t i = 0; i < b.count; ++i) {
            CHECK(b.weight[i] > -1e-12);
            mean[0] += b.weight[i] * double(rows[b.codeword[i] * d]);
            mean[1] += b.weight[i] * double(rows[b.codeword[i] * d + 1]);
            mean[2] += b.weight[i];
        }
        CHECK(mean[0] == Approx(x[0]).margin(1e-12));
        CHECK(mean[1] == Approx(x[1]).margin(1e-12));
        CHECK(mean[2] == Approx(1).epsilon(1e-12));
        double least = 1e300;
        for (std::size_t p = 0; p < 16; ++p) {
            for (std::size_t q = p + 1; q < 16; ++q) {
                for (std::size_t r = q + 1; r < 16; ++r) {
                    const auto at = [&](std::size_t m, std::size_t j) { return double(rows[m * d + j]); };
                    const double area =
                        (at(q, 0) - at(p, 0)) * (at(r, 1) - at(p, 1)) - (at(r, 0) - at(p, 0)) * (at(q, 1) - at(p, 1));
                    const double wq =
                        ((x[0] - at(p, 0)) * (at(r, 1) - at(p, 1)) - (at(r, 0) - at(p, 0)) * (x[1] - at(p, 1))) / area;
                    const double wr =
                        ((at(q, 0) - at(p, 0)) * (x[1] - at(p, 1)) - (x[0] - at(p, 0)) * (at(q, 1) - at(p, 1))) / area;
                    const barycentric other{.count = 3, .codeword = {p, q, r}, .weight = {1 - wq - wr, wq, wr}};
                    if (wq >= 0 && wr >= 0 && wq + wr <= 1) {
                        least = std::min(least, distortion(rows, d, other, x));
                    }
                }
            }
        }
        CHECK(distortion(rows, d, b, x) == Approx(least).epsilon(1e-9).margin(1e-12));
    }
}

TEST_CASE("dual: the distortion falls with the number of codewords", "[compress][dual][statistical]") {
    const auto x = sample::normal_vector(2048, 3);
    const auto error = [&](int d, int m) {
        const dual c{.dimension = d, .codewords = m, .group = 2048};
        return sample::squared_distance(x, sample::round_trip(c, x, {.seed = 1})) / sample::squared_norm(x);
    };
    CHECK(error(2, 1024) < 0.15 * error(2, 64));  // M^(-2/D) predicts 1/16
    CHECK(error(4, 1024) < 0.5 * error(4, 64));   // and 1/4
    CHECK(error(2, 64) < error(1, 4));            // of the same 3 bits (2 bits) a coordinate, and more
}

TEST_CASE("dual: the cost", "[compress][dual][exact]") {
    message m;
    dual{.dimension = 2, .codewords = 64}.compress(sample::normal_vector(1024, 1), {}, m);
    CHECK(m.payload_bits() == 2 * (32 + 256 * 6));
}
