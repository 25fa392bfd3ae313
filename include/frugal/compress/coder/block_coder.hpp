//! A Coder whose output can be made block by block, so that quantizing and packing share one pass over memory.
//!
//! Which coder when:
//!     packed       ceil(log2 size) bits a symbol; the fastest
//!     radix        log2(size) bits a symbol, rounded up by at most a few per cent; nearly as fast
//!     rans         the empirical entropy, from a table of frequencies sent first; fast; wants long messages
//!     range_coder  the empirical entropy, learned while coding; adapts to drift; slow
//!     elias        for nearly empty messages: costs the symbols that differ from the middle one
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include <frugal/concepts.hpp>

namespace frugal {

//! granule(size): pieces of a multiple of this many symbols are coded independently and simply concatenated; 0 means
//! that
//!     this alphabet cannot be coded by blocks.
//! bytes_for(n, size), cost_of(n, size): bytes that n symbols take, and bits they are charged.
//! encode_block(symbols, n, size, out): writes exactly bytes_for(n, size) bytes. Symbols are below size <= 256.
//! decode_block(in, n, size, symbols): reads exactly that many; false unless they are what encode_block writes for
//!     symbols below size (`symbols` is then filled with values below 256, but not all below size).
template <class C>
concept BlockCoder = Coder<C> && requires(const C c, const std::uint8_t* symbols, std::uint8_t* decoded,
                                          const std::byte* in, std::byte* out, std::size_t n, std::size_t size) {
    { c.granule(size) } -> std::same_as<std::size_t>;
    { c.bytes_for(n, size) } -> std::same_as<std::size_t>;
    { c.cost_of(n, size) } -> std::same_as<std::uint64_t>;
    c.encode_block(symbols, n, size, out);
    { c.decode_block(in, n, size, decoded) } -> std::same_as<bool>;
};

}  // namespace frugal
