#include <frugal/model/blas.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

#include <frugal/core/random.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

//! Small integers: their products and sums are exact in float.
std::vector<float> integers(std::size_t n, std::uint64_t seed) {
    const random_stream stream({.seed = seed});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = static_cast<float>(stream.below(9, i)) - 4;
    }
    return x;
}

}  // namespace

TEST_CASE("blas: by hand, stored and transposed", "[model][blas][exact]") {
    using enum blas::layout;
    const std::vector<double> a{1, 2, 3, 4, 5, 6}, b{1, 0, -1, 2, 1, 1};  // 2 x 3 and 3 x 2
    std::vector<double> c{100, 100, 100, 100};
    blas::multiply<double>(stored, stored, 2, 2, 3, a.data(), 3, b.data(), 2, 0, c.data(), 2, true);
    CHECK(c == std::vector<double>{2, 7, 5, 16});
    blas::multiply<double>(stored, stored, 2, 2, 3, a.data(), 3, b.data(), 2, 1, c.data(), 2, false);
    CHECK(c == std::vector<double>{4, 14, 10, 32});
    std::vector<double> d(9, NAN);
    blas::multiply<double>(transposed, transposed, 3, 3, 2, a.data(), 3, b.data(), 2, 0, d.data(), 3, true);
    CHECK(d == std::vector<double>{1, 7, 5, 2, 8, 7, 3, 9, 9});
}

TEST_CASE("blas: slices of a large product are the product, within a wider matrix", "[model][blas]") {
    using enum blas::layout;
    for (const bool slice_rows : {true, false}) {
        for (const auto a_layout : {stored, transposed}) {
            for (const auto b_layout : {stored, transposed}) {
                const std::size_t rows = slice_rows ? 517 : 33, columns = slice_rows ? 33 : 517, depth = 150, wider = 3;
                const std::size_t lda = (a_layout == stored ? depth : rows) + wider;
                const std::size_t ldb = (b_layout == stored ? columns : depth) + wider;
                const std::size_t ldc = columns + wider;
                const auto a = integers((a_layout == stored ? rows : depth) * lda, 1);
                const auto b = integers((b_layout == stored ? depth : columns) * ldb, 2);
                auto c = integers(rows * ldc, 3);
                const auto before = c;
                blas::multiply<float>(a_layout, b_layout, rows, columns, depth, a.data(), lda, b.data(), ldb, 1,
                                      c.data(), ldc, slice_rows);
                std::size_t wrong = 0;
                for (std::size_t i = 0; i < rows; ++i) {
                    for (std::size_t j = 0; j < ldc; ++j) {
                        float sum = before[i * ldc + j];
                        for (std::size_t k = 0; k < depth && j < columns; ++k) {
                            sum += (a_layout == stored ? a[i * lda + k] : a[k * lda + i]) *
                                   (b_layout == stored ? b[k * ldb + j] : b[j * ldb + k]);
                        }
                        wrong += c[i * ldc + j] != sum;
                    }
                }
                CHECK(wrong == 0);
            }
        }
    }
}
