//! `radix`: symbols as the digits of numbers, so that alphabets that are no power of two waste almost nothing.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/compress/coder/block_coder.hpp>
#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/coder/symbol.hpp>
#include <frugal/core/bits.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/kernels/pack.hpp>

namespace frugal {

//! Whole bytes that hold the digits of one word, and how many digits.
struct digit_group {
    unsigned digits = 1;
    unsigned bytes = 1;
    friend constexpr bool operator==(const digit_group&, const digit_group&) = default;
};

//! Bytes that `digits` digits of base `size` take, which must fit in 64 bits.
constexpr unsigned bytes_for_digits(std::uint64_t size, unsigned digits) {
    std::uint64_t largest = 0;  // size^k - 1
    for (unsigned k = 0; k < digits; ++k) {
        largest = largest * size + (size - 1);
    }
    return (static_cast<unsigned>(std::bit_width(largest)) + 7) / 8;
}

//! The fewest bits a digit among words of at most 8 whole bytes, and of those the shortest word: 5 digits of 3 in a
//! byte, 17 digits of 7 in 6 bytes. No digits where whole bits for each digit are as good. size >= 1.
constexpr digit_group densest_group(std::uint64_t size) {
    digit_group best{.digits = 0, .bytes = 1};
    if (std::has_single_bit(size)) {
        return best;
    }
    const std::uint64_t last = (~std::uint64_t{0} - (size - 1)) / size;
    std::uint64_t largest = size - 1;  // size^digits - 1
    for (unsigned digits = 1;; ++digits, largest = largest * size + (size - 1)) {
        const unsigned bytes = (static_cast<unsigned>(std::bit_width(largest)) + 7) / 8;
        if (digits * best.bytes > best.digits * bytes) {
            best = {digits, bytes};
        }
        if (largest > last) {
            return best.bytes * 8 < best.digits * bits_for(size) ? best : digit_group{.digits = 0, .bytes = 1};
        }
    }
}

//! Dense packing: g symbols in a word of b whole bytes, (g, b) = densest_group(size).
//!
//! Layout: a block of 64 g symbols is 64 words, word j = sum_k size^k symbol[64 k + j], little endian. What is left at
//! the end, m < 64 g symbols, is W = ceil(m / g) words with word j = sum_k size^k symbol[W k + j], each in as many
//! bytes as ceil(m / W) digits take. 1.6 bits a symbol for 3 of them, 2.824 for 7. Sizes for which no word is denser
//! than whole bits (powers of two among them) are coded as by `packed`. The charge is all bits of the words.
//! O(n); no state. Decoding refuses words that are too large.
struct radix {
    static constexpr auto describe() {
        return describes("radix", "dense words: 5 trits a byte, 17 symbols of 7 in 48 bits");
    }
    std::string name() const { return described_name(*this); }

    std::size_t granule(std::size_t size) const {
        const digit_group g = group(size);
        return g.digits == 0 ? packed{}.granule(size) : g.digits * kernels::block_lanes;
    }
    std::size_t bytes_for(std::size_t n, std::size_t size) const {
        const digit_group g = group(size);
        if (g.digits == 0) {
            return packed{}.bytes_for(n, size);
        }
        const std::size_t block = g.digits * kernels::block_lanes;
        const tail t(n % block, size, g);
        return n / block * kernels::block_lanes * g.bytes + t.words * t.bytes;
    }
    std::uint64_t cost_of(std::size_t n, std::size_t size) const {
        return group(size).digits == 0 ? packed{}.cost_of(n, size) : std::uint64_t{bytes_for(n, size)} * 8;
    }

    void encode_block(const std::uint8_t* symbols, std::size_t n, std::size_t size, std::byte* out) const {
        if (group(size).digits == 0) {
            packed{}.encode_block(symbols, n, size, out);
        } else {
            write(symbols, n, size, out);
        }
    }
    bool decode_block(const std::byte* in, std::size_t n, std::size_t size, std::uint8_t* symbols) const {
        return group(size).digits == 0 ? packed{}.decode_block(in, n, size, symbols) : read(in, n, size, symbols);
    }

    template <Symbol S>
    void encode(std::span<const S> symbols, std::size_t size, payload_writer& w) const {
        expect_alphabet<S>(size);
        if (group(size).digits == 0) {
            return packed{}.encode(symbols, size, w);
        }
        const std::size_t n = symbols.size();
        write(symbols.data(), n, size, w.block(bytes_for(n, size), cost_of(n, size)).data());
    }
    template <Symbol S>
    void decode(payload_reader& r, std::size_t size, std::span<S> symbols) const {
        expect_alphabet<S>(size);
        if (group(size).digits == 0) {
            return packed{}.decode(r, size, symbols);
        }
        const std::size_t n = symbols.size();
        expect_message(read(r.block(bytes_for(n, size)).data(), n, size, symbols.data()),
                       "a message holds a word outside its alphabet: it was altered");
    }

private:
    static digit_group group(std::size_t size) {
        if (size > 256) {
            return densest_group(size);
        }
        const kernels::word_shape& shape = byte_shape(size);
        return {shape.digits, shape.bytes};
    }
    //! The words of an alphabet of at most 256 symbols; no digits where whole bits are as good.
    static const kernels::word_shape& byte_shape(std::size_t size) {
        static const auto shapes = [] {
            std::array<kernels::word_shape, 257> table{};
            for (unsigned n = 2; n < table.size(); ++n) {
                if (const digit_group g = densest_group(n); g.digits > 0) {
                    table[n] = kernels::word_shape(n, g.digits, g.bytes);
                }
            }
            return table;
        }();
        return shapes[size];
    }
    struct tail {
        std::size_t words = 0;
        unsigned bytes = 0;
        tail(std::size_t n, std::uint64_t size, digit_group g) : words((n + g.digits - 1) / g.digits) {
            const auto digits = static_cast<unsigned>(n == 0 ? 0 : (n + words - 1) / words);
            bytes = digits == g.digits ? g.bytes : bytes_for_digits(size, digits);
        }
    };

    template <class S>
    static void write(const S* symbols, std::size_t n, std::uint64_t size, std::byte* out) {
        const digit_group g = group(size);
        const std::size_t block = g.digits * kernels::block_lanes;
        for (; n >= block; n -= block, symbols += block, out += kernels::block_lanes * g.bytes) {
            if constexpr (sizeof(S) == 1) {
                kernels::pack_word_block(symbols, byte_shape(size), out);
            } else {
                kernels::pack_words(symbols, block, kernels::block_lanes, size, g.bytes, out);
            }
        }
        if (n == 0) {
            return;
        }
        const tail t(n, size, g);
        if constexpr (sizeof(S) == 1) {
            kernels::pack_word_tail(symbols, n, byte_shape(size), t.words, t.bytes, out);
        } else {
            kernels::pack_words(symbols, n, t.words, size, t.bytes, out);
        }
    }
    template <class S>
    static bool read(const std::byte* in, std::size_t n, std::uint64_t size, S* symbols) {
        const digit_group g = group(size);
        const std::size_t block = g.digits * kernels::block_lanes;
        bool good = true;
        for (; n >= block; n -= block, symbols += block, in += kernels::block_lanes * g.bytes) {
            if constexpr (sizeof(S) == 1) {
                good &= kernels::unpack_word_block(in, byte_shape(size), symbols);
            } else {
                good &= kernels::unpack_words(in, block, kernels::block_lanes, size, g.bytes, symbols);
            }
        }
        if (n == 0) {
            return good;
        }
        const tail t(n, size, g);
        if constexpr (sizeof(S) == 1) {
            return kernels::unpack_word_tail(in, n, byte_shape(size), t.words, t.bytes, symbols) && good;
        } else {
            return kernels::unpack_words(in, n, t.words, size, t.bytes, symbols) && good;
        }
    }
};

static_assert(BlockCoder<radix>);

}  // namespace frugal
