//! Matrix products through CBLAS (OpenBLAS, BLIS, MKL or the reference library: whichever is linked).
#pragma once

#include <algorithm>
#include <cstddef>

#include <cblas.h>

//! Defined by OpenBLAS only: null when another BLAS is linked.
extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace frugal::blas {

//! Makes every call of OpenBLAS in this process single threaded, once: nodes already run in parallel, and results must
//! not depend on how many threads there are. Other libraries are told so by their environment (MKL_NUM_THREADS=1).
inline void use_one_thread_per_call() {
    static const bool once = [] {
        if (openblas_set_num_threads != nullptr) {
            openblas_set_num_threads(1);
        }
        return true;
    }();
    static_cast<void>(once);
}

//! Whether a factor is used as stored or transposed.
enum class layout { stored, transposed };

//! C = A B + beta C in one call, for row-major matrices of floats or doubles; see `multiply`.
inline void call(CBLAS_TRANSPOSE a_layout, CBLAS_TRANSPOSE b_layout, int rows, int columns, int depth, const float* a,
                 int lda, const float* b, int ldb, float beta, float* c, int ldc) {
    cblas_sgemm(CblasRowMajor, a_layout, b_layout, rows, columns, depth, 1.0f, a, lda, b, ldb, beta, c, ldc);
}
inline void call(CBLAS_TRANSPOSE a_layout, CBLAS_TRANSPOSE b_layout, int rows, int columns, int depth, const double* a,
                 int lda, const double* b, int ldb, double beta, double* c, int ldc) {
    cblas_dgemm(CblasRowMajor, a_layout, b_layout, rows, columns, depth, 1.0, a, lda, b, ldb, beta, c, ldc);
}

//! C = A B + beta C for row-major matrices: C is rows x columns (leading dimension ldc), the sum has `depth` terms.
//!
//! For few rows or little depth (a mini-batch) the product is computed in slices of C small enough for the kernels that
//! a BLAS has for small matrices, which do not repack the large factor: a third to a half faster with OpenBLAS.
//! `slice_rows` says which side of C is long. The slices depend on the sizes alone, hence so do the bits.
template <class T>
void multiply(layout a_layout, layout b_layout, std::size_t rows, std::size_t columns, std::size_t depth, const T* a,
              std::size_t lda, const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc, bool slice_rows) {
    constexpr std::size_t small = 1'000'000;  // multiply-adds
    constexpr std::size_t narrowest = 16;
    const std::size_t extent = slice_rows ? rows : columns;
    const std::size_t others = (slice_rows ? columns : rows) * depth;
    std::size_t width = extent;
    if (others * extent > small && small / others >= narrowest) {
        const std::size_t slices = (others * extent + small - 1) / small;
        const std::size_t even = (extent + slices - 1) / slices;
        width = std::min(small / others / narrowest, (even + narrowest - 1) / narrowest) * narrowest;
    }
    const auto transpose = [](layout l) { return l == layout::stored ? CblasNoTrans : CblasTrans; };
    const auto size = [](std::size_t n) { return static_cast<int>(n); };
    for (std::size_t i = 0; i < extent; i += width) {
        const std::size_t n = std::min(width, extent - i);
        const std::size_t row = slice_rows ? i : 0;
        const std::size_t column = slice_rows ? 0 : i;
        call(transpose(a_layout), transpose(b_layout), size(slice_rows ? n : rows), size(slice_rows ? columns : n),
             size(depth), a + (a_layout == layout::stored ? row * lda : row), size(lda),
             b + (b_layout == layout::stored ? column : column * ldb), size(ldb), beta, c + row * ldc + column,
             size(ldc));
    }
}

}  // namespace frugal::blas
