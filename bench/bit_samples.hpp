//! What benchmarks of packed bits share: random matrices and the shape of the products.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/random.hpp>

namespace bench {

//! A product of rows x depth and depth x columns.
struct product_shape {
    std::size_t rows, columns, depth;

    std::string name() const {
        return std::to_string(rows) + "x" + std::to_string(columns) + "x" + std::to_string(depth);
    }
    std::int64_t operations() const { return static_cast<std::int64_t>(2 * rows * columns * depth); }
};
inline constexpr product_shape gemm_shape{1024, 1024, 4096};

//! Features, two hidden layers, classes.
inline constexpr std::size_t network_widths[] = {784, 1024, 1024, 10};
inline constexpr const char* network_name = "784-1024-1024-10";

//! columns: a multiple of 64.
inline frugal::bit_matrix random_bits(std::size_t rows, std::size_t columns, std::uint64_t seed) {
    const frugal::random_stream stream({.seed = seed, .purpose = frugal::purposes::data});
    frugal::bit_matrix m(rows, columns);
    for (std::size_t i = 0; i < m.words().size(); ++i) {
        m.words()[i] = stream.word64(i);
    }
    return m;
}

}  // namespace bench
