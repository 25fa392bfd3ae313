//! What receivers will decode, and what they will lack, known to the sender.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include <frugal/concepts.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/elementwise.hpp>

namespace frugal {

//! c.encode(x, k, w), and `echo` (of x's length; may be x itself) is what every receiver decodes from it, to the bit:
//! from the same pass where the compressor has `encode(x, k, w, echo)`, otherwise decoded from what was just written.
//! Throws `invalid_input` for a message that only side information decodes: the sender cannot know what becomes of it.
template <class C>
void encode_with_echo(C& c, std::span<const float> x, random_key k, payload_writer& w, std::span<float> echo) {
    expect(echo.size() == x.size(), "the echo of a vector must have its length");
    if constexpr (requires { c.needs_side_information(k); }) {
        expect(!c.needs_side_information(k),
               "a sender cannot know what receivers decode near a vector that only they know: feedback and echo need a "
               "compressor without side information");
    }
    if constexpr (requires { c.encode(x, k, w, echo); }) {
        c.encode(x, k, w, echo);
    } else {
        const std::uint64_t begin = w.position();
        c.encode(x, k, w);
        w.read_back(begin, [&](payload_reader& r) { c.decode(r, k, echo); });
    }
}

//! Encodes z = x + residual, and leaves residual = z - C(z): one step of error feedback. In few passes where the
//! compressor has `encode_sum(x, residual, k, w)`. On an exception the residual is what it was; the index of a
//! `nonfinite_input` is that of an element of z.
template <class C>
void encode_sum(C& c, std::span<const float> x, std::span<float> residual, random_key k, payload_writer& w) {
    if constexpr (requires { c.encode_sum(x, residual, k, w); }) {
        c.encode_sum(x, residual, k, w);
    } else {
        const auto lost = borrow<float>(x.size());
        kernels::add(x, residual, lost);
        const std::uint64_t begin = w.position();
        c.encode(lost, k, w);
        w.read_back(begin, [&](payload_reader& sent) { c.decode_add(sent, k, -1.0f, lost); });
        std::ranges::copy(lost, residual.begin());
    }
}

}  // namespace frugal
