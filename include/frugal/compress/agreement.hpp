//! Numbers that all senders agree on before they compress, such as one scale for all (TernGrad's scaler sharing, Wen et
//! al. 2017).
//!
//! Each sender offers `share_of`; the largest of each number over all senders is given to every sender by `agree_with`;
//! then they compress. Receivers need not know them. The largest is what one sender says: a sender gone wrong (or
//! lying) spoils the round for all, so offers that no gradient needs are refused, and a round with strangers needs a
//! compressor without agreement.
#pragma once

#include <cstddef>
#include <span>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>

namespace frugal {

//! No sender may offer more in magnitude.
inline constexpr float largest_share = 1e15f;

//! How many numbers senders of vectors of d elements agree on: 0 for most compressors.
template <class C>
std::size_t agreement_size_of(const C& c, [[maybe_unused]] std::size_t d) {
    if constexpr (requires { c.agreement_size(d); }) {
        return c.agreement_size(d);
    } else {
        return 0;
    }
}

//! Fills `out` (agreement_size_of(c, x.size()) numbers) with what this sender offers for x. Throws `nonfinite_input`.
template <class C>
void share_of(const C& c, [[maybe_unused]] std::span<const float> x, std::span<float> out) {
    expect(out.size() == agreement_size_of(c, x.size()),
           "senders agree on another number of numbers than was asked for");
    if constexpr (requires { c.share(x, out); }) {
        if (!out.empty()) {
            c.share(x, out);
        }
    }
    for (const float share : out) {
        expect(is_finite(share) && share <= largest_share && share >= -largest_share,
               "what a sender offers for agreement exceeds 1e15: check the gradient for divergence");
    }
}

//! Tells the compressor the largest offer of all senders, number by number. Throws `invalid_input` for numbers that are
//! not finite or beyond 1e15, which `share_of` never offers, and changes nothing.
template <class C>
void agree_with(C& c, std::span<const float> largest) {
    for (const float share : largest) {
        expect(is_finite(share) && share <= largest_share && share >= -largest_share,
               "senders agreed on a number that is not finite or exceeds 1e15: one of them has gone wrong");
    }
    if constexpr (requires { c.agree(largest); }) {
        if (!largest.empty()) {
            c.agree(largest);
        }
    } else {
        expect(largest.empty(), "this compressor has nothing to agree on");
    }
}

}  // namespace frugal
