//! The symbols a Coder works on.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <frugal/core/error.hpp>

namespace frugal {

//! std::uint8_t for alphabets of up to 256 symbols, std::uint32_t for all.
template <class T>
concept Symbol = std::same_as<T, std::uint8_t> || std::same_as<T, std::uint32_t>;

//! Throws `invalid_input` unless symbols of type S can number an alphabet of `size`.
template <Symbol S>
constexpr void expect_alphabet(std::size_t size) {
    expect(size >= 1, "an alphabet is empty: a coder needs at least one symbol");
    expect(size - 1 <= std::numeric_limits<S>::max(),
           "an alphabet has more symbols than their type can number: use std::uint32_t symbols");
}

}  // namespace frugal
