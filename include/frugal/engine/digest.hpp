//! Digests of parameters: two runs with equal digests ended with the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/random.hpp>
#include <frugal/node/population.hpp>

namespace frugal {

//! A 64-bit digest of n floats, bit by bit (so 0 and -0 differ), and of n itself. Not cryptographic. O(n).
inline std::uint64_t digest_of(std::span<const float> x) {
    std::uint64_t lane[4] = {1, 2, 3, 4};
    const std::size_t bytes = x.size_bytes();
    const auto* p = reinterpret_cast<const std::byte*>(x.data());
    std::size_t at = 0, k = 0;
    for (; at + 8 <= bytes; at += 8, k = (k + 1) % 4) {
        std::uint64_t word;
        std::memcpy(&word, p + at, 8);
        lane[k] = mix_bits(lane[k] ^ word);
    }
    std::uint64_t rest = 0;
    if (at < bytes) {
        std::memcpy(&rest, p + at, bytes - at);
    }
    std::uint64_t h = mix_bits(rest ^ x.size());
    for (const std::uint64_t l : lane) {
        h = mix_bits(h ^ l);
    }
    return h;
}

//! Combines the digests of nodes, in node order, into 16 hex digits.
inline std::string combine_digests(std::span<const std::uint64_t> digests) {
    std::uint64_t h = digests.size();
    for (const std::uint64_t d : digests) {
        h = mix_bits(h ^ d);
    }
    constexpr const char* digits = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t i = 16; i > 0; --i, h >>= 4) {
        text[i - 1] = digits[h & 15u];
    }
    return text;
}

//! Hex digest of the parameters of all nodes of a vector or population, in node order: that of the run's report.
template <class Nodes>
std::string parameters_digest(Nodes& nodes) {
    std::vector<std::uint64_t> digests;
    for (auto& n : nodes) {
        digests.push_back(digest_of(parameters_of(n)));
    }
    return combine_digests(digests);
}

}  // namespace frugal
