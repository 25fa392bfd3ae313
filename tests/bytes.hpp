//! Bytes for tests: hexadecimal text, and messages put together by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <frugal/core/message.hpp>

namespace test {

//! Two digits a byte; characters that are no digits (spaces, line ends) only separate.
inline std::vector<std::byte> bytes_of_hex(std::string_view text) {
    std::vector<std::byte> bytes;
    unsigned value = 0;
    bool half = false;
    for (const char c : text) {
        const std::size_t digit = std::string_view("0123456789abcdef").find(c);
        if (digit == std::string_view::npos) {
            continue;
        }
        value = value * 16 + static_cast<unsigned>(digit);
        if (half) {
            bytes.push_back(static_cast<std::byte>(value));
            value = 0;
        }
        half = !half;
    }
    return bytes;
}

inline std::string hex_of_bytes(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte b : bytes) {
        text += "0123456789abcdef"[static_cast<unsigned>(b) >> 4];
        text += "0123456789abcdef"[static_cast<unsigned>(b) & 15u];
    }
    return text;
}

//! The bytes with bit i (the least significant of the first byte is bit 0) inverted.
inline std::vector<std::byte> with_bit_flipped(std::span<const std::byte> bytes, std::size_t i) {
    std::vector<std::byte> changed(bytes.begin(), bytes.end());
    changed[i / 8] ^= static_cast<std::byte>(1u << (i % 8));
    return changed;
}

//! A valid message of that identity around any payload at all.
inline frugal::message message_around(std::uint64_t scheme, frugal::random_key key, std::size_t dimension,
                                      std::span<const std::byte> payload) {
    frugal::message m;
    m.begin(scheme, key, dimension);
    m.buffer().insert(m.buffer().end(), payload.begin(), payload.end());
    m.seal(std::uint64_t{payload.size()} * 8);
    return m;
}

//! The same message with another payload, and a checksum to match.
inline frugal::message with_payload(const frugal::message& m, std::span<const std::byte> payload) {
    frugal::message changed = m;
    changed.buffer().resize(frugal::message::header_size);
    changed.buffer().insert(changed.buffer().end(), payload.begin(), payload.end());
    changed.seal(std::uint64_t{payload.size()} * 8);
    return changed;
}

}  // namespace test
