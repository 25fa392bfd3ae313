//! The operations of kernels/batch.hpp for SSE2, AVX2 and AVX-512. Included by that header only.
#pragma once

#include <immintrin.h>

#include <cstring>

namespace frugal::kernels {

// Words live in the low halves of 64-bit lanes, those of even and of odd index in a register each: that is how PMULUDQ
// reads them. It ignores the high halves, so a product is its own low word, and only high words cost a shift.

template <class Arch>
    requires std::derived_from<Arch, xsimd::sse2>
struct lane_operations<Arch> : portable_lanes<Arch> {
    struct words {
        __m128i even, odd;
    };
    static words count_from(std::uint32_t first) {
        const __m128i even = _mm_add_epi32(_mm_set1_epi32(static_cast<int>(first)), _mm_set_epi32(0, 2, 0, 0));
        return {even, _mm_add_epi32(even, _mm_set1_epi32(1))};
    }
    static void multiply(const words& a, std::uint32_t m, words& high, words& low) {
        const __m128i factor = _mm_set1_epi32(static_cast<int>(m));
        low = {_mm_mul_epu32(a.even, factor), _mm_mul_epu32(a.odd, factor)};
        high = {_mm_srli_epi64(low.even, 32), _mm_srli_epi64(low.odd, 32)};
    }
    static words exclusive_or(const words& a, std::uint32_t k) {
        const __m128i key = _mm_set1_epi32(static_cast<int>(k));
        return {_mm_xor_si128(a.even, key), _mm_xor_si128(a.odd, key)};
    }
    static words exclusive_or(const words& a, const words& b, std::uint32_t k) {
        return exclusive_or(words{_mm_xor_si128(a.even, b.even), _mm_xor_si128(a.odd, b.odd)}, k);
    }
    static word_batch<Arch> joined(const words& a) {
        return _mm_unpacklo_epi32(_mm_shuffle_epi32(a.even, 0x08), _mm_shuffle_epi32(a.odd, 0x08));
    }

    static void store_saturated(const int_batch<Arch> (&v)[4], int lowest, std::uint8_t* out) {
        const __m128i low = _mm_set1_epi16(static_cast<short>(lowest));
        const __m128i bytes = _mm_packus_epi16(_mm_subs_epi16(_mm_packs_epi32(v[0], v[1]), low),
                                               _mm_subs_epi16(_mm_packs_epi32(v[2], v[3]), low));
        for (std::size_t w = 0; w < 4; ++w) {
            alignas(16) std::uint32_t part[4];
            _mm_store_si128(reinterpret_cast<__m128i*>(part), bytes);
            std::memcpy(out + 16 * w, &part[w], 4);
        }
    }
    static int_batch<Arch> load_bytes(const std::uint8_t* in) {
        std::int32_t part;
        std::memcpy(&part, in, 4);
        const __m128i zero = _mm_setzero_si128();
        return _mm_unpacklo_epi16(_mm_unpacklo_epi8(_mm_cvtsi32_si128(part), zero), zero);
    }
    static double_batch<Arch> load_doubles(const float* x) {
        return _mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x))));
    }
    static std::uint32_t lanes_at_least(const float_batch<Arch>& a, const float_batch<Arch>& b) {
        return static_cast<std::uint32_t>(_mm_movemask_ps(_mm_cmpge_ps(a, b)));
    }
    static std::size_t append_at_least(const int_batch<Arch>& magnitude, std::int32_t bound, std::uint32_t first,
                                       std::uint32_t* indices, std::uint32_t* magnitudes) {
        const __m128i above = _mm_cmpgt_epi32(magnitude, _mm_set1_epi32(bound - 1));
        const auto mask = static_cast<std::uint32_t>(_mm_movemask_ps(_mm_castsi128_ps(above)));
        return portable_lanes<Arch>::append_lanes(mask, magnitude, first, indices, magnitudes);
    }
};

#if defined(__AVX2__)

template <class Arch>
    requires std::derived_from<Arch, xsimd::avx2>
struct lane_operations<Arch> : portable_lanes<Arch> {
    struct words {
        __m256i even, odd;
    };
    static words count_from(std::uint32_t first) {
        const __m256i even =
            _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(first)), _mm256_set_epi32(0, 6, 0, 4, 0, 2, 0, 0));
        return {even, _mm256_add_epi32(even, _mm256_set1_epi32(1))};
    }
    static void multiply(const words& a, std::uint32_t m, words& high, words& low) {
        const __m256i factor = _mm256_set1_epi32(static_cast<int>(m));
        low = {_mm256_mul_epu32(a.even, factor), _mm256_mul_epu32(a.odd, factor)};
        high = {_mm256_srli_epi64(low.even, 32), _mm256_srli_epi64(low.odd, 32)};
    }
    static words exclusive_or(const words& a, std::uint32_t k) {
        const __m256i key = _mm256_set1_epi32(static_cast<int>(k));
        return {_mm256_xor_si256(a.even, key), _mm256_xor_si256(a.odd, key)};
    }
    static words exclusive_or(const words& a, const words& b, std::uint32_t k) {
        return exclusive_or(words{_mm256_xor_si256(a.even, b.even), _mm256_xor_si256(a.odd, b.odd)}, k);
    }
    static word_batch<Arch> joined(const words& a) {
        return _mm256_blend_epi32(a.even, _mm256_slli_epi64(a.odd, 32), 0xAA);
    }

    static void store_saturated(const int_batch<Arch> (&v)[4], int lowest, std::uint8_t* out) {
        const __m256i low = _mm256_set1_epi16(static_cast<short>(lowest));
        const __m256i halves = _mm256_packus_epi16(_mm256_subs_epi16(_mm256_packs_epi32(v[0], v[1]), low),
                                                   _mm256_subs_epi16(_mm256_packs_epi32(v[2], v[3]), low));
        const __m256i bytes = _mm256_permutevar8x32_epi32(halves, _mm256_set_epi32(7, 3, 6, 2, 5, 1, 4, 0));
        const __m128i first = _mm256_castsi256_si128(bytes);
        const __m128i second = _mm256_extracti128_si256(bytes, 1);
        _mm_storel_pi(reinterpret_cast<__m64*>(out), _mm_castsi128_ps(first));
        _mm_storeh_pi(reinterpret_cast<__m64*>(out + 16), _mm_castsi128_ps(first));
        _mm_storel_pi(reinterpret_cast<__m64*>(out + 32), _mm_castsi128_ps(second));
        _mm_storeh_pi(reinterpret_cast<__m64*>(out + 48), _mm_castsi128_ps(second));
    }
    static int_batch<Arch> load_bytes(const std::uint8_t* in) {
        return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(in)));
    }
    static double_batch<Arch> load_doubles(const float* x) { return _mm256_cvtps_pd(_mm_loadu_ps(x)); }
    static std::uint32_t lanes_at_least(const float_batch<Arch>& a, const float_batch<Arch>& b) {
        return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GE_OQ)));
    }
    static std::size_t append_at_least(const int_batch<Arch>& magnitude, std::int32_t bound, std::uint32_t first,
                                       std::uint32_t* indices, std::uint32_t* magnitudes) {
        const __m256i above = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(bound - 1));
        const auto mask = static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(above)));
        return portable_lanes<Arch>::append_lanes(mask, magnitude, first, indices, magnitudes);
    }
};

#endif

#if defined(__AVX512F__)

template <class Arch>
    requires std::derived_from<Arch, xsimd::avx512f>
struct lane_operations<Arch> : portable_lanes<Arch> {
    static constexpr std::size_t sets = 2;
    struct words {
        __m512i even, odd;
    };
    static words count_from(std::uint32_t first) {
        const __m512i even = _mm512_add_epi64(_mm512_set1_epi64(static_cast<long long>(first)),
                                              _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0));
        return {even, _mm512_add_epi64(even, _mm512_set1_epi64(1))};
    }
    static void multiply(const words& a, std::uint32_t m, words& high, words& low) {
        const __m512i factor = _mm512_set1_epi64(static_cast<long long>(m));
        low = {_mm512_mul_epu32(a.even, factor), _mm512_mul_epu32(a.odd, factor)};
        high = {_mm512_srli_epi64(low.even, 32), _mm512_srli_epi64(low.odd, 32)};
    }
    static words exclusive_or(const words& a, std::uint32_t k) {
        const __m512i key = _mm512_set1_epi32(static_cast<int>(k));
        return {_mm512_xor_si512(a.even, key), _mm512_xor_si512(a.odd, key)};
    }
    static words exclusive_or(const words& a, const words& b, std::uint32_t k) {
        const __m512i key = _mm512_set1_epi32(static_cast<int>(k));
        return {_mm512_ternarylogic_epi32(a.even, b.even, key, 0x96),
                _mm512_ternarylogic_epi32(a.odd, b.odd, key, 0x96)};
    }
    static word_batch<Arch> joined(const words& a) {
        return _mm512_mask_shuffle_epi32(a.even, 0xAAAA, a.odd, _MM_PERM_CCAA);
    }

    static void store_saturated(const int_batch<Arch> (&v)[4], int lowest, std::uint8_t* out) {
#if defined(__AVX512BW__)
        const __m512i low = _mm512_set1_epi16(static_cast<short>(lowest));
        const __m512i halves = _mm512_packus_epi16(_mm512_subs_epi16(_mm512_packs_epi32(v[0], v[1]), low),
                                                   _mm512_subs_epi16(_mm512_packs_epi32(v[2], v[3]), low));
        const __m512i order = _mm512_set_epi32(15, 11, 7, 3, 14, 10, 6, 2, 13, 9, 5, 1, 12, 8, 4, 0);
        _mm512_storeu_si512(out, _mm512_permutexvar_epi32(order, halves));
#else
        for (std::size_t w = 0; w < 4; ++w) {
            const __m512i halves = _mm512_max_epi32(v[w], _mm512_set1_epi32(-32768));
            const __m512i symbols =
                _mm512_max_epi32(_mm512_sub_epi32(halves, _mm512_set1_epi32(lowest)), _mm512_setzero_si512());
            _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16 * w), _mm512_cvtusepi32_epi8(symbols));
        }
#endif
    }
    static int_batch<Arch> load_bytes(const std::uint8_t* in) {
        return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
    }
    static double_batch<Arch> load_doubles(const float* x) { return _mm512_cvtps_pd(_mm256_loadu_ps(x)); }
    static float_batch<Arch> multiply_add(const float_batch<Arch>& a, const float_batch<Arch>& b,
                                          const float_batch<Arch>& c) {
        return _mm512_fmadd_ps(a, b, c);
    }
#if defined(__AVX512VNNI__)
    static constexpr bool multiplies_pairs = true;
    static int_batch<Arch> multiply_add(const int_batch<Arch>& a, const int_batch<Arch>& b,
                                        const int_batch<Arch>& sum) {
        return _mm512_dpwssd_epi32(sum, a, b);
    }
#endif
    static std::uint32_t lanes_at_least(const float_batch<Arch>& a, const float_batch<Arch>& b) {
        return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
    }
    static std::size_t append_at_least(const int_batch<Arch>& magnitude, std::int32_t bound, std::uint32_t first,
                                       std::uint32_t* indices, std::uint32_t* magnitudes) {
        const __mmask16 mask = _mm512_cmpge_epi32_mask(magnitude, _mm512_set1_epi32(bound));
        const __m512i index = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(first)),
                                               _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
        _mm512_storeu_si512(indices, _mm512_maskz_compress_epi32(mask, index));
        _mm512_storeu_si512(magnitudes, _mm512_maskz_compress_epi32(mask, magnitude));
        return static_cast<std::size_t>(std::popcount(static_cast<std::uint32_t>(mask)));
    }
};

#endif

}  // namespace frugal::kernels
