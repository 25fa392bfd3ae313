//! What fuzz targets share: ending the process where a promise is broken, and messages completed so that they parse.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include <frugal/core/crc32c.hpp>
#include <frugal/core/message.hpp>

namespace fuzz {

inline void require(bool condition, const char* promise) {
    if (!condition) {
        std::fprintf(stderr, "broken promise: %s\n", promise);
        std::abort();
    }
}

//! The bytes of a message without its checksum, with length and checksum made to fit.
inline std::vector<std::byte> completed_message(std::span<const std::byte> bytes) {
    std::vector<std::byte> m(bytes.begin(), bytes.end());
    if (m.size() < frugal::message::header_size) {
        m.resize(frugal::message::header_size);
    }
    const std::uint64_t payload_size = m.size() - frugal::message::header_size;
    std::memcpy(m.data() + 48, &payload_size, sizeof payload_size);
    const std::uint32_t checksum = frugal::crc32c(m);
    const auto* p = reinterpret_cast<const std::byte*>(&checksum);
    m.insert(m.end(), p, p + sizeof checksum);
    return m;
}

}  // namespace fuzz
