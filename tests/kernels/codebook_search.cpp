#include <frugal/kernels/codebook_search.hpp>

#include <bit>
#include <limits>

#include "architectures.hpp"
#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

//! What the header promises: a plain loop in double, the lowest of the best.
std::vector<std::uint32_t> by_definition(std::span<const float> rows, std::size_t d, std::span<const float> x,
                                         bool nearest) {
    std::vector<std::uint32_t> best(x.size() / d);
    for (std::size_t i = 0; i < best.size(); ++i) {
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t m = 0; m < rows.size() / d; ++m) {
            double sum = 0;
            for (std::size_t j = 0; j < d; ++j) {
                const double a = x[i * d + j];
                const double c = rows[m * d + j];
                sum += nearest ? rounded((a - c) * (a - c)) : -rounded(a * c);
            }
            if (sum < least) {
                least = sum;
                best[i] = static_cast<std::uint32_t>(m);
            }
        }
    }
    return best;
}

void check(std::span<const float> rows, std::size_t d, std::span<const float> x) {
    for (const bool nearest : {true, false}) {
        const auto expected = by_definition(rows, d, x, nearest);
        test::for_each_architecture([&](auto arch) {
            kernels::search_codebook codebook;
            if (nearest) {
                codebook.assign_nearest<decltype(arch)>(rows, d);
            } else {
                codebook.assign<decltype(arch)>(rows, d);
            }
            std::vector<std::uint32_t> best(expected.size());
            kernels::search<decltype(arch)>(codebook, x, best);
            INFO(decltype(arch)::name() << ", d = " << d << ", " << rows.size() / d << " rows, nearest: " << nearest);
            CHECK(best == expected);
        });
    }
}

std::vector<float> scaled(std::vector<float> x, float factor) {
    for (float& v : x) {
        v *= factor;
    }
    return x;
}

}  // namespace

TEST_CASE("codebook search: the index that a loop in double finds, on any instruction set",
          "[kernels][codebook_search][exact]") {
    for (const std::size_t d : {1u, 2u, 3u, 4u, 7u, 8u, 16u, 17u, 64u}) {
        for (const std::size_t m : {1u, 2u, 15u, 16u, 17u, 64u, 257u}) {
            auto rows = test::normal_vector(m * d, d * 1000 + m);
            for (std::size_t j = 0; j < d && m > 2; ++j) {
                rows[(m - 1) * d + j] = rows[d + j];  // a tie
            }
            auto x = test::normal_vector(37 * d, 77);
            std::copy_n(rows.begin() + std::ptrdiff_t((m - 1) * d), d, x.begin() + std::ptrdiff_t(5 * d));
            CHECK(by_definition(rows, d, x, true)[5] == (m > 2 ? 1 : m - 1));
            check(rows, d, x);
        }
    }
}

TEST_CASE("codebook search: any number of vectors", "[kernels][codebook_search][exact]") {
    const auto rows = test::normal_vector(40 * 8, 1);
    const auto x = test::normal_vector(200 * 8, 2);
    for (const std::size_t n : {0u, 1u, 15u, 16u, 17u, 32u, 33u, 63u, 64u, 65u, 128u, 200u}) {
        check(rows, 8, std::span(x).first(n * 8));
    }
}

TEST_CASE("codebook search: codewords closer together than float can tell", "[kernels][codebook_search][exact]") {
    constexpr std::size_t d = 8;
    // All codewords within some roundings of one point, in many blocks; vectors near it and far from it.
    auto rows = test::normal_vector(300 * d, 3);
    for (std::size_t m = 1; m < 300; ++m) {
        for (std::size_t j = 0; j < d; ++j) {
            rows[m * d + j] =
                std::bit_cast<float>(std::bit_cast<std::uint32_t>(rows[j]) + std::uint32_t(m * (j + 5) % 7));
        }
    }
    const auto near = test::normal_vector(100 * d, 4);
    check(rows, d, near);
    check(rows, d, scaled(near, 1e6f));
    check(rows, d, std::vector<float>(3 * d));
    // The vertices of a cross-polytope and zero: all codewords are equally good.
    std::vector<float> vertices(2 * d * d);
    for (std::size_t j = 0; j < d; ++j) {
        vertices[2 * j * d + j] = 1;
        vertices[(2 * j + 1) * d + j] = -1;
    }
    check(vertices, d, std::vector<float>(20 * d));
    check(vertices, d, near);
    check(std::vector<float>(100 * d, 0.25f), d, near);
}

TEST_CASE("codebook search: codewords around one point, from far to closer together than 16 bits can tell",
          "[kernels][codebook_search][exact]") {
    constexpr std::size_t d = 6;
    const auto x = test::normal_vector(40 * d, 8);
    for (float apart = 1; apart > 1e-7f; apart /= 8) {
        auto rows = scaled(test::normal_vector(600 * d, 9), apart);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            rows[i] += x[i % d];
        }
        INFO(apart << " apart");
        check(rows, d, x);
        check(rows, d, scaled(x, 3));  // farther away than any codeword
    }
}

TEST_CASE("codebook search: where float overflows or underflows", "[kernels][codebook_search][exact]") {
    constexpr std::size_t d = 4;
    const auto rows = test::normal_vector(50 * d, 5);
    const auto x = test::normal_vector(70 * d, 6);
    for (const float of_rows : {1e-40f, 1e-30f, 1e-20f, 1.0f, 1e18f, 1e30f}) {
        for (const float of_x : {1e-40f, 1e-30f, 1e-20f, 1.0f, 1e18f, 1e30f}) {
            INFO("rows times " << of_rows << ", vectors times " << of_x);
            check(scaled(rows, of_rows), d, scaled(x, of_x));
        }
    }
}

TEST_CASE("codebook search: commutes with rotations of vectors and codewords", "[kernels][codebook_search]") {
    constexpr std::size_t d = 8;
    const auto rows = test::normal_vector(256 * d, 1);
    const auto x = test::normal_vector(200 * d, 2);
    const auto axis = test::normal_vector(d, 3);
    const auto reflected = [&](std::span<const float> in) {  // Householder
        std::vector<float> out(in.size());
        for (std::size_t i = 0; i < in.size(); i += d) {
            double dot = 0;
            for (std::size_t j = 0; j < d; ++j) {
                dot += double(axis[j]) * double(in[i + j]);
            }
            for (std::size_t j = 0; j < d; ++j) {
                out[i + j] = float(double(in[i + j]) - 2 * dot / test::squared_norm(axis) * double(axis[j]));
            }
        }
        return out;
    };
    kernels::search_codebook plain, turned;
    plain.assign_nearest(rows, d);
    turned.assign_nearest(reflected(rows), d);
    std::vector<std::uint32_t> a(200), b(200);
    kernels::search(plain, x, a);
    kernels::search(turned, reflected(x), b);
    CHECK(a == b);
}
