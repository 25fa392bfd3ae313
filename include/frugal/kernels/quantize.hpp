//! Scaled coordinates to symbols and back: the inner loops of every scalar quantizer. No policy, no wire.
//!
//! Element i of a span is coordinate `first + i` of the message, and takes that element of the dither stream.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frugal/concepts.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/random.hpp>

namespace frugal::kernels {

//! index(x, u) for quantizers that take dither, index(x) for those that do not.
template <class Q, class T>
T index_of(const Q& q, const T& x, const T& u) {
    if constexpr (encodes_with_dither<Q>) {
        return q.index(x, u);
    } else {
        return q.index(x);
    }
}

template <class Q, class T>
T value_of(const Q& q, const T& i, const T& u) {
    if constexpr (decodes_with_dither<Q>) {
        return q.value(i, u);
    } else {
        return q.value(i);
    }
}

//! symbols[i] = clamp(index(x[i] * inverse_step, dither)) - lowest. O(n), one pass over x.
template <Quantizer Q, class Symbol>
void quantize(const Q& q, std::span<const float> x, float inverse_step, const random_stream& dither, std::uint64_t first,
              Symbol* symbols) {
    const alphabet a = q.symbols();
    const auto low = static_cast<float>(a.lowest);
    const auto high = static_cast<float>(a.highest);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const float u = encodes_with_dither<Q> ? dither.centered(first + i) : 0.0f;
        const float index = std::clamp(index_of(q, rounded(x[i] * inverse_step), u), low, high);
        symbols[i] = static_cast<Symbol>(static_cast<int>(index) - a.lowest);
    }
}

//! y[i] = step * value(symbols[i] + lowest, dither).
template <Quantizer Q, class Symbol>
void reconstruct(const Q& q, const Symbol* symbols, float step, const random_stream& dither, std::uint64_t first,
                 std::span<float> y) {
    const int lowest = q.symbols().lowest;
    for (std::size_t i = 0; i < y.size(); ++i) {
        const float u = decodes_with_dither<Q> ? dither.centered(first + i) : 0.0f;
        y[i] = step * value_of(q, static_cast<float>(static_cast<int>(symbols[i]) + lowest), u);
    }
}

//! acc[i] += factor * value(symbols[i] + lowest, dither), both operations rounded.
template <Quantizer Q, class Symbol>
void reconstruct_add(const Q& q, const Symbol* symbols, float factor, const random_stream& dither, std::uint64_t first,
                     std::span<float> acc) {
    const int lowest = q.symbols().lowest;
    for (std::size_t i = 0; i < acc.size(); ++i) {
        const float u = decodes_with_dither<Q> ? dither.centered(first + i) : 0.0f;
        acc[i] = multiply_add(factor, value_of(q, static_cast<float>(static_cast<int>(symbols[i]) + lowest), u), acc[i]);
    }
}

}  // namespace frugal::kernels
