//! Inner and outer products of float vectors, accumulated in double.
//!
//! The product of two floats is exact in double, so a compiler that contracts a * b + c changes nothing; with a fixed
//! order of summation the results have the same bits on every instruction set, at plain loops a compiler vectorizes.
#pragma once

#include <array>
#include <cstddef>

namespace frugal::kernels {

//! sum of x_i y_i, i < n; element i belongs to lane i mod 16, then a fixed tree. Finite unless an input is not.
inline double dot(const float* x, const float* y, std::size_t n) {
    constexpr std::size_t lanes = 16;
    std::array<double, lanes> lane{};
    const std::size_t whole = n - n % lanes;
    for (std::size_t i = 0; i < whole; i += lanes) {
        for (std::size_t l = 0; l < lanes; ++l) {
            lane[l] += static_cast<double>(x[i + l]) * static_cast<double>(y[i + l]);
        }
    }
    for (std::size_t l = 0; l < n - whole; ++l) {
        lane[l] += static_cast<double>(x[whole + l]) * static_cast<double>(y[whole + l]);
    }
    for (std::size_t width = lanes / 2; width > 0; width /= 2) {
        for (std::size_t l = 0; l < width; ++l) {
            lane[l] += lane[l + width];
        }
    }
    return lane[0];
}

//! sum_j += sum over r < rows of weights[r * stride] * x[r][j], j < n: row after row for every j.
//!
//! x: pointers to the rows; sum: n doubles.
inline void add_weighted_rows(const float* const* x, std::size_t rows, const float* weights, std::size_t stride,
                              double* sum, std::size_t n) {
    constexpr std::size_t block = 16;  // few enough for the sums to stay in the registers of any instruction set
    const std::size_t whole = n - n % block;
    for (std::size_t j = 0; j < whole; j += block) {
        std::array<double, block> s;
        for (std::size_t l = 0; l < block; ++l) {
            s[l] = sum[j + l];
        }
        for (std::size_t r = 0; r < rows; ++r) {
            const double weight = static_cast<double>(weights[r * stride]);
            const float* row = x[r] + j;
            for (std::size_t l = 0; l < block; ++l) {
                s[l] += weight * static_cast<double>(row[l]);
            }
        }
        for (std::size_t l = 0; l < block; ++l) {
            sum[j + l] = s[l];
        }
    }
    for (std::size_t j = whole; j < n; ++j) {
        double s = sum[j];
        for (std::size_t r = 0; r < rows; ++r) {
            s += static_cast<double>(weights[r * stride]) * static_cast<double>(x[r][j]);
        }
        sum[j] = s;
    }
}

}  // namespace frugal::kernels
