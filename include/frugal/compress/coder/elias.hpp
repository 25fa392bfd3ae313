//! `elias`: universal codes of run lengths and levels, for messages that are nearly empty.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include <frugal/compress/coder/symbol.hpp>
#include <frugal/concepts.hpp>

namespace frugal {

namespace detail {

//! Elias gamma code of v >= 1 (Elias 1975): as many zeros as v has bits after its first, a one, then those bits.
inline void write_gamma(payload_writer& w, std::uint64_t v) {
    const auto n = static_cast<unsigned>(std::bit_width(v)) - 1;
    w.bits(std::uint64_t{1} << n, n + 1);
    w.bits(v - (std::uint64_t{1} << n), n);
}
//! Elias delta code of v >= 1: the number of bits of v in gamma code, then the bits of v after its first.
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

private:
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

    payload_reader* reader_;
    std::span<const std::byte> bytes_;
    std::uint64_t position_ = 0;
};

}  // namespace detail

//! Run lengths of the middle symbol and signed levels around it, as in QSGD (Alistarh et al. 2017, sec. 3.2).
//!
//! The middle is m = floor(size / 2), the zero of an alphabet -M..M. For each symbol s != m: the number of middle symbols
//! since the one before it, plus 1, in Elias delta code; one bit, 1 if s < m, where the alphabet has symbols on both
//! sides; |s - m| in Elias gamma code, where it can exceed 1. Middle symbols at the end are a run without a symbol; if
//! there are none, nothing follows the last symbol. Padded to a byte. No model and no table: about log2(gap) +
//! 2 log2 log2(gap) + 2 bits for each symbol that is not the middle one. An alphabet of one symbol takes no bits. O(n).
struct elias {
    std::string name() const { return "elias"; }

    template <Symbol S>
    void encode(std::span<const S> symbols, std::size_t size, payload_writer& w) const {
        expect_alphabet<S>(size);
        if (symbols.empty() || size == 1) {
            return;
        }
        w.align();
        const auto middle = static_cast<S>(size / 2);
        const std::size_t n = symbols.size();
        for (std::size_t at = 0; at < n;) {
            const std::size_t start = at;
            while (at < n && symbols[at] == middle) {
                ++at;
            }
            detail::write_delta(w, at - start + 1);
            if (at < n) {
                const S s = symbols[at++];
                if (size > 2) {
                    w.bits(s < middle, 1);
                }
                if (size > 3) {
                    detail::write_gamma(w, s < middle ? middle - s : s - middle);
                }
            }
        }
        w.align();
    }

    template <Symbol S>
    void decode(payload_reader& r, std::size_t size, std::span<S> symbols) const {
        expect_alphabet<S>(size);
        const std::size_t middle = size / 2;
        std::fill(symbols.begin(), symbols.end(), static_cast<S>(middle));
        if (symbols.empty() || size == 1) {
            return;
        }
        detail::bit_scanner in(r);
        const std::size_t n = symbols.size();
        for (std::size_t at = 0; at < n; ++at) {
            const std::uint64_t run = in.delta(longest_run) - 1;
            expect_message(run <= n - at, "a message holds a run past its end: it was altered");
            at += static_cast<std::size_t>(run);
            if (at == n) {
                break;
            }
            const bool below = size == 2 || (size > 2 && in.bits(1) == 1);
            const std::uint64_t level = size > 3 ? in.gamma(32) : 1;
            expect_message(level <= (below ? middle : size - 1 - middle),
                           "a message holds a level outside the alphabet: it was altered");
            symbols[at] = static_cast<S>(below ? middle - level : middle + level);
        }
        in.finish();
    }

private:
    static constexpr unsigned longest_run = 55;  // in bits
};

static_assert(Coder<elias>);

}  // namespace frugal
