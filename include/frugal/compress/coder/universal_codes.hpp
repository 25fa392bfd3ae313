//! Codes for integers without a known bound (Elias 1975), and a reader for content whose length is not known
//! beforehand.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <frugal/core/bits.hpp>
#include <frugal/core/error.hpp>

namespace frugal {

namespace detail {

//! A code word: its bits in the order they travel, the first lowest.
struct code_word {
    std::uint64_t bits = 0;
    unsigned length = 0;

    //! This word and then another; both together have at most 64 bits.
    code_word then(code_word next) const { return {bits | next.bits << length, length + next.length}; }
};

//! Elias gamma code of v in [1, 2^32) (Elias 1975): as many zeros as v has bits after its first, a one, then those
//! bits.
inline code_word gamma_code(std::uint64_t v) {
    const auto n = static_cast<unsigned>(std::bit_width(v)) - 1;
    return {(std::uint64_t{1} << n) | (v - (std::uint64_t{1} << n)) << (n + 1), 2 * n + 1};
}
//! Elias delta code of v in [1, 2^32): the number of bits of v in gamma code, then the bits of v after its first.
inline code_word delta_code(std::uint64_t v) {
    const auto n = static_cast<unsigned>(std::bit_width(v)) - 1;
    return gamma_code(n + 1).then({v - (std::uint64_t{1} << n), n});
}

//! The codes of any v >= 1, which may have more than 64 bits.
inline void write_gamma(payload_writer& w, std::uint64_t v) {
    const auto n = static_cast<unsigned>(std::bit_width(v)) - 1;
    w.bits(std::uint64_t{1} << n, n + 1);
    w.bits(v - (std::uint64_t{1} << n), n);
}
inline void write_delta(payload_writer& w, std::uint64_t v) {
    const auto n = static_cast<unsigned>(std::bit_width(v)) - 1;
    write_gamma(w, n + 1);
    w.bits(v - (std::uint64_t{1} << n), n);
}

//! Reads bits, least significant first, from byte-aligned content whose length in bytes is not known beforehand.
class bit_scanner {
public:
    explicit bit_scanner(payload_reader& r) : reader_(&r), bytes_(r.rest()) {}

    //! The next n <= 56 bits.
    std::uint64_t bits(unsigned n) {
        const std::uint64_t word = peek();
        skip(n);
        return word & ((std::uint64_t{1} << n) - 1);
    }
    //! Number of zeros before the next one, which is consumed too; at most `largest` <= 55.
    unsigned zeros(unsigned largest) {
        const auto n = static_cast<unsigned>(std::countr_zero(peek()));
        expect_message(n <= largest, "a message holds a code word that is too long: it was altered");
        skip(n + 1);
        return n;
    }
    //! Elias codes of values below 2^(largest + 1), largest <= 55.
    std::uint64_t gamma(unsigned largest) {
        const unsigned n = zeros(largest);
        return std::uint64_t{1} << n | bits(n);
    }
    std::uint64_t delta(unsigned largest) {
        const std::uint64_t n = gamma(5) - 1;
        expect_message(n <= largest, "a message holds a code word that is too long: it was altered");
        return std::uint64_t{1} << n | bits(static_cast<unsigned>(n));
    }
    //! Consumes what was read, and the zeros that pad it to a byte.
    void finish() {
        const auto used = reader_->block(static_cast<std::size_t>((position_ + 7) / 8));
        expect_message(position_ % 8 == 0 || static_cast<unsigned>(used.back()) >> position_ % 8 == 0,
                       "the padding of a message is not zero: it was altered");
    }

    //! At least 57 bits from the position on; zeros past the end.
    std::uint64_t peek() const {
        const auto at = static_cast<std::size_t>(position_ / 8);
        std::uint64_t word = 0;
        if (at + 8 <= bytes_.size()) {
            std::memcpy(&word, bytes_.data() + at, 8);
        } else if (at < bytes_.size()) {
            std::memcpy(&word, bytes_.data() + at, bytes_.size() - at);
        }
        return word >> position_ % 8;
    }
    void skip(unsigned n) {
        position_ += n;
        expect_message(position_ <= std::uint64_t{bytes_.size()} * 8,
                       "the message ends before its content: it was truncated; send it again");
    }

private:
    payload_reader* reader_;
    std::span<const std::byte> bytes_;
    std::uint64_t position_ = 0;
};

}  // namespace detail

}  // namespace frugal
