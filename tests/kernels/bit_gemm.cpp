#include <frugal/kernels/bit_gemm.hpp>

#include <cstdint>
#include <utility>
#include <vector>

#include "architectures.hpp"
#include "bit_samples.hpp"
#include "catch.hpp"

using namespace frugal;

namespace {

struct shape {
    std::size_t rows, columns, depth;
};

//! Edges of tiles, of panels of 16 columns, of words, of 31 partial counts, and of slices of 512 half words.
constexpr shape shapes[] = {{1, 1, 1},      {1, 1, 64},     {3, 5, 65},     {4, 16, 63},
                            {8, 48, 128},   {9, 49, 1000},  {15, 31, 992},  {17, 33, 993},
                            {7, 100, 2047}, {23, 95, 4096}, {5, 17, 16384}, {2, 33, 16385},
                            {9, 2, 40000},  {0, 3, 10},     {3, 0, 10},     {2, 3, 0}};

}  // namespace

TEST_CASE("bit_gemm: Boolean products are the textbook ones, prepared or not", "[kernels][bit_gemm][equivalence]") {
    for (const shape& s : shapes) {
        const bit_matrix a = test::random_bits(s.rows, s.depth, 1);
        const bit_matrix b = test::random_bits(s.columns, s.depth, 2);
        const kernels::bit_panels prepared(b);
        const std::vector<std::int32_t> expected = test::product(a, b);
        test::for_each_architecture([&](auto arch) {
            using architecture = decltype(arch);
            INFO(kernels::popcount_path<architecture>() << ", " << s.rows << " x " << s.columns << " x " << s.depth);
            std::vector<std::int32_t> c(expected.size(), 77);
            kernels::boolean_gemm<architecture>(a, b, c);
            CHECK(c == expected);
            c.assign(expected.size(), 77);
            kernels::boolean_gemm<architecture>(a, prepared, c);
            CHECK(c == expected);
        });
    }
}

TEST_CASE("bit_gemm: ternary products are the textbook ones", "[kernels][bit_gemm][equivalence]") {
    for (const shape& s : shapes) {
        const bit_matrix a = test::random_bits(s.rows, s.depth, 3);
        const ternary_matrix b = test::random_ternary(s.columns, s.depth, 4);
        const std::vector<std::int32_t> expected = test::product(a, b);
        test::for_each_architecture([&](auto arch) {
            using architecture = decltype(arch);
            INFO(kernels::popcount_path<architecture>() << ", " << s.rows << " x " << s.columns << " x " << s.depth);
            std::vector<std::int32_t> c(expected.size(), 77);
            kernels::ternary_gemm<architecture>(a, b, c);
            CHECK(c == expected);
        });
    }
}

TEST_CASE("bit_gemm: agreement and disagreement everywhere reach plus and minus the depth",
          "[kernels][bit_gemm][exact]") {
    constexpr std::size_t depth = 20000;
    bit_matrix a(9, depth);
    bit_matrix b(17, depth);
    for (std::size_t j = 0; j < depth; ++j) {
        a.set(8, j, true);
        b.set(16, j, true);
    }
    test::for_each_architecture([&](auto arch) {
        std::vector<std::int32_t> c(9 * 17);
        kernels::boolean_gemm<decltype(arch)>(a, b, c);
        CHECK((c[0] == 20000 && c[16] == -20000 && c[8 * 17] == -20000 && c[8 * 17 + 16] == 20000));
    });
}

TEST_CASE("bit_gemm: prepared weights take less than a twentieth of floats", "[kernels][bit_gemm][exact]") {
    for (const auto& [rows, columns] : {std::pair{1024u, 784u}, {10u, 1024u}, {512u, 1000u}}) {
        const kernels::bit_panels panels(bit_matrix(rows, columns));
        CHECK(20 * panels.words().size_bytes() <= std::size_t{rows} * columns * sizeof(float));
        CHECK(panels.words().size_bytes() * 8 >= std::size_t{rows} * columns);
    }
}
