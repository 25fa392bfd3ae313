//! Counts of bits and inner products of packed {-1, +1} vectors, one at a time.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <frugal/core/bit_matrix.hpp>
#include <frugal/kernels/bit_lanes.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

namespace detail {

template <class Lanes>
std::uint64_t sum_of_lanes(const typename Lanes::vector& x) {
    std::array<std::uint32_t, Lanes::lanes> lane;
    Lanes::store(x, lane.data());
    std::uint64_t sum = 0;
    for (const std::uint32_t n : lane) {
        sum += n;
    }
    return sum;
}

//! How many bits of `count` vectors are 1; bits(i) is the i-th. As many sums as c hide the latency of a count.
template <class Lanes, class Bits, std::size_t... c>
std::uint64_t count_vectors(std::size_t count, Bits bits, std::index_sequence<c...>) {
    constexpr std::size_t chains = sizeof...(c);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < count;) {
        const std::size_t groups = std::min((count - i) / chains, Lanes::steps - 1);  // a step is left for the rest
        typename Lanes::vector sum[] = {((void)c, Lanes::zero())...};
        for (const std::size_t end = i + groups * chains; i < end; i += chains) {
            ((sum[c] = Lanes::add(sum[c], Lanes::count(bits(i + c)))), ...);
        }
        if (const std::size_t rest = count - i; rest < chains) {
            ((c < rest ? void(sum[c] = Lanes::add(sum[c], Lanes::count(bits(i + c)))) : void()), ...);
            i = count;
        }
        typename Lanes::vector all = Lanes::zero();
        ((all = Lanes::add(all, Lanes::widen(sum[c]))), ...);
        total += sum_of_lanes<Lanes>(all);
    }
    return total;
}

//! Counts the bits of `words` words: `vector(i)` is the i-th vector of them, `word(i)` the i-th word.
template <class Arch, class Vector, class Word>
std::uint64_t count_bits(std::size_t words, Vector vector, Word word) {
    using lanes = bit_lanes<Arch>;
    constexpr std::size_t words_of_vector = lanes::lanes / 2;
    const std::size_t vectors = words / words_of_vector;
    std::uint64_t total = count_vectors<lanes>(vectors, vector, std::make_index_sequence<4>{});
    for (std::size_t i = vectors * words_of_vector; i < words; ++i) {
        total += static_cast<std::uint64_t>(std::popcount(word(i)));
    }
    return total;
}

//! The i-th vector of the words of x.
template <class Arch>
typename bit_lanes<Arch>::vector load_bits(bit_view x, std::size_t i) {
    return bit_lanes<Arch>::load(x.words().data() + i * (bit_lanes<Arch>::lanes / 2));
}

}  // namespace detail

//! How many bits are 1. O(n / 512) steps with AVX-512.
template <class Arch = default_arch>
std::uint64_t popcount(bit_view x) {
    return detail::count_bits<Arch>(
        x.words().size(), [x](std::size_t i) { return detail::load_bits<Arch>(x, i); },
        [x](std::size_t i) { return x.words()[i]; });
}

//! How many bits of two vectors of equal size differ: their Hamming distance.
template <class Arch = default_arch>
std::uint64_t xor_popcount(bit_view x, bit_view y) {
    assert(x.size() == y.size());
    return detail::count_bits<Arch>(
        x.words().size(),
        [x, y](std::size_t i) {
            return bit_lanes<Arch>::exclusive_or(detail::load_bits<Arch>(x, i), detail::load_bits<Arch>(y, i));
        },
        [x, y](std::size_t i) { return x.words()[i] ^ y.words()[i]; });
}

//! The inner product of two {-1, +1} vectors of n elements: those that agree minus those that do not, n - 2 (x XOR y).
template <class Arch = default_arch>
std::int64_t xnor_dot(bit_view x, bit_view y) {
    return static_cast<std::int64_t>(x.size()) - 2 * static_cast<std::int64_t>(xor_popcount<Arch>(x, y));
}

//! y_i = sum_j a_ij x_j of a {-1, +1} matrix and vector, of less than 2^31 columns; y: a.rows() numbers.
template <class Arch = default_arch>
void xnor_product(bit_matrix_view a, bit_view x, std::span<std::int32_t> y) {
    assert(a.columns() == x.size() && a.rows() == y.size());
    for (std::size_t i = 0; i < a.rows(); ++i) {
        y[i] = static_cast<std::int32_t>(xnor_dot<Arch>(a.row(i), x));
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
