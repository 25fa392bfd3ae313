//! The operations of kernels/bit_lanes.hpp for AVX2 and AVX-512. Included by that header only.
#pragma once

#include <immintrin.h>

namespace frugal::kernels {

//! A table of 16 counts, looked up for both halves of each byte (Mula, Kurz, Lemire, Computer Journal 2018, sec. 3).
template <class Arch>
    requires std::derived_from<Arch, xsimd::avx2>
struct bit_lanes<Arch> : portable_bit_lanes<Arch> {
    using vector = word_batch<Arch>;
    static constexpr const char* name = "AVX2 nibble table";
    static constexpr std::size_t columns = 2;

    static vector count(const vector& x) {
        const __m256i table =
            _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
        const __m256i half = _mm256_set1_epi8(0x0F);
        const __m256i low = _mm256_shuffle_epi8(table, _mm256_and_si256(x, half));
        const __m256i high = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi32(x, 4), half));
        return _mm256_add_epi8(low, high);
    }
    static vector widen(const vector& x) {
        return _mm256_madd_epi16(_mm256_maddubs_epi16(x, _mm256_set1_epi8(1)), _mm256_set1_epi16(1));
    }
    static std::uint32_t at_least(const float* x, const float* y) {
        return static_cast<std::uint32_t>(
            _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x), _mm256_loadu_ps(y), _CMP_GE_OQ)));
    }
    static std::uint32_t at_least(const std::int32_t* x, const std::int32_t* y) {
        const __m256i less = _mm256_cmpgt_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(y)),
                                                _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x)));
        return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(less))) ^ 0xFFu;
    }
    static void store_signs(std::uint32_t bits, float* out) {
        const __m256i bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        const __m256i set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int>(bits)), bit), bit);
        _mm256_storeu_ps(out, _mm256_blendv_ps(_mm256_set1_ps(-1), _mm256_set1_ps(1), _mm256_castsi256_ps(set)));
    }
};

#if defined(__AVX512F__)

template <class Arch>
    requires std::derived_from<Arch, xsimd::avx512f>
struct bit_lanes<Arch> : portable_bit_lanes<Arch> {
    using vector = word_batch<Arch>;
    static constexpr std::size_t rows = 8;

    static vector masked_exclusive_or(const vector& a, const vector& b, const vector& mask) {
        return _mm512_ternarylogic_epi32(a, b, mask, 0x28);
    }
    static std::uint32_t at_least(const float* x, const float* y) {
        return _mm512_cmp_ps_mask(_mm512_loadu_ps(x), _mm512_loadu_ps(y), _CMP_GE_OQ);
    }
    static std::uint32_t at_least(const std::int32_t* x, const std::int32_t* y) {
        return _mm512_cmpge_epi32_mask(_mm512_loadu_si512(x), _mm512_loadu_si512(y));
    }
    static void store_signs(std::uint32_t bits, float* out) {
        const auto mask = static_cast<__mmask16>(bits);
        _mm512_storeu_ps(out, _mm512_mask_blend_ps(mask, _mm512_set1_ps(-1), _mm512_set1_ps(1)));
    }
#if defined(__AVX512VPOPCNTDQ__)
    static constexpr const char* name = "VPOPCNTDQ";
    static constexpr std::size_t columns = 2;
    static constexpr std::size_t steps = std::size_t{1} << 24;  // a lane has room for the sums of four such

    static vector count(const vector& x) { return _mm512_popcnt_epi32(x); }
    static vector widen(const vector& x) { return x; }
#elif defined(__AVX512BW__)
    static constexpr const char* name = "AVX-512BW nibble table";
    static constexpr std::size_t columns = 2;

    static vector count(const vector& x) {
        const __m512i table = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
        const __m512i half = _mm512_set1_epi8(0x0F);
        const __m512i low = _mm512_shuffle_epi8(table, _mm512_and_si512(x, half));
        const __m512i high = _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi32(x, 4), half));
        return _mm512_add_epi8(low, high);
    }
    static vector widen(const vector& x) {
        return _mm512_madd_epi16(_mm512_maddubs_epi16(x, _mm512_set1_epi8(1)), _mm512_set1_epi16(1));
    }
#endif
};

#endif

}  // namespace frugal::kernels
