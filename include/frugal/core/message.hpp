//! A message: the bytes one node sends to another, in the wire format of docs/wire-format.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <frugal/core/bits.hpp>
#include <frugal/core/crc32c.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/random.hpp>

namespace frugal {

//! Stable 64-bit id of a composition's textual name (FNV-1a), so that a receiver with another composition refuses it.
constexpr std::uint64_t scheme_id(std::string_view name) {
    std::uint64_t h = 0xCBF29CE484222325u;
    for (const char c : name) {
        h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
    }
    return h;
}

//! Owns the bytes of one message. A default message is empty; `begin` and `seal` write one, `parse` reads one.
//!
//! Layout, little endian: magic "frgl" (4), version (2), mark of the seed (2), scheme (8), round (8), node (4),
//! purpose (4), dimension (8), payload bits (8), payload bytes (8), payload, CRC-32C of all before it (4).
class message {
public:
    static constexpr std::size_t header_size = 56;
    static constexpr std::size_t checksum_size = payload_writer::room_for_checksum;
    static constexpr std::uint16_t version = 2;

    //! Forgets the content, keeps the capacity, and writes a header; a `payload_writer(m.buffer())` then appends.
    void begin(std::uint64_t scheme, random_key key, std::size_t dimension) {
        bytes_.clear();
        bytes_.resize(header_size);
        std::memcpy(bytes_.data(), magic.data(), magic.size());
        store<std::uint16_t>(4, version);
        store<std::uint16_t>(6, seed_mark_of(key.seed));
        store<std::uint64_t>(8, scheme);
        store<std::uint64_t>(16, key.round);
        store<std::uint32_t>(24, key.node);
        store<std::uint32_t>(28, key.purpose);
        store<std::uint64_t>(32, dimension);
    }
    std::vector<std::byte>& buffer() { return bytes_; }
    //! Completes the header (`payload_bits` is the algorithm's own cost) and appends the checksum.
    void seal(std::uint64_t payload_bits) {
        store<std::uint64_t>(40, payload_bits);
        store<std::uint64_t>(48, bytes_.size() - header_size);
        const std::uint32_t checksum = crc32c(bytes_);
        bytes_.resize(bytes_.size() + checksum_size);
        store<std::uint32_t>(bytes_.size() - checksum_size, checksum);
    }

    //! Checks `bytes` (magic, version, lengths, checksum) and copies them. Throws `malformed_message`.
    static message parse(std::span<const std::byte> bytes) {
        message m;
        m.assign(bytes);
        return m;
    }
    //! As `parse`, into this message's capacity. On an error this message is left empty. Its own bytes() are allowed.
    void assign(std::span<const std::byte> bytes) {
        if (!bytes_.empty() && bytes.data() == bytes_.data()) {
            bytes_.resize(bytes.size());
            accept();
            return;
        }
        bytes_.clear();
        check(bytes);
        bytes_.assign(bytes.begin(), bytes.end());
    }
    //! As `assign`, of bytes that were received into `buffer()`.
    void accept() {
        try {
            check(bytes_);
        } catch (...) {
            bytes_.clear();
            throw;
        }
    }

    bool empty() const { return bytes_.empty(); }
    void clear() { bytes_.clear(); }
    //! What travels.
    std::span<const std::byte> bytes() const { return bytes_; }
    std::span<const std::byte> payload() const {
        return empty() ? std::span<const std::byte>{}
                       : bytes().subspan(header_size, bytes_.size() - header_size - checksum_size);
    }
    //! The algorithm's own cost in bits: what papers count.
    std::uint64_t payload_bits() const { return empty() ? 0 : load<std::uint64_t>(bytes_, 40); }
    //! Length of the vector that was compressed.
    std::size_t dimension() const { return empty() ? 0 : load<std::uint64_t>(bytes_, 32); }
    std::uint64_t scheme() const { return empty() ? 0 : load<std::uint64_t>(bytes_, 8); }
    //! 16 bits that follow from the seed, which itself never travels: a receiver with another seed is found out in all
    //! but one of 65536 cases.
    static std::uint16_t seed_mark_of(std::uint64_t seed) {
        return static_cast<std::uint16_t>(mix_bits(~mix_bits(seed)) >> 48);
    }
    std::uint16_t seed_mark() const { return empty() ? std::uint16_t{0} : load<std::uint16_t>(bytes_, 6); }
    //! The length in bytes of the whole message whose first `header_size` bytes (or more) these are, so that a receiver
    //! on a stream knows how much to wait for. Throws `malformed_message` where no message starts like this, or none
    //! that memory could hold.
    static std::size_t size_from_header(std::span<const std::byte> first) {
        check_start(first);
        const std::uint64_t payload_size = load<std::uint64_t>(first, 48);
        expect_message(payload_size <= std::numeric_limits<std::ptrdiff_t>::max() - header_size - checksum_size,
                       "a message claims a length that cannot be: it was altered");
        return header_size + static_cast<std::size_t>(payload_size) + checksum_size;
    }
    //! The key of the message; the seed is the receiver's.
    random_key key(std::uint64_t seed) const {
        return empty() ? random_key{.seed = seed}
                       : random_key{seed, load<std::uint32_t>(bytes_, 24), load<std::uint64_t>(bytes_, 16),
                                    load<std::uint32_t>(bytes_, 28)};
    }

private:
    static void check_start(std::span<const std::byte> bytes) {
        expect_message(bytes.size() >= header_size,
                       "a message is shorter than its header: it was truncated; send it again");
        expect_message(std::memcmp(bytes.data(), magic.data(), magic.size()) == 0,
                       "bytes do not start with the magic 'frgl': they are not a message of this library");
        expect_message(load<std::uint16_t>(bytes, 4) == version,
                       "a message has another format version than this library: update the older of the two sides");
    }
    static void check(std::span<const std::byte> bytes) {
        check_start(bytes);
        expect_message(bytes.size() >= header_size + checksum_size,
                       "a message is shorter than its header and checksum: it was truncated; send it again");
        const std::uint64_t payload_size = load<std::uint64_t>(bytes, 48);
        expect_message(payload_size == bytes.size() - header_size - checksum_size,
                       "a message's length differs from the length in its header: it was truncated or joined");
        expect_message(load<std::uint32_t>(bytes, bytes.size() - checksum_size) ==
                           crc32c(bytes.first(bytes.size() - checksum_size)),
                       "a message fails its checksum: it was altered on the way; send it again");
        const std::uint64_t cost = load<std::uint64_t>(bytes, 40);
        expect_message(cost <= payload_size * 8,
                       "a message claims more payload bits than it has bytes: it was altered");
    }

    static constexpr std::array<char, 4> magic{'f', 'r', 'g', 'l'};

    template <class T>
    static T load(std::span<const std::byte> from, std::size_t at) {
        T value;
        std::memcpy(&value, from.data() + at, sizeof value);
        return value;
    }
    template <class T>
    void store(std::size_t at, T value) {
        std::memcpy(bytes_.data() + at, &value, sizeof value);
    }

    std::vector<std::byte> bytes_;
};

}  // namespace frugal
