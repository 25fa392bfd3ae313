#include <frugal/kernels/codebook_search.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

TEST_CASE("codebook search: the lowest of the best rows, on any instruction set", "[kernels][codebook_search]") {
    for (const std::size_t d : {1u, 2u, 3u, 4u, 7u, 8u, 16u, 17u, 64u}) {
        for (const std::size_t m : {1u, 2u, 15u, 16u, 17u, 64u, 257u}) {
            auto rows = test::normal_vector(m * d, d * 1000 + m);
            for (std::size_t j = 0; j < d && m > 2; ++j) {
                rows[(m - 1) * d + j] = rows[d + j];  // a tie
            }
            auto x = test::normal_vector(37 * d, 77);
            std::copy_n(rows.begin() + std::ptrdiff_t((m - 1) * d), d, x.begin() + std::ptrdiff_t(5 * d));
            kernels::search_codebook codebook;
            codebook.assign_nearest(rows, d);
            std::vector<std::uint32_t> fast(37), scalar(37);
            kernels::search(codebook, x, fast);
            kernels::search<scalar_arch>(codebook, x, scalar);
            CHECK(fast == scalar);
            CHECK(fast[5] == (m > 2 ? 1 : m - 1));
            for (std::size_t i = 0; i < 37; ++i) {
                const auto distance = [&](std::size_t row) {
                    return test::squared_distance(std::span(x).subspan(i * d, d), std::span(rows).subspan(row * d, d));
                };
                for (std::size_t row = 0; row < m; ++row) {
                    CHECK(distance(fast[i]) <= distance(row) + 1e-4);
                }
            }
            codebook.assign(rows, d);
            kernels::search(codebook, x, fast);
            kernels::search<scalar_arch>(codebook, x, scalar);
            CHECK(fast == scalar);
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
