//! Steps of belief propagation on many parity checks at once, in 16-bit integers: plain loops a compiler vectorizes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace frugal::kernels {

//! Magnitudes of messages stay below; log-likelihoods are in units of 1 / 16.
inline constexpr std::int16_t largest_message = 1000;
inline constexpr std::int16_t largest_belief = 8000;

//! out[(i + shift) mod n] = x[i]; shift <= n.
inline void rotate(const std::int16_t* x, std::size_t shift, std::size_t n, std::int16_t* out) {
    std::memcpy(out + shift, x, (n - shift) * sizeof *x);
    std::memcpy(out, x + (n - shift), shift * sizeof *x);
}

//! out[(i + shift) mod n] ^= x[i]; shift < n.
inline void flip_rotated(const std::uint8_t* x, std::size_t shift, std::size_t n, std::uint8_t* out) {
    for (std::size_t i = 0; i < n - shift; ++i) {
        out[i + shift] = static_cast<std::uint8_t>(out[i + shift] ^ x[i]);
    }
    for (std::size_t i = n - shift; i < n; ++i) {
        out[i + shift - n] = static_cast<std::uint8_t>(out[i + shift - n] ^ x[i]);
    }
}

//! 16 log(1 + exp(-x / 16)) for x in [0, 10000], as the largest of three straight lines: off by at most 1.22 units.
constexpr std::int16_t softening(std::int16_t x) {
    const auto steep = static_cast<std::int16_t>(11 - (static_cast<std::int16_t>(3 * x) >> 3));
    const auto flat = static_cast<std::int16_t>(6 - (x >> 3));
    return std::max(std::max(steep, flat), std::int16_t{0});
}

//! out = the magnitude of a belief in the sum of two bits that are believed in with magnitudes a and b:
//! min(a, b) + log(1 + e^-(a + b)) - log(1 + e^-|a - b|). out may be a or b.
inline void combine_beliefs(const std::int16_t* a, const std::int16_t* b, std::size_t n, std::int16_t* out) {
    for (std::size_t i = 0; i < n; ++i) {
        const std::int16_t low = std::min(a[i], b[i]);
        const std::int16_t high = std::max(a[i], b[i]);
        const auto value = static_cast<std::int16_t>(low + softening(static_cast<std::int16_t>(low + high)) -
                                                     softening(static_cast<std::int16_t>(high - low)));
        out[i] = std::max(value, std::int16_t{0});
    }
}

//! q: beliefs; becomes q - message. magnitude: its size. sign, parity: -1 or 0, flipped by the sign of what is left,
//! and by that of the belief.
inline void take_out(const std::int16_t* message, std::size_t n, std::int16_t* q, std::int16_t* magnitude,
                     std::int16_t* sign, std::int16_t* parity) {
    for (std::size_t i = 0; i < n; ++i) {
        parity[i] = static_cast<std::int16_t>(parity[i] ^ (q[i] >> 15));
        const auto left = static_cast<std::int16_t>(q[i] - message[i]);
        const auto negative = static_cast<std::int16_t>(left >> 15);
        q[i] = left;
        sign[i] = static_cast<std::int16_t>(sign[i] ^ negative);
        magnitude[i] = std::min(static_cast<std::int16_t>((left ^ negative) - negative), largest_message);
    }
}

//! message: `magnitude` with the sign of all other edges; q becomes q + message.
inline void put_back(const std::int16_t* magnitude, const std::int16_t* sign, std::size_t n, std::int16_t* q,
                     std::int16_t* message) {
    for (std::size_t i = 0; i < n; ++i) {
        const auto others = static_cast<std::int16_t>(sign[i] ^ (q[i] >> 15));
        const auto sent = static_cast<std::int16_t>((magnitude[i] ^ others) - others);
        message[i] = sent;
        const auto sum = static_cast<std::int16_t>(q[i] + sent);
        q[i] = std::max(std::min(sum, largest_belief), static_cast<std::int16_t>(-largest_belief));
    }
}

}  // namespace frugal::kernels
