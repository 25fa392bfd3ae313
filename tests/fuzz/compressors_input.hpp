//! How the fuzz target `compressors` reads its input, and how its seeds are written.
//!
//! Byte 0: which of `test::all_compositions()`; byte 1: what to do with the rest (2 bits) and the sender's node (the
//! other 6); byte 2: the dimension, as an index into `dimensions`; the rest: a payload, a message or numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/core/random.hpp>

namespace fuzz {

enum class task : std::uint8_t { decode_payload, decode_message, encode, decode_twice };

inline constexpr std::array<std::size_t, 16> dimensions{0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 100, 129, 255, 400, 1000};

struct compressors_input {
    std::uint8_t composition = 0;
    task what = task::decode_payload;
    std::uint8_t node = 0;
    std::size_t dimension = 0;
    std::span<const std::byte> rest;

    static bool read(std::span<const std::byte> bytes, compressors_input& input) {
        if (bytes.size() < 3) {
            return false;
        }
        input.composition = static_cast<std::uint8_t>(bytes[0]);
        input.what = static_cast<task>(static_cast<unsigned>(bytes[1]) & 3u);
        input.node = static_cast<std::uint8_t>(static_cast<unsigned>(bytes[1]) >> 2);
        input.dimension = dimensions[static_cast<unsigned>(bytes[2]) % dimensions.size()];
        input.rest = bytes.subspan(3);
        return true;
    }
    static std::vector<std::byte> write(std::size_t composition, task what, unsigned node, std::size_t dimension_index,
                                        std::span<const std::byte> rest) {
        std::vector<std::byte> bytes{static_cast<std::byte>(composition),
                                     static_cast<std::byte>(static_cast<unsigned>(what) | node << 2),
                                     static_cast<std::byte>(dimension_index)};
        bytes.insert(bytes.end(), rest.begin(), rest.end());
        return bytes;
    }
    frugal::random_key key() const { return {.seed = 7, .node = node, .round = 5, .purpose = 1}; }
};

}  // namespace fuzz
