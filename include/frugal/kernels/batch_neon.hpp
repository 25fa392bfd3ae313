//! The operations of kernels/batch.hpp for AArch64 NEON. Included by that header only.
#pragma once

#include <arm_neon.h>

#include <cstring>

namespace frugal::kernels {

template <class Arch>
    requires std::derived_from<Arch, xsimd::neon64>
struct lane_operations<Arch> : portable_lanes<Arch> {
    static constexpr std::size_t sets = 2;
    using words = uint32x4_t;

    static words count_from(std::uint32_t first) {
        static constexpr std::uint32_t steps[4] = {0, 1, 2, 3};
        return vaddq_u32(vdupq_n_u32(first), vld1q_u32(steps));
    }
    static void multiply(const words& a, std::uint32_t m, words& high, words& low) {
        const uint32x4_t factor = vdupq_n_u32(m);
        const uint32x4_t p0 = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(a), vget_low_u32(factor)));
        const uint32x4_t p1 = vreinterpretq_u32_u64(vmull_high_u32(a, factor));
        low = vuzp1q_u32(p0, p1);
        high = vuzp2q_u32(p0, p1);
    }
    static words exclusive_or(const words& a, std::uint32_t k) { return veorq_u32(a, vdupq_n_u32(k)); }
    static words exclusive_or(const words& a, const words& b, std::uint32_t k) {
        return veorq_u32(veorq_u32(a, b), vdupq_n_u32(k));
    }
    static word_batch<Arch> joined(const words& a) { return a; }

    static void store_saturated(const int_batch<Arch> (&v)[4], int lowest, std::uint8_t* out) {
        const int16x8_t low = vdupq_n_s16(static_cast<std::int16_t>(lowest));
        const auto narrow = [&](const int_batch<Arch>& a, const int_batch<Arch>& b) {
            return vqmovun_s16(vqsubq_s16(vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)), low));
        };
        const uint32x4_t bytes = vreinterpretq_u32_u8(vcombine_u8(narrow(v[0], v[1]), narrow(v[2], v[3])));
        alignas(16) std::uint32_t part[4];
        vst1q_u32(part, bytes);
        for (std::size_t w = 0; w < 4; ++w) {
            std::memcpy(out + 16 * w, &part[w], 4);
        }
    }
    static int_batch<Arch> load_bytes(const std::uint8_t* in) {
        std::uint32_t part;
        std::memcpy(&part, in, 4);
        const uint16x8_t wide = vmovl_u8(vcreate_u8(part));
        return vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(wide)));
    }
    static float_batch<Arch> quotient(const float_batch<Arch>& a, const float_batch<Arch>& b) {
        return vdivq_f32(a, b);
    }
    static float_batch<Arch> square_root(const float_batch<Arch>& a) { return vsqrtq_f32(a); }
    static double_batch<Arch> load_doubles(const float* x) { return vcvt_f64_f32(vld1_f32(x)); }
    static std::size_t append_at_least(const int_batch<Arch>& magnitude, std::int32_t bound, std::uint32_t first,
                                       std::uint32_t* indices, std::uint32_t* magnitudes) {
        static constexpr std::uint32_t bit[4] = {1, 2, 4, 8};
        const std::uint32_t mask = vaddvq_u32(vandq_u32(vcgeq_s32(magnitude, vdupq_n_s32(bound)), vld1q_u32(bit)));
        return portable_lanes<Arch>::append_lanes(mask, magnitude, first, indices, magnitudes);
    }
};

}  // namespace frugal::kernels
