#include <frugal/compress/low_rank.hpp>

#include <vector>

#include <frugal/compress/error_feedback.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(sample::Contraction<low_rank>);

namespace {

//! Of that rank, row by row.
std::vector<float> matrix(std::size_t rows, std::size_t cols, std::size_t rank) {
    std::vector<float> m(rows * cols, 0.0f);
    for (std::size_t k = 0; k < rank; ++k) {
        const auto u = sample::normal_vector(rows, 10 + k);
        const auto v = sample::normal_vector(cols, 20 + k);
        for (std::size_t i = 0; i < m.size(); ++i) {
            m[i] += u[i / cols] * v[i % cols];
        }
    }
    return m;
}

}  // namespace

TEST_CASE("low_rank: exact for matrices of its rank, in so many numbers", "[compress][low_rank]") {
    for (const std::size_t rank : {1u, 2u, 4u}) {
        const auto m = matrix(40, 30, rank);
        const low_rank c{.rank = rank, .rows = 40};
        CHECK(sample::squared_distance(m, sample::round_trip(c, m, {})) < 1e-9 * sample::squared_norm(m));
        message sent;
        c.compress(m, {}, sent);
        CHECK(sent.payload_bits() == 32 * rank * 70);
    }
    const auto zeros = std::vector<float>(1200, 0.0f);
    const low_rank c;
    CHECK(sample::round_trip(c, zeros, {}) == zeros);
}

TEST_CASE("low_rank: a projection: the error is orthogonal to what is sent, and a contraction in the mean",
          "[compress][low_rank][statistical]") {
    const std::size_t n = 16;
    std::vector<float> worst(n * n, 0.0f);  // all directions alike
    for (std::size_t i = 0; i < n; ++i) {
        worst[i * n + i] = 1;
    }
    for (const auto& x : {worst, matrix(n, n, 5), sample::normal_vector(n * n, 3)}) {
        const low_rank c{.rank = 1, .rows = n};
        test::moments kept;
        for (std::uint64_t round = 0; round < 500; ++round) {
            const auto y = sample::round_trip(c, x, {.round = round});
            const double error = sample::squared_distance(x, y);
            REQUIRE(error + sample::squared_norm(y) == Approx(sample::squared_norm(x)).epsilon(1e-4));
            kept.add(1 - error / sample::squared_norm(x));
        }
        CHECK(kept.mean() >= c.contraction(n * n) - 4.5 * kept.standard_error() - 1e-6);
    }
}

TEST_CASE("low_rank: any length, with a last row that is short; small vectors as they are", "[compress][low_rank]") {
    for (std::size_t d = 1; d < 300; ++d) {
        const auto x = sample::normal_vector(d, d);
        for (const std::size_t rows : {std::size_t{0}, std::size_t{3}, std::size_t{1000}}) {
            const low_rank c{.rank = 2, .rows = rows};
            message m;
            std::vector<float> y(d), sum(d, 0.0f);
            c.compress(x, {}, m);
            c.decompress(m, {}, y);
            c.decompress_add(m, {}, 1.0f, sum);
            REQUIRE(m.payload_bits() <= 32 * d);
            REQUIRE(y == sum);
            if (m.payload_bits() == 32 * d) {
                REQUIRE(y == x);
            }
            REQUIRE(sample::squared_distance(x, y) <= sample::squared_norm(x) * 1.0001);
        }
    }
}

TEST_CASE("low_rank: with feedback nothing is lost", "[compress][low_rank]") {
    error_feedback c{low_rank{.rank = 1}};
    const auto x = sample::normal_vector(100, 1);
    std::vector<double> sum(100, 0.0);
    const int rounds = 300;
    for (int round = 0; round < rounds; ++round) {
        const auto y = sample::round_trip(c, x, {.round = static_cast<std::uint64_t>(round)});
        for (std::size_t i = 0; i < 100; ++i) {
            sum[i] += double(y[i]) / rounds;
        }
    }
    CHECK(test::squared_distance(sum, x) < 0.01 * sample::squared_norm(x));
}
