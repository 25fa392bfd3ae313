//! What else can be asked of a compressor: what it takes, what its receivers remember, where a vector may be cut.
#pragma once

#include <cstddef>
#include <span>

namespace frugal {
namespace detail {

template <class C>
struct input_type {
    using type = std::span<const float>;
};
template <class C>
    requires requires { typename C::input; }
struct input_type<C> {
    using type = typename C::input;
};

struct no_memory {};

template <class C>
struct receiver_type {
    using type = no_memory;
};
template <class C>
    requires requires { typename C::receiver; }
struct receiver_type<C> {
    using type = typename C::receiver;
};

}  // namespace detail

//! What a compressor takes: `C::input`, or a vector of floats.
template <class C>
using input_type_of = typename detail::input_type<C>::type;

//! What a receiver must remember about each of its sources: `C::receiver`, or nothing.
template <class C>
using receiver_type_of = typename detail::receiver_type<C>::type;

//! A vector cut at any multiple of this, each part compressed by itself, decodes to what it would have uncut, up to the
//! draws: 1 (anywhere), the size of a bucket, ...; 0: it may not be cut, as for one scale for all or the k largest.
template <class C>
std::size_t granule_of(const C& c) {
    if constexpr (requires { c.granule(); }) {
        return c.granule();
    } else {
        return 0;
    }
}

}  // namespace frugal
