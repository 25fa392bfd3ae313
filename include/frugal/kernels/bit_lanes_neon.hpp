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
    static std::uint32_t at_least(const float* x, const float* y) {
        return bits_of(vcgeq_f32(vld1q_f32(x), vld1q_f32(y)));
    }
    static std::uint32_t at_least(const std::int32_t* x, const std::int32_t* y) {
        return bits_of(vcgeq_s32(vld1q_s32(x), vld1q_s32(y)));
    }
    static void store_signs(std::uint32_t bits, float* out) {
        const uint32x4_t set = vtstq_u32(vdupq_n_u32(bits), lane_bits());
        vst1q_f32(out, vbslq_f32(set, vdupq_n_f32(1), vdupq_n_f32(-1)));
    }
    static vector widen(const vector& x) { return vpaddlq_u16(vpaddlq_u8(vreinterpretq_u8_u32(x))); }

private:
    static uint32x4_t lane_bits() {
        static constexpr std::uint32_t bit[4] = {1, 2, 4, 8};
        return vld1q_u32(bit);
    }
    static std::uint32_t bits_of(uint32x4_t mask) { return vaddvq_u32(vandq_u32(mask, lane_bits())); }
};

}  // namespace frugal::kernels
