//! Hadamard matrices whose order is no power of two (Paley 1933), and products with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <frugal/core/loan.hpp>
#include <frugal/kernels/batch.hpp>

namespace frugal::kernels {
namespace detail {

constexpr bool is_prime(std::size_t n) {
    for (std::size_t f = 2; f * f <= n; ++f) {
        if (n % f == 0) {
            return false;
        }
    }
    return n > 1;
}

//! p where q = p or q = p^2 for an odd prime p, otherwise 0.
constexpr std::size_t field_prime(std::size_t q) {
    if (q % 2 == 0 || is_prime(q)) {
        return q % 2 == 0 ? 0 : q;
    }
    for (std::size_t p = 3; p * p <= q; p += 2) {
        if (p * p == q && is_prime(p)) {
            return p;
        }
    }
    return 0;
}

//! 1 where a is a square of the field with p elements, -1 where it is none, 0 at 0.
constexpr int quadratic_character(std::size_t a, std::size_t p) {
    if (a % p == 0) {
        return 0;
    }
    for (std::size_t b = 1; b <= p / 2; ++b) {
        if (b * b % p == a % p) {
            return 1;
        }
    }
    return -1;
}

}  // namespace detail

//! The q of Paley's first construction, order q + 1 (q = 3 modulo 4), or of his second, order 2 (q + 1) (q = 1 modulo
//! 4); q a prime or, in the second, the square of one. 0 where there is none for this order.
constexpr std::size_t paley_field(std::size_t order) {
    if (order % 4 != 0) {
        return 0;
    }
    if (detail::field_prime(order - 1) != 0) {  // 3 modulo 4, so no square
        return order - 1;
    }
    const std::size_t q = order / 2 - 1;
    return q % 4 == 1 && detail::field_prime(q) != 0 ? q : 0;
}

//! matrix: order^2 entries 1 and -1, row by row, with orthogonal rows. The order has a `paley_field`. O(order^2).
inline void fill_paley(std::size_t order, std::span<float> matrix) {
    const std::size_t q = paley_field(order);
    const std::size_t p = detail::field_prime(q);
    const std::size_t digits = q / p;  // 1, or p for the field of a + b r, r^2 the least number that is no square
    const auto character = borrow<std::int8_t>(q);
    std::size_t r = 1;
    while (detail::quadratic_character(r, p) != -1) {
        ++r;
    }
    for (std::size_t e = 0; e < q; ++e) {
        const std::size_t a = e / digits % p;
        const std::size_t b = e % digits;
        const std::size_t norm = digits == 1 ? e : (a * a + (p - r) * (b * b % p)) % p;
        character[e] = static_cast<std::int8_t>(detail::quadratic_character(norm, p));
    }
    const auto of_difference = [&](std::size_t i, std::size_t j) {
        const std::size_t high = (i / digits + p - j / digits) % p;
        const std::size_t low = (i % digits + digits - j % digits) % digits;
        return float(character[high * digits + low]);
    };
    // A border of ones around the characters of differences, with 0 on the diagonal.
    const bool first_kind = order == q + 1;
    const auto conference = [&](std::size_t i, std::size_t j) {
        if (i == 0 || j == 0) {
            return i == j ? 0.0f : (first_kind && j == 0 ? -1.0f : 1.0f);
        }
        return of_difference(i - 1, j - 1);
    };
    for (std::size_t i = 0; i < order; ++i) {
        for (std::size_t j = 0; j < order; ++j) {
            float& entry = matrix[i * order + j];
            if (first_kind) {
                entry = i == j ? 1.0f : conference(i, j);
            } else if (i / 2 == j / 2) {
                entry = i % 2 == 0 && j % 2 == 0 ? 1.0f : -1.0f;
            } else {
                entry = i % 2 == 1 && j % 2 == 1 ? -conference(i / 2, j / 2) : conference(i / 2, j / 2);
            }
        }
    }
}

//! out_i = sum over j of matrix(i, j) x_j, for rows x_j and out_i of `width` elements, j in order; with `transposed`,
//! matrix(j, i). Products with 1 and -1 are exact, so every instruction set has the same bits. O(order^2 width).
inline void combine_rows(std::span<const float> matrix, std::size_t order, bool transposed, std::span<const float> x,
                         std::size_t width, std::span<float> out) {
    for (std::size_t i = 0; i < order; ++i) {
        float* const to = out.data() + i * width;
        for (std::size_t j = 0; j < order; ++j) {
            const float sign = transposed ? matrix[j * order + i] : matrix[i * order + j];
            const float* const row = x.data() + j * width;
            if (j == 0) {
                for (std::size_t c = 0; c < width; ++c) {
                    to[c] = sign * row[c];
                }
            } else {
                for (std::size_t c = 0; c < width; ++c) {
                    to[c] += sign * row[c];
                }
            }
        }
    }
}

}  // namespace frugal::kernels
