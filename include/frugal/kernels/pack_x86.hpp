//! Packing of 1, 2 and 4 bits with AVX2 and AVX-512. Included by pack.hpp only.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels::detail {

#if defined(__AVX512BW__)

//! 64 symbols to 8 Width bytes: neighbours are multiplied together into wider and wider lanes.
template <unsigned Width>
void pack_vector(const std::uint8_t* symbols, std::byte* out) {
    const __m512i x = _mm512_loadu_si512(symbols);
    if constexpr (Width == 1) {
        const std::uint64_t bits = _mm512_test_epi8_mask(x, _mm512_set1_epi8(1));
        std::memcpy(out, &bits, 8);
    } else if constexpr (Width == 2) {
        const __m512i pairs = _mm512_maddubs_epi16(x, _mm512_set1_epi16(0x0401));
        const __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00100001));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm512_cvtepi32_epi8(fours));
    } else {
        const __m512i pairs = _mm512_maddubs_epi16(x, _mm512_set1_epi16(0x1001));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm512_cvtepi16_epi8(pairs));
    }
}

//! The inverse. Bit 7 of a byte of `bad` is set where a symbol plus `excess` reaches 128.
template <unsigned Width>
void unpack_vector(const std::byte* in, std::uint8_t* symbols, __m512i excess, __m512i& bad) {
    __m512i x;
    if constexpr (Width == 1) {
        std::uint64_t bits;
        std::memcpy(&bits, in, 8);
        x = _mm512_maskz_mov_epi8(bits, _mm512_set1_epi8(1));
    } else if constexpr (Width == 2) {
        const __m512i b = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
        const __m512i low = _mm512_or_si512(b, _mm512_slli_epi32(b, 6));
        const __m512i high = _mm512_or_si512(_mm512_slli_epi32(b, 12), _mm512_slli_epi32(b, 18));
        x = _mm512_and_si512(_mm512_or_si512(low, high), _mm512_set1_epi8(3));
    } else {
        const __m512i b = _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(in)));
        x = _mm512_and_si512(_mm512_or_si512(b, _mm512_slli_epi16(b, 4)), _mm512_set1_epi8(15));
    }
    bad = _mm512_or_si512(bad, _mm512_add_epi8(x, excess));
    _mm512_storeu_si512(symbols, x);
}

//! Packs whole vectors; returns how many groups of 8 symbols that are.
template <unsigned Width>
std::size_t pack_vectors(const std::uint8_t* symbols, std::size_t groups, std::byte* out) {
    std::size_t g = 0;
    for (; g + 8 <= groups; g += 8) {
        pack_vector<Width>(symbols + 8 * g, out + g * Width);
    }
    return g;
}
template <unsigned Width>
std::size_t unpack_vectors(const std::byte* in, std::size_t groups, std::size_t size, std::uint8_t* symbols,
                           std::uint64_t& bad) {
    const __m512i excess = _mm512_set1_epi8(static_cast<char>(128 - size));
    __m512i any_bad = _mm512_setzero_si512();
    std::size_t g = 0;
    for (; g + 8 <= groups; g += 8) {
        unpack_vector<Width>(in + g * Width, symbols + 8 * g, excess, any_bad);
    }
    bad |= _mm512_movepi8_mask(any_bad) != 0 ? every_byte * 0x80 : 0;
    return g;
}

#else

//! 32 symbols to 4 Width bytes: neighbours are multiplied together into wider and wider lanes.
template <unsigned Width>
void pack_vector(const std::uint8_t* symbols, std::byte* out) {
    const __m256i x = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(symbols));
    if constexpr (Width == 1) {
        const int bits = _mm256_movemask_epi8(_mm256_slli_epi16(x, 7));
        std::memcpy(out, &bits, 4);
    } else if constexpr (Width == 2) {
        const __m256i pairs = _mm256_maddubs_epi16(x, _mm256_set1_epi16(0x0401));
        const __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00100001));
        const __m256i first = _mm256_set1_epi32(0x0C080400);  // the low bytes of the 32-bit lanes
        const __m256i bytes = _mm256_shuffle_epi8(fours, first);
        const std::uint64_t low = static_cast<std::uint32_t>(_mm256_extract_epi32(bytes, 0));
        const std::uint64_t high = static_cast<std::uint32_t>(_mm256_extract_epi32(bytes, 4));
        const std::uint64_t word = low | high << 32;
        std::memcpy(out, &word, 8);
    } else {
        const __m256i pairs = _mm256_maddubs_epi16(x, _mm256_set1_epi16(0x1001));
        const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(pairs, pairs), 0x08);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(bytes));
    }
}

//! The inverse. Bit 7 of a byte of `bad` is set where a symbol plus `excess` reaches 128.
template <unsigned Width>
void unpack_vector(const std::byte* in, std::uint8_t* symbols, __m256i excess, __m256i& bad) {
    __m256i x;
    if constexpr (Width == 1) {
        int bits;
        std::memcpy(&bits, in, 4);
        const __m256i byte_of = _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
        const __m256i bit = _mm256_set1_epi64x(static_cast<long long>(0x8040201008040201u));
        const __m256i spread = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(bits), byte_of), bit);
        x = _mm256_and_si256(_mm256_cmpeq_epi8(spread, bit), _mm256_set1_epi8(1));
    } else if constexpr (Width == 2) {
        const __m256i b = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(in)));
        const __m256i low = _mm256_or_si256(b, _mm256_slli_epi32(b, 6));
        const __m256i high = _mm256_or_si256(_mm256_slli_epi32(b, 12), _mm256_slli_epi32(b, 18));
        x = _mm256_and_si256(_mm256_or_si256(low, high), _mm256_set1_epi8(3));
    } else {
        const __m256i b = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
        x = _mm256_and_si256(_mm256_or_si256(b, _mm256_slli_epi16(b, 4)), _mm256_set1_epi8(15));
    }
    bad = _mm256_or_si256(bad, _mm256_add_epi8(x, excess));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(symbols), x);
}

//! Packs whole vectors; returns how many groups of 8 symbols that are.
template <unsigned Width>
std::size_t pack_vectors(const std::uint8_t* symbols, std::size_t groups, std::byte* out) {
    std::size_t g = 0;
    for (; g + 4 <= groups; g += 4) {
        pack_vector<Width>(symbols + 8 * g, out + g * Width);
    }
    return g;
}
template <unsigned Width>
std::size_t unpack_vectors(const std::byte* in, std::size_t groups, std::size_t size, std::uint8_t* symbols,
                           std::uint64_t& bad) {
    const __m256i excess = _mm256_set1_epi8(static_cast<char>(128 - size));
    __m256i any_bad = _mm256_setzero_si256();
    std::size_t g = 0;
    for (; g + 4 <= groups; g += 4) {
        unpack_vector<Width>(in + g * Width, symbols + 8 * g, excess, any_bad);
    }
    bad |= _mm256_movemask_epi8(any_bad) != 0 ? every_byte * 0x80 : 0;
    return g;
}

#endif

}  // namespace frugal::kernels::detail

FRUGAL_KERNELS_END
