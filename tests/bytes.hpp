//! Bytes for tests: hexadecimal text, and messages put together by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <frugal/testing/altered.hpp>

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

using frugal::testing::message_around;
using frugal::testing::with_bit_flipped;
using frugal::testing::with_payload;

}  // namespace test
