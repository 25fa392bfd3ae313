#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include <frugal/kernels/hadamard.hpp>
#include "architectures.hpp"
#include "catch.hpp"
#include "statistics.hpp"
#include "values.hpp"

namespace hadamard_test {

namespace kernels = frugal::kernels;
using frugal::random_key;
using frugal::random_stream;

namespace {

//! Entry (i, j) of the matrix of Sylvester.
int sign_of(std::size_t i, std::size_t j) {
    return (__builtin_popcountll(i & j) & 1) != 0 ? -1 : 1;
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
    return std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

}  // namespace

TEST_CASE("hadamard: the rows of Sylvester's matrix", "[kernels][hadamard][exact]") {
    for (std::size_t n = 1; n <= 2048; n *= 2) {
        CAPTURE(n);
        for (const std::size_t j : {std::size_t{0}, n / 2, n / 3, n - 1}) {
            std::vector<float> x(n, 0.0f);
            x[j] = 1;
            kernels::hadamard(x, n);
            std::vector<float> row(n);
            for (std::size_t i = 0; i < n; ++i) {
                row[i] = static_cast<float>(sign_of(i, j));
            }
            REQUIRE(x == row);
        }
    }
    std::vector<float> two_blocks{1, 2, 3, 4, 5, -6, 7, -8};
    kernels::hadamard(two_blocks, 4);
    CHECK(two_blocks == std::vector<float>{10, -2, -4, 0, -2, 26, 0, -4});
}

TEST_CASE("hadamard: twice is the length times the identity, to the bit for small integers",
          "[kernels][hadamard][exact]") {
    for (std::size_t n = 1; n <= 65536; n *= 4) {
        const random_stream stream(random_key{.seed = n});
        std::vector<float> x(2 * n);
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = static_cast<float>(stream.below(101, i)) - 50;
        }
        auto y = x;
        kernels::hadamard(y, n);
        kernels::hadamard(y, n);
        for (std::size_t i = 0; i < x.size(); ++i) {
            REQUIRE(y[i] == x[i] * static_cast<float>(n));
        }
    }
}

TEST_CASE("hadamard: the bits of plain loops on every architecture", "[kernels][hadamard][equivalence]") {
    for (std::size_t n = 1; n <= 16384; n *= 2) {
        const auto x = test::values(3 * n, n);
        auto expected = x;
        kernels::hadamard<frugal::scalar_arch>(expected, n);
        test::for_each_architecture([&](auto arch) {
            using Arch = decltype(arch);
            CAPTURE(Arch::name(), n);
            auto y = x;
            kernels::hadamard<Arch>(y, n);
            CHECK(same(y, expected));
        });
    }
}

TEST_CASE("random_signs: the same on every architecture, and wherever a vector is cut",
          "[kernels][hadamard][equivalence]") {
    const random_stream stream(random_key{.seed = 3, .node = 1});
    const std::size_t d = 5000;
    const auto x = test::values(d, 9);
    std::vector<float> expected(d);
    for (std::size_t i = 0; i < d; ++i) {
        const bool flip = (stream.word(i / 512 * 16 + i % 16) >> (i / 16 % 32) & 1u) != 0;
        expected[i] = flip ? -(x[i] * 0.3f) : x[i] * 0.3f;
    }
    test::for_each_architecture([&](auto arch) {
        using Arch = decltype(arch);
        CAPTURE(Arch::name());
        for (const std::size_t piece : {std::size_t{1}, std::size_t{48}, std::size_t{555}, std::size_t{4096}, d}) {
            auto y = x;
            for (std::size_t at = 0; at < d; at += piece) {
                const auto part = std::span(y).subspan(at, std::min(piece, d - at));
                kernels::random_signs<Arch>(stream, at, 0.3f, part, part);
            }
            CHECK(same(y, expected));
        }
    });
}

TEST_CASE("random_signs: as many of each, and independent of the coordinate and the key",
          "[kernels][hadamard][statistical]") {
    const std::size_t d = 1 << 16;
    const std::vector<float> ones(d, 1.0f);
    std::vector<float> a(d), b(d);
    kernels::random_signs(random_stream(random_key{.seed = 1}), 0, 1.0f, ones, a);
    kernels::random_signs(random_stream(random_key{.seed = 2}), 0, 1.0f, ones, b);
    const auto z_of_sum = [&](auto term) {
        double sum = 0;
        for (std::size_t i = 0; i < d; ++i) {
            sum += double(term(i));
        }
        return std::fabs(sum) / std::sqrt(static_cast<double>(d));
    };
    CHECK(z_of_sum([&](std::size_t i) { return a[i]; }) < test::z_limit);
    CHECK(z_of_sum([&](std::size_t i) { return a[i] * b[i]; }) < test::z_limit);
    for (const std::size_t lag : {1u, 15u, 16u, 17u, 512u, 2048u}) {
        CHECK(z_of_sum([&](std::size_t i) { return a[i] * a[(i + lag) % d]; }) < test::z_limit);
    }
}

}  // namespace hadamard_test
