//! Writing and reading a payload bit by bit, least significant bit first, and byte-aligned blocks for bulk data.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>

namespace frugal {

static_assert(std::endian::native == std::endian::little, "frugal's wire format is little endian, as are its targets");

//! Number of bits that tell `n` values apart: ceil(log2 n), 0 for n = 1.
constexpr unsigned bits_for(std::uint64_t n) {
    return n <= 1 ? 0 : static_cast<unsigned>(std::bit_width(n - 1));
}

class payload_reader;

//! Appends bits to a byte vector; keeps the vector's capacity, so a warm writer allocates nothing.
//!
//! `cost()` counts the bits an algorithm is charged for. Padding to a byte boundary is not charged.
class payload_writer {
public:
    //! Bytes that a vector which must grow gets beyond what is written: room for the checksum of a message.
    static constexpr std::size_t room_for_checksum = 4;

    explicit payload_writer(std::vector<std::byte>& bytes) : bytes_(&bytes), begin_(bytes.size()) {}
    payload_writer(const payload_writer&) = delete;
    payload_writer& operator=(const payload_writer&) = delete;

    //! Appends the low `count` bits of `value` (count <= 64; higher bits of `value` must be 0).
    void bits(std::uint64_t value, unsigned count) {
        assert(count <= 64 && (count == 64 || value >> count == 0));
        cost_ += count;
        if (pending_count_ + count >= 64) {
            const std::uint64_t word = pending_ | (pending_count_ < 64 ? value << pending_count_ : 0);
            append(&word, 8);
            const unsigned taken = 64 - pending_count_;
            pending_ = taken < 64 ? value >> taken : 0;
            pending_count_ = count - taken;
        } else {
            pending_ |= value << pending_count_;
            pending_count_ += count;
        }
    }
    //! Appends a float as its 32 bits.
    void number(float value) { bits(std::bit_cast<std::uint32_t>(value), 32); }

    //! Pads with zero bits to a byte boundary.
    void align() {
        const unsigned n = (pending_count_ + 7) / 8;
        append(&pending_, n);
        pending_ = 0;
        pending_count_ = 0;
    }
    //! Aligns, appends `n` bytes for the caller to fill and returns them; charges `cost_bits`. Valid until the next
    //! call.
    std::span<std::byte> block(std::size_t n, std::uint64_t cost_bits) {
        align();
        cost_ += cost_bits;
        return {extend(n), n};
    }
    //! Gives back the last `n` bytes of the last block (when an upper bound was asked for).
    void shrink(std::size_t n) { bytes_->resize(bytes_->size() - n); }
    //! Charges bits that `block` could not know in advance.
    void charge(std::uint64_t cost_bits) { cost_ += cost_bits; }

    std::uint64_t cost() const { return cost_; }
    //! Aligns and returns what this writer has written so far; valid until the next call.
    std::span<const std::byte> written() {
        align();
        return {bytes_->data() + begin_, bytes_->size() - begin_};
    }
    //! How many bits were written so far, padding included.
    std::uint64_t position() const { return std::uint64_t{bytes_->size() - begin_} * 8 + pending_count_; }
    //! `read(payload_reader&)` with what was written from bit `from` on. Writing goes on as if nothing had happened.
    template <class Read>
    void read_back(std::uint64_t from, Read read);

private:
    void append(const void* p, std::size_t n) {
        if (n > 0) {
            std::memcpy(extend(n), p, n);
        }
    }
    //! A vector grows by half at least, so that many small extensions cost little; by no more for a large one.
    std::byte* extend(std::size_t n) {
        const std::size_t at = bytes_->size();
        const std::size_t needed = at + n + room_for_checksum;
        if (needed > bytes_->capacity()) {
            bytes_->reserve(std::max(needed, bytes_->capacity() + bytes_->capacity() / 2));
        }
        bytes_->resize(at + n);
        return bytes_->data() + at;
    }

    std::vector<std::byte>* bytes_;
    std::size_t begin_;
    std::uint64_t cost_ = 0;
    std::uint64_t pending_ = 0;
    unsigned pending_count_ = 0;  // 0..63
};

//! Reads what a `payload_writer` wrote; every read checks the length and throws `malformed_message`.
class payload_reader {
public:
    //! Starts at bit `position`, which lies within the bytes.
    explicit payload_reader(std::span<const std::byte> bytes, std::uint64_t position = 0)
        : bytes_(bytes), position_(position) {}

    //! The next `count` bits, count <= 64.
    std::uint64_t bits(unsigned count) {
        assert(count <= 64);
        expect_message(count <= remaining_bits(),
                       "the message ends before its content: it was truncated; send it again");
        const std::size_t at = static_cast<std::size_t>(position_ / 8);
        if (position_ % 8 + count <= 64 && bytes_.size() - at >= 8) {
            std::uint64_t word;
            std::memcpy(&word, bytes_.data() + at, 8);
            word >>= position_ % 8;
            position_ += count;
            return count == 64 ? word : word & ((std::uint64_t{1} << count) - 1);
        }
        std::uint64_t value = 0;
        for (unsigned got = 0; got < count;) {
            const unsigned offset = static_cast<unsigned>(position_ % 8);
            const unsigned take = 8 - offset < count - got ? 8 - offset : count - got;
            const auto byte = static_cast<std::uint64_t>(bytes_[position_ / 8]);
            value |= ((byte >> offset) & ((1u << take) - 1u)) << got;
            got += take;
            position_ += take;
        }
        return value;
    }
    //! A finite float; anything else is malformed.
    float number() {
        const float value = std::bit_cast<float>(static_cast<std::uint32_t>(bits(32)));
        expect_message(is_finite(value), "the message holds a number that is not finite: it was altered");
        return value;
    }
    //! Skips the zero padding to a byte boundary.
    void align() {
        const unsigned pad = static_cast<unsigned>((8 - position_ % 8) % 8);
        expect_message(bits(pad) == 0, "the padding of a message is not zero: it was altered");
    }
    //! Aligns and returns the next `n` bytes.
    std::span<const std::byte> block(std::size_t n) {
        align();
        expect_message(n <= bytes_.size() - position_ / 8,
                       "the message ends before its content: it was truncated; send it again");
        const auto result = bytes_.subspan(position_ / 8, n);
        position_ += std::uint64_t{n} * 8;
        return result;
    }
    //! Aligns and returns all bytes not read yet, without consuming them.
    std::span<const std::byte> rest() {
        align();
        return bytes_.subspan(position_ / 8);
    }
    std::uint64_t remaining_bits() const { return std::uint64_t{bytes_.size()} * 8 - position_; }
    //! Throws unless everything has been read.
    void finish() {
        align();
        expect_message(remaining_bits() == 0, "a message has bytes after its content: it was altered");
    }

private:
    std::span<const std::byte> bytes_;
    std::uint64_t position_ = 0;
};

template <class Read>
void payload_writer::read_back(std::uint64_t from, Read read) {
    const unsigned pending_bytes = (pending_count_ + 7) / 8;
    append(&pending_, pending_bytes);
    payload_reader reader(std::span<const std::byte>(*bytes_).subspan(begin_), from);
    read(reader);
    bytes_->resize(bytes_->size() - pending_bytes);
}

}  // namespace frugal
