//! The operations of kernels/bit_lanes.hpp for AArch64 NEON. Included by that header only.
#pragma once

#include <arm_neon.h>

namespace frugal::kernels {

template <class Arch>
    requires std::derived_from<Arch, xsimd::neon64>
struct bit_lanes<Arch> : portable_bit_lanes<Arch> {
    using vector = word_batch<Arch>;
    static constexpr const char* name = "NEON CNT";
    static constexpr std::size_t rows = 8;
    static constexpr std::size_t columns = 2;

    static vector load(const void* p) { return vreinterpretq_u32_u8(vld1q_u8(static_cast<const std::uint8_t*>(p))); }
    static vector count(const vector& x) { return vreinterpretq_u32_u8(vcntq_u8(vreinterpretq_u8_u32(x))); }
    static vector widen(const vector& x) { return vpaddlq_u16(vpaddlq_u8(vreinterpretq_u8_u32(x))); }
};

}  // namespace frugal::kernels
