//! 16-bit floating-point numbers as storage: what a model's gradients are kept in, not what is computed with.
#pragma once

#include <bit>
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

namespace detail {

inline std::uint32_t chosen(bool condition, std::uint32_t a, std::uint32_t b) {
    const std::uint32_t mask = 0u - static_cast<std::uint32_t>(condition);
    return (a & mask) | (b & ~mask);
}

}  // namespace detail

//! The number itself; NaN becomes quiet. Without branches, like the next ones, so that loops become vectors.
inline float to_float(float16 h) {
    const std::uint32_t magnitude = h.bits & 0x7FFFu;
    // Exact, and right for subnormal numbers, too.
    const float scaled = std::bit_cast<float>(magnitude << 13) * 0x1p112f;
    const std::uint32_t special = 0x7F800000u | magnitude << 13 | static_cast<std::uint32_t>(magnitude > 0x7C00u) << 22;
    const std::uint32_t bits = detail::chosen(magnitude >= 0x7C00u, special, std::bit_cast<std::uint32_t>(scaled));
    return std::bit_cast<float>(bits | (h.bits & 0x8000u) << 16);
}
//! The number itself.
inline float to_float(bfloat16 h) {
    return std::bit_cast<float>(std::uint32_t{h.bits} << 16);
}
//! The nearest number of the format, ties to even; beyond the largest finite one, 65504, that one. NaN stays NaN.
inline float16 to_half(float x, float16) {
    constexpr std::uint32_t largest = 0x477FE000u, infinity = 0x7F800000u, smallest_normal = 0x38800000u;
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), magnitude = bits & 0x7FFFFFFFu;
    const std::uint32_t finite = detail::chosen(magnitude > largest, largest, magnitude);
    const std::uint32_t normal = (finite + 0xFFFu + (finite >> 13 & 1u) - (112u << 23)) >> 13;
    // The unit in the last place of 1/2 is the smallest subnormal number.
    const float shifted = std::bit_cast<float>(detail::chosen(finite < smallest_normal, finite, 0u)) + 0.5f;
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(shifted) - 0x3F000000u;
    const std::uint32_t nan = 0x7E00u | (magnitude >> 13 & 0x3FFu);
    const std::uint32_t half =
        detail::chosen(magnitude > infinity, nan, detail::chosen(finite < smallest_normal, subnormal, normal));
    return {static_cast<std::uint16_t>(half | (bits >> 16 & 0x8000u))};
}
//! Likewise; the largest finite number is 3.39e38.
inline bfloat16 to_half(float x, bfloat16) {
    constexpr std::uint32_t largest = 0x7F7F0000u, infinity = 0x7F800000u;
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(x), magnitude = bits & 0x7FFFFFFFu;
    const std::uint32_t finite = detail::chosen(magnitude > largest, largest, magnitude);
    const std::uint32_t rounded = (finite + 0x7FFFu + (finite >> 16 & 1u)) >> 16;
    const std::uint32_t half = detail::chosen(magnitude > infinity, magnitude >> 16 | 0x40u, rounded);
    return {static_cast<std::uint16_t>(half | (bits >> 16 & 0x8000u))};
}

}  // namespace frugal
