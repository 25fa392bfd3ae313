//! Messages as an attacker would write them: any payload behind a correct checksum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/core/message.hpp>

namespace frugal::testing {

//! The bytes with bit i (the least significant of the first byte is bit 0) inverted.
inline std::vector<std::byte> with_bit_flipped(std::span<const std::byte> bytes, std::size_t i) {
    std::vector<std::byte> changed(bytes.begin(), bytes.end());
    changed[i / 8] ^= static_cast<std::byte>(1u << (i % 8));
    return changed;
}

//! A valid message of that identity around any payload at all.
inline message message_around(std::uint64_t scheme, random_key key, std::size_t dimension,
                              std::span<const std::byte> payload) {
    message m;
    m.begin(scheme, key, dimension);
    m.buffer().insert(m.buffer().end(), payload.begin(), payload.end());
    m.seal(std::uint64_t{payload.size()} * 8);
    return m;
}

//! The same message with another payload, and a checksum to match.
inline message with_payload(const message& m, std::span<const std::byte> payload) {
    message changed = m;
    changed.buffer().resize(message::header_size);
    changed.buffer().insert(changed.buffer().end(), payload.begin(), payload.end());
    changed.seal(std::uint64_t{payload.size()} * 8);
    return changed;
}

}  // namespace frugal::testing
