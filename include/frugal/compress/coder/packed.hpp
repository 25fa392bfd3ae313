//! `packed`: every symbol in the same whole number of bits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>

#include <frugal/compress/coder/block_coder.hpp>
#include <frugal/compress/coder/symbol.hpp>
#include <frugal/core/bits.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/kernels/pack.hpp>

namespace frugal {

//! ceil(log2 size) bits a symbol, in sequence, least significant bit first; the last byte is padded with zeros.
//!
//! An alphabet of one symbol takes no bits. O(n); no state. Decoding refuses symbols outside the alphabet.
struct packed {
    static constexpr auto describe() { return describes("packed", "whole bits per symbol"); }
    std::string name() const { return described_name(*this); }

    std::size_t granule(std::size_t size) const { return 8 / std::gcd(8u, bits_for(size)); }
    std::size_t bytes_for(std::size_t n, std::size_t size) const { return kernels::packed_bytes(n, bits_for(size)); }
    std::uint64_t cost_of(std::size_t n, std::size_t size) const { return std::uint64_t{n} * bits_for(size); }

    void encode_block(const std::uint8_t* symbols, std::size_t n, std::size_t size, std::byte* out) const {
        if (size > 1 && n > 0) {
            kernels::pack_bits(symbols, n, bits_for(size), out);
        }
    }
    bool decode_block(const std::byte* in, std::size_t n, std::size_t size, std::uint8_t* symbols) const {
        if (size > 1 && n > 0) {
            return kernels::unpack_bits(in, n, bits_for(size), size, symbols);
        }
        std::fill_n(symbols, n, std::uint8_t{0});
        return true;
    }

    template <Symbol S>
    void encode(std::span<const S> symbols, std::size_t size, payload_writer& w) const {
        expect_alphabet<S>(size);
        std::byte* out = w.block(bytes_for(symbols.size(), size), cost_of(symbols.size(), size)).data();
        if constexpr (sizeof(S) == 1) {
            encode_block(symbols.data(), symbols.size(), size, out);
        } else {
            kernels::pack_bit_stream(symbols.data(), symbols.size(), bits_for(size), out);
        }
    }
    template <Symbol S>
    void decode(payload_reader& r, std::size_t size, std::span<S> symbols) const {
        expect_alphabet<S>(size);
        const std::byte* in = r.block(bytes_for(symbols.size(), size)).data();
        bool good;
        if constexpr (sizeof(S) == 1) {
            good = decode_block(in, symbols.size(), size, symbols.data());
        } else {
            good = kernels::unpack_bit_stream(in, symbols.size(), bits_for(size), size, symbols.data());
        }
        expect_message(good, "a message holds a symbol outside the alphabet: it was altered");
    }
};

static_assert(BlockCoder<packed>);

}  // namespace frugal
