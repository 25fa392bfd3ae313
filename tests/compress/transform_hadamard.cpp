#include <frugal/compress/transform/hadamard.hpp>

#include <cmath>
#include <span>
#include <vector>

#include <frugal/core/random.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(Transform<hadamard>);

namespace {

std::vector<float> forward(const hadamard& t, std::span<const float> x, random_key k) {
    std::vector<float> y(t.length(x.size()), 7.0f);
    const float largest = t.forward(x, k, y);
    float expected = 0;
    for (const float v : y) {
        expected = std::max(expected, std::fabs(v));
    }
    CHECK(largest == expected);
    return y;
}

std::vector<float> adjoint(const hadamard& t, std::vector<float> y, std::size_t d, random_key k) {
    std::vector<float> x;
    t.adjoint(y, k, d, [&](std::size_t first, std::span<const float> part) {
        REQUIRE(first == x.size());
        x.insert(x.end(), part.begin(), part.end());
    });
    return x;
}

double product(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += double(a[i]) * double(b[i]);
    }
    return sum;
}

}  // namespace

TEST_CASE("hadamard: refuses sizes without a matrix", "[compress][transform]") {
    for (const std::size_t n : {1u, 2u, 4096u, 12u, 96u, 100u, 192u, 200u, 288u, 320u, 384u}) {
        CHECK_NOTHROW(hadamard{.size = n}.validate());
    }
    for (const std::size_t n : {0u, 3u, 6u, 92u, 1000u * 1001u}) {
        CHECK_THROWS_AS(hadamard{.size = n}.validate(), invalid_input);
    }
    CHECK_THROWS_AS((hadamard{.size = 8, .kept = 9}.validate()), invalid_input);
}

TEST_CASE("hadamard: the adjoint is the adjoint; all rows make a rotation, k rows times n / k the identity",
          "[compress][transform][exact]") {
    for (const std::size_t n : {1u, 2u, 12u, 16u, 64u, 100u, 288u, 4096u}) {
        for (const std::size_t kept : {std::size_t{0}, std::size_t{1}, n / 2, n - n / 4, n}) {
            for (const std::size_t d : {n, 3 * n, 2 * n + n / 2 + 1, std::size_t{7}}) {
                const hadamard t{.size = n, .kept = kept};
                CAPTURE(n, kept, d);
                const random_key k{.seed = 5, .round = d};
                const auto x = sample::normal_vector(d, 1);
                const auto tx = forward(t, x, k);
                const auto y = sample::normal_vector(tx.size(), 2);
                const auto ty = adjoint(t, y, d, k);
                const double scale = std::sqrt(sample::squared_norm(tx) * sample::squared_norm(y));
                CHECK(std::fabs(product(tx, y) - product(x, ty)) <= 1e-6 * scale);
                if (t.block().kept == n) {
                    CHECK(sample::squared_norm(tx) == Approx(sample::squared_norm(x)).epsilon(1e-5));
                    CHECK(sample::squared_distance(adjoint(t, tx, d, k), x) <= 1e-10 * sample::squared_norm(x));
                }
                if (d % n == 0) {
                    const auto back = forward(t, ty, k);
                    for (std::size_t i = 0; i < y.size(); ++i) {
                        REQUIRE(std::fabs(double(back[i]) * double(t.block().kept) / double(n) - double(y[i])) < 1e-4);
                    }
                }
            }
        }
    }
}

TEST_CASE("hadamard: the published example", "[compress][transform][exact]") {
    const hadamard t{.size = 4, .kept = 2};
    const std::vector<float> g{1, 2, 3, 4};
    std::uint64_t round = 0;
    const auto signs = [](random_key k) {
        std::vector<float> r(4, 1.0f);
        kernels::random_signs(random_stream(k), 0, 1.0f, r, r);
        return r;
    };
    while (signs({.round = round}) != std::vector<float>{1, -1, 1, 1}) {
        ++round;
    }
    const auto v = forward(t, g, {.round = round});
    CHECK(v[0] == Approx(4.242641));
    CHECK(v[1] == Approx(1.414214));
    const auto x = adjoint(t, {3.712311f, 0.848528f}, 4, {.round = round});
    CHECK(x[0] == Approx(3.225));
    CHECK(x[1] == Approx(-2.025));
    CHECK(x[2] == Approx(3.225));
    CHECK(x[3] == Approx(2.025));
}

TEST_CASE("hadamard: the identity in the mean, with the error of rows that were not kept exactly",
          "[compress][transform][statistical]") {
    const std::size_t d = 64;
    const hadamard t{.size = 64, .kept = 16};
    std::vector<float> x = sample::normal_vector(d, 3);
    x[5] = 10;
    test::moments error;
    std::vector<test::moments> coordinate(d);
    for (std::uint64_t round = 0; round < 4000; ++round) {
        const random_key k{.seed = 1, .round = round};
        const auto back = adjoint(t, forward(t, x, k), d, k);
        error.add(sample::squared_distance(x, back));
        for (std::size_t i = 0; i < d; ++i) {
            coordinate[i].add(back[i]);
        }
    }
    CHECK(error.z_of((64.0 / 16 - 1) * sample::squared_norm(x)) < test::z_limit);
    for (std::size_t i = 0; i < d; ++i) {
        CHECK(coordinate[i].z_of(double(x[i])) < test::z_limit);
    }
}
