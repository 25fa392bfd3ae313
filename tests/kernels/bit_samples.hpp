//! Random packed matrices and the textbook sums that kernels are compared with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/random.hpp>

namespace test {

inline frugal::bit_matrix random_bits(std::size_t rows, std::size_t columns, std::uint64_t seed) {
    const frugal::random_stream stream({.seed = seed, .purpose = frugal::purposes::user});
    frugal::bit_matrix m(rows, columns);
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            m.set(i, j, stream.word(i * columns + j) % 2 == 1);
        }
    }
    return m;
}

inline frugal::ternary_matrix random_ternary(std::size_t rows, std::size_t columns, std::uint64_t seed) {
    const frugal::random_stream stream({.seed = seed, .purpose = frugal::purposes::user});
    frugal::ternary_matrix m(rows, columns);
    for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < columns; ++j) {
            m.set(i, j, static_cast<int>(stream.below(3, i * columns + j)) - 1);
        }
    }
    return m;
}

inline int value_of(const frugal::bit_matrix& m, std::size_t i, std::size_t j) {
    return m(i, j) ? 1 : -1;
}
inline int value_of(const frugal::ternary_matrix& m, std::size_t i, std::size_t j) {
    return m(i, j);
}

//! a b^T, a row-major matrix of a.rows() x b.rows().
template <class B>
std::vector<std::int32_t> product(const frugal::bit_matrix& a, const B& b) {
    std::vector<std::int32_t> c(a.rows() * b.rows());
    for (std::size_t i = 0; i < a.rows(); ++i) {
        for (std::size_t j = 0; j < b.rows(); ++j) {
            for (std::size_t k = 0; k < a.columns(); ++k) {
                c[i * b.rows() + j] += value_of(a, i, k) * value_of(b, j, k);
            }
        }
    }
    return c;
}

}  // namespace test
