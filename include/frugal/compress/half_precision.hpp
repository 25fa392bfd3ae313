//! Vectors of 16-bit floats (`float16`, `bfloat16`, or a type that `half_format` knows), in and out of every
//! compressor.
#pragma once

#include <cstddef>
#include <ranges>
#include <span>
#include <type_traits>

#include <frugal/concepts.hpp>
#include <frugal/core/half.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/core/message.hpp>
#include <frugal/core/random.hpp>
#include <frugal/kernels/half.hpp>

namespace frugal {

//! A vector, array or span of 16-bit floats.
template <class R>
concept HalfRange =
    std::ranges::contiguous_range<R> && std::ranges::sized_range<R> && HalfFloat<std::ranges::range_value_t<R>>;

//! c.compress of x as floats: the same message, the same errors. Scratch: 4 bytes an element, on loan.
template <class C, HalfRange R>
    requires Compressor<std::remove_const_t<C>>
void compress_half(C& c, const R& x, random_key k, message& m) {
    const std::span halves(std::ranges::data(x), std::ranges::size(x));
    const auto floats = borrow<float>(halves.size());
    kernels::to_floats(halves, floats);
    c.compress(floats, k, m);
}

//! c.decompress, each value rounded to the nearest of y's format, at most its largest finite number. On an exception y
//! is what it was.
template <Compressor C, HalfRange R>
void decompress_half(const C& c, const message& m, random_key k, R&& y) {
    const std::span halves(std::ranges::data(y), std::ranges::size(y));
    const auto floats = borrow<float>(halves.size());
    c.decompress(m, k, floats);
    kernels::to_halves(floats, halves);
}

//! acc += weight * what was decoded: added as floats and rounded once. On an exception acc is what it was.
template <Compressor C, HalfRange R>
void decompress_add_half(const C& c, const message& m, random_key k, float weight, R&& acc) {
    const std::span halves(std::ranges::data(acc), std::ranges::size(acc));
    const auto floats = borrow<float>(halves.size());
    kernels::to_floats(halves, floats);
    c.decompress_add(m, k, weight, floats);
    kernels::to_halves(floats, halves);
}

}  // namespace frugal
