//! 16-bit floating-point numbers as storage: what a model's gradients are kept in, not what is computed with.
#pragma once

#include <cstdint>
#include <type_traits>

namespace frugal {

//! IEEE 754 binary16: 5 bits of exponent, 10 of fraction.
struct float16 {
    std::uint16_t bits = 0;
    friend bool operator==(float16, float16) = default;
};
//! The upper half of a float: 8 bits of exponent, 7 of fraction.
struct bfloat16 {
    std::uint16_t bits = 0;
    friend bool operator==(bfloat16, bfloat16) = default;
};

//! float16 or bfloat16: which of both a type of 16 bits is. Specialize it for the type of another library:
//! `template <> struct frugal::half_format<c10::Half> { using type = frugal::float16; };`
template <class H>
struct half_format {};
//! Itself.
template <>
struct half_format<float16> {
    using type = float16;
};
//! Itself.
template <>
struct half_format<bfloat16> {
    using type = bfloat16;
};

//! 16 bits whose `half_format` is known.
template <class H>
concept HalfFloat = sizeof(H) == 2 && std::is_trivially_copyable_v<H> && requires { typename half_format<H>::type; };

}  // namespace frugal
