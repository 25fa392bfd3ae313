//! Packing loops on blocks of symbols, without policy: whole bits, digits of tuples in a byte, digits of longer words.
//!
//! What they write does not depend on the instruction set: little endian, and every SIMD loop has a twin on 64-bit
//! words.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include <frugal/kernels/batch.hpp>

// PEXT and PDEP are microcoded (hundreds of cycles) on the first two generations of AMD Zen.
#if defined(__BMI2__) && defined(__x86_64__) && !defined(__znver1__) && !defined(__znver2__)
#include <immintrin.h>
#define FRUGAL_FAST_BIT_GATHER 1
#endif

namespace frugal::kernels {

namespace detail {

inline constexpr std::uint64_t every_byte = 0x0101010101010101u;

//! The low 8 * n bits of the word at p, n <= 8; reads only n bytes.
inline std::uint64_t load_bytes(const std::byte* p, std::size_t n) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, n);
    return word;
}
inline std::uint64_t load_word(const void* p) {
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    return word;
}

}  // namespace detail

}  // namespace frugal::kernels

#if defined(FRUGAL_HAS_SIMD) && defined(__AVX2__)
#define FRUGAL_PACK_VECTORS 1
#include <frugal/kernels/pack_x86.hpp>
#endif

namespace frugal::kernels {

//! The low Bits bits of every lane of Lane bits.
template <unsigned Lane, unsigned Bits>
inline constexpr std::uint64_t low_bits_of_lanes = [] {
    std::uint64_t mask = 0;
    for (unsigned at = 0; at < 64; at += Lane) {
        mask |= ((std::uint64_t{1} << Bits) - 1) << at;
    }
    return mask;
}();

//! Eight symbols of Width < 8 bits, one a byte, to 8 Width adjacent bits; portable form.
template <unsigned Width>
constexpr std::uint64_t gather_bits_portable(std::uint64_t x) {
    constexpr unsigned w = Width;
    if constexpr (w == 1) {
        return (x * 0x0102040810204080u) >> 56;
    } else {
        x = (x & low_bits_of_lanes<16, w>) | (x >> (8 - w) & (low_bits_of_lanes<16, w> << w));
        x = (x & low_bits_of_lanes<32, 2 * w>) | (x >> (16 - 2 * w) & (low_bits_of_lanes<32, 2 * w> << (2 * w)));
        return (x & low_bits_of_lanes<64, 4 * w>) | (x >> (32 - 4 * w) & (low_bits_of_lanes<64, 4 * w> << (4 * w)));
    }
}
//! The inverse; bits of x above 8 Width are ignored.
template <unsigned Width>
constexpr std::uint64_t scatter_bits_portable(std::uint64_t x) {
    constexpr unsigned w = Width;
    if constexpr (w == 1) {
        const std::uint64_t one_bit_each = ((x & 0xFFu) * detail::every_byte) & 0x8040201008040201u;
        return ((one_bit_each + 0x7F7F7F7F7F7F7F7Fu) >> 7) & detail::every_byte;
    } else {
        x = (x & low_bits_of_lanes<64, 4 * w>) | (x << (32 - 4 * w) & (low_bits_of_lanes<64, 4 * w> << 32));
        x = (x & low_bits_of_lanes<32, 2 * w>) | (x << (16 - 2 * w) & (low_bits_of_lanes<32, 2 * w> << 16));
        return (x & low_bits_of_lanes<16, w>) | (x << (8 - w) & (low_bits_of_lanes<16, w> << 8));
    }
}
template <unsigned Width>
std::uint64_t gather_bits(std::uint64_t x) {
#ifdef FRUGAL_FAST_BIT_GATHER
    return _pext_u64(x, detail::every_byte * ((1u << Width) - 1u));
#else
    return gather_bits_portable<Width>(x);
#endif
}
template <unsigned Width>
std::uint64_t scatter_bits(std::uint64_t x) {
#ifdef FRUGAL_FAST_BIT_GATHER
    return _pdep_u64(x, detail::every_byte * ((1u << Width) - 1u));
#else
    return scatter_bits_portable<Width>(x);
#endif
}

//! Bytes that n symbols of `width` bits take.
constexpr std::size_t packed_bytes(std::size_t n, unsigned width) {
    return n / 8 * width + (n % 8 * width + 7) / 8;
}

//! Appends the low `width` bits of each symbol, least significant first; writes packed_bytes(n, width) bytes, the last
//! one padded with zeros. width <= 32, symbols below 2^width. O(n).
template <class Symbol>
void pack_bit_stream(const Symbol* symbols, std::size_t n, unsigned width, std::byte* out) {
    std::uint64_t pending = 0;
    unsigned count = 0;
    for (std::size_t i = 0; i < n; ++i) {
        pending |= std::uint64_t{symbols[i]} << count;
        count += width;
        if (count >= 32) {
            std::memcpy(out, &pending, 4);
            out += 4;
            pending >>= 32;
            count -= 32;
        }
    }
    if (count > 0) {
        std::memcpy(out, &pending, (count + 7) / 8);
    }
}

//! The inverse. False unless all symbols are below `size` and the padding is zero.
template <class Symbol>
bool unpack_bit_stream(const std::byte* in, std::size_t n, unsigned width, std::uint64_t size, Symbol* symbols) {
    const std::byte* const end = in + packed_bytes(n, width);
    std::uint64_t pending = 0;
    unsigned count = 0;
    bool good = true;
    for (std::size_t i = 0; i < n; ++i) {
        if (count < width) {
            const auto take = std::min<std::size_t>(4, static_cast<std::size_t>(end - in));
            pending |= detail::load_bytes(in, take) << count;
            in += take;
            count += static_cast<unsigned>(8 * take);
        }
        const std::uint64_t s = pending & ((std::uint64_t{1} << width) - 1);
        good &= s < size;
        symbols[i] = static_cast<Symbol>(s);
        pending >>= width;
        count -= width;
    }
    return good && pending == 0;
}

template <unsigned Width>
void pack_bits(const std::uint8_t* symbols, std::size_t n, std::byte* out) {
    const std::size_t groups = n / 8;
    if constexpr (Width == 8) {
        std::memcpy(out, symbols, n);
    } else {
        // A store of 8 bytes also writes zeros over the groups to come, which are written later: all but the last may.
        const std::size_t wide = groups < 8 ? 0 : groups - 7;
        std::size_t g = 0;
#if defined(FRUGAL_PACK_VECTORS)
        if constexpr (Width == 1 || Width == 2 || Width == 4) {
            g = detail::pack_vectors<Width>(symbols, groups, out);
        }
#endif
        for (; g < wide; ++g) {
            const std::uint64_t bits = gather_bits<Width>(detail::load_word(symbols + 8 * g));
            std::memcpy(out + g * Width, &bits, 8);
        }
        for (; g < groups; ++g) {
            const std::uint64_t bits = gather_bits<Width>(detail::load_word(symbols + 8 * g));
            std::memcpy(out + g * Width, &bits, Width);
        }
        pack_bit_stream(symbols + 8 * groups, n % 8, Width, out + groups * Width);
    }
}

template <unsigned Width>
bool unpack_bits(const std::byte* in, std::size_t n, std::size_t size, std::uint8_t* symbols) {
    const std::size_t groups = n / 8;
    std::uint64_t bad = 0;
    if constexpr (Width == 8) {
        std::memcpy(symbols, in, n);
        if (size < 256) {
            constexpr std::uint64_t low = 0x00FF00FF00FF00FFu;
            const std::uint64_t excess =
                0x0001000100010001u * (256 - size);  // carries into bit 8 of a lane from `size` on
            for (std::size_t g = 0; g < groups; ++g) {
                const std::uint64_t x = detail::load_word(in + 8 * g);
                bad |= ((x & low) + excess) | ((x >> 8 & low) + excess);
            }
            bad &= 0x0100010001000100u;
        }
    } else {
        const std::uint64_t excess = detail::every_byte * (128 - size);  // carries into bit 7 of a byte from `size` on
        const std::size_t wide = groups < 8 ? 0 : groups - 7;
        std::size_t g = 0;
#if defined(FRUGAL_PACK_VECTORS)
        if constexpr (Width == 1 || Width == 2 || Width == 4) {
            g = detail::unpack_vectors<Width>(in, groups, size, symbols, bad);
        }
#endif
        for (; g < groups; ++g) {
            const std::uint64_t x = scatter_bits<Width>(g < wide ? detail::load_word(in + g * Width)
                                                                 : detail::load_bytes(in + g * Width, Width));
            bad |= x + excess;
            std::memcpy(symbols + 8 * g, &x, 8);
        }
        bad &= 0x80 * detail::every_byte;
    }
    return unpack_bit_stream(in + groups * Width, n % 8, Width, size, symbols + 8 * groups) && bad == 0;
}

//! Calls f(std::integral_constant<unsigned, width>) for 1 <= width <= 8.
template <class F>
decltype(auto) with_width(unsigned width, F f) {
    switch (width) {
        case 1:
            return f(std::integral_constant<unsigned, 1>{});
        case 2:
            return f(std::integral_constant<unsigned, 2>{});
        case 3:
            return f(std::integral_constant<unsigned, 3>{});
        case 4:
            return f(std::integral_constant<unsigned, 4>{});
        case 5:
            return f(std::integral_constant<unsigned, 5>{});
        case 6:
            return f(std::integral_constant<unsigned, 6>{});
        case 7:
            return f(std::integral_constant<unsigned, 7>{});
        default:
            return f(std::integral_constant<unsigned, 8>{});
    }
}

//! `pack_bit_stream` for symbols of a byte, eight at a time: 1 <= width <= 8.
inline void pack_bits(const std::uint8_t* symbols, std::size_t n, unsigned width, std::byte* out) {
    with_width(width, [&](auto w) { pack_bits<w()>(symbols, n, out); });
}
//! `unpack_bit_stream` for symbols of a byte, eight at a time: 1 <= width <= 8, 2^(width - 1) < size <= 2^width.
inline bool unpack_bits(const std::byte* in, std::size_t n, unsigned width, std::size_t size, std::uint8_t* symbols) {
    return with_width(width, [&](auto w) { return unpack_bits<w()>(in, n, size, symbols); });
}

//! Vertical blocks: digit k of word j is symbol k * block_lanes + j, so that digits of many words are one vector.
inline constexpr std::size_t block_lanes = 64;

//! Sixteen-bit lanes of a machine word or of a vector: the little that the loops on digits need.
template <class Word>
struct lanes_of_16;

//! Four lanes in a word.
template <>
struct lanes_of_16<std::uint64_t> {
    static std::uint64_t all(std::uint16_t v) { return 0x0001000100010001u * v; }
    static std::uint64_t load(const void* p) { return detail::load_word(p); }
    static void store(void* p, std::uint64_t x) { std::memcpy(p, &x, 8); }
    //! Lanewise where no product reaches 2^16.
    static std::uint64_t times(std::uint64_t x, std::uint16_t factor) { return x * factor; }
    static bool any(std::uint64_t x) { return x != 0; }
};

#if defined(FRUGAL_HAS_SIMD)
//! The lanes of a vector.
template <class Arch>
struct lanes_of_16<xsimd::batch<std::uint16_t, Arch>> {
    using batch = xsimd::batch<std::uint16_t, Arch>;
    static batch all(std::uint16_t v) { return batch(v); }
    static batch load(const void* p) { return batch::load_unaligned(static_cast<const std::uint16_t*>(p)); }
    static void store(void* p, batch x) { x.store_unaligned(static_cast<std::uint16_t*>(p)); }
    static batch times(batch x, std::uint16_t factor) { return x * batch(factor); }
    static bool any(batch x) { return xsimd::any(x != batch(std::uint16_t{0})); }
};
using widest_lanes_of_16 = xsimd::batch<std::uint16_t>;
#else
using widest_lanes_of_16 = std::uint64_t;
#endif

//! The most digits of `base` that a byte holds: base^digits <= 256; at least 1. base >= 2.
constexpr unsigned digits_in_byte(std::size_t base) {
    unsigned digits = 1;
    for (std::size_t power = base * base; power <= 256; power *= base) {
        ++digits;
    }
    return digits;
}

//! x / base as x * factor >> shift, without leaving 16 bits, for all x <= largest.
struct small_divisor {
    std::uint16_t factor = 1;
    std::uint16_t shift = 0;
};
//! Exact for 2 <= base <= 16 and largest = base^digits_in_byte(base) - 1 (tested one by one).
constexpr small_divisor divisor_for(unsigned base, unsigned largest) {
    small_divisor d;
    for (unsigned shift = 1; shift < 16; ++shift) {
        const unsigned factor = ((1u << shift) + base - 1) / base;
        if (factor * largest < 65536) {
            d = {static_cast<std::uint16_t>(factor), static_cast<std::uint16_t>(shift)};
        }
    }
    return d;
}

constexpr unsigned power_of(unsigned base, unsigned exponent) {
    unsigned p = 1;
    while (exponent-- > 0) {
        p *= base;
    }
    return p;
}

//! Tuples of digits in a byte, base^digits <= 256, and how to take them apart; base <= 16 where digits > 1.
struct tuple_shape {
    std::uint16_t base = 2;
    std::uint16_t digits = 1;
    std::uint16_t limit = 2;  // base^digits
    small_divisor divisor;

    constexpr tuple_shape() = default;
    constexpr tuple_shape(unsigned base_, unsigned digits_)
        : base(static_cast<std::uint16_t>(base_)),
          digits(static_cast<std::uint16_t>(digits_)),
          limit(static_cast<std::uint16_t>(power_of(base_, digits_))),
          divisor(divisor_for(base_, limit - 1u)) {}
};

//! tuples[j] = sum_k base^k symbols[64 k + j] for j < 64, k < digits; symbols below base.
template <class Word = widest_lanes_of_16>
void pack_tuples(const std::uint8_t* symbols, const tuple_shape& shape, std::uint8_t* tuples) {
    using lanes = lanes_of_16<Word>;
    for (std::size_t j = 0; j < block_lanes; j += sizeof(Word)) {
        // No byte overflows, so the two bytes of a lane are multiplied as one number.
        Word sum = lanes::load(symbols + (shape.digits - 1u) * block_lanes + j);
        for (unsigned k = shape.digits - 1u; k-- > 0;) {
            sum = lanes::times(sum, shape.base) + lanes::load(symbols + k * block_lanes + j);
        }
        lanes::store(tuples + j, sum);
    }
}

//! The inverse; false unless every tuple is below base^digits.
template <class Word = widest_lanes_of_16>
bool unpack_tuples(const std::uint8_t* tuples, const tuple_shape& shape, std::uint8_t* symbols) {
    using lanes = lanes_of_16<Word>;
    const Word byte = lanes::all(0xFF);
    const Word quotient = lanes::all(static_cast<std::uint16_t>(0xFFFFu >> shape.divisor.shift));
    const Word excess = lanes::all(static_cast<std::uint16_t>(256u - shape.limit));  // carries into bit 8 from there on
    Word bad = lanes::all(0);
    for (std::size_t j = 0; j < block_lanes; j += sizeof(Word)) {
        const Word x = lanes::load(tuples + j);
        Word even = x & byte;
        Word odd = (x >> 8) & byte;
        bad = bad | (even + excess) | (odd + excess);
        for (unsigned k = 0; k + 1 < shape.digits; ++k) {
            const Word even_left = (lanes::times(even, shape.divisor.factor) >> shape.divisor.shift) & quotient;
            const Word odd_left = (lanes::times(odd, shape.divisor.factor) >> shape.divisor.shift) & quotient;
            const Word even_digit = even - lanes::times(even_left, shape.base);
            const Word odd_digit = odd - lanes::times(odd_left, shape.base);
            lanes::store(symbols + k * block_lanes + j, even_digit | (odd_digit << 8));
            even = even_left;
            odd = odd_left;
        }
        lanes::store(symbols + (shape.digits - 1u) * block_lanes + j, even | (odd << 8));
    }
    return !lanes::any(bad & lanes::all(0x100));
}

//! Words of `digits` digits: word j = sum_k base^k symbols[lanes k + j], j < lanes, k < digits, without the digits past
//! the last symbol; each takes its low `bytes` bytes. Any base, any n <= lanes * digits.
template <class Symbol>
void pack_words(const Symbol* symbols, std::size_t n, std::size_t lanes, std::uint64_t base, unsigned bytes,
                std::byte* out) {
    for (std::size_t j = 0; j < lanes; ++j) {
        std::uint64_t word = 0;
        for (std::size_t at = j + (n - 1 - j) / lanes * lanes + lanes; at > j;) {
            at -= lanes;
            word = word * base + symbols[at];
        }
        std::memcpy(out, &word, bytes);
        out += bytes;
    }
}

//! The inverse; false unless every word is below base to the number of its digits.
template <class Symbol>
bool unpack_words(const std::byte* in, std::size_t n, std::size_t lanes, std::uint64_t base, unsigned bytes,
                  Symbol* symbols) {
    std::uint64_t left = 0;
    for (std::size_t j = 0; j < lanes; ++j) {
        std::uint64_t word = detail::load_bytes(in, bytes);
        in += bytes;
        for (std::size_t at = j; at < n; at += lanes) {
            symbols[at] = static_cast<Symbol>(word % base);
            word /= base;
        }
        left |= word;
    }
    return left == 0;
}

namespace detail {

__extension__ using wide_word = unsigned __int128;

//! Twice as wide as U.
template <class U>
using twice_as_wide =
    std::conditional_t<sizeof(U) == 2, std::uint32_t, std::conditional_t<sizeof(U) == 4, std::uint64_t, wide_word>>;

//! Division by a constant without an instruction for it, for every x of type U: loops of it are vectors.
template <class U>
struct constant_divisor {
    U divisor = 1;
    U reciprocal = std::numeric_limits<U>::max();
    unsigned shift = 0;

    constexpr constant_divisor() = default;
    explicit constexpr constant_divisor(U d) : divisor(d), shift(static_cast<unsigned>(std::bit_width(d)) - 1) {
        const wide_word power = wide_word{1} << (bits + shift);
        reciprocal = static_cast<U>(std::min<wide_word>(power / d, std::numeric_limits<U>::max()));
    }
    //! The reciprocal is too small by less than 1, so that the product misses the quotient by at most 1.
    constexpr U quotient(U x) const {
        const auto q = static_cast<U>(static_cast<U>(twice_as_wide<U>{x} * reciprocal >> bits) >> shift);
        return static_cast<U>(q + static_cast<U>(static_cast<U>(x - static_cast<U>(q * divisor)) >= divisor));
    }

private:
    static constexpr unsigned bits = 8 * sizeof(U);
};

//! The same for x <= largest by the high 32 of their bits, where the divisor is large enough that the others hardly
//! matter: no product takes more than 64 bits.
struct coarse_divisor {
    std::uint64_t divisor = 1;
    std::uint64_t reciprocal = 0;  // below 2^32; 0: not of use
    unsigned dropped = 0;
    unsigned shift = 0;

    constexpr coarse_divisor() = default;
    constexpr coarse_divisor(std::uint64_t d, std::uint64_t largest) : divisor(d) {
        const auto bits = static_cast<unsigned>(std::bit_width(largest));
        dropped = bits < 32 ? 0 : bits - 32;
        if (d >= std::uint64_t{3} << dropped && !std::has_single_bit(d)) {
            const auto power = 31 + static_cast<unsigned>(std::bit_width(d));
            reciprocal = static_cast<std::uint64_t>((wide_word{1} << power) / d);
            shift = power - dropped;
        }
    }
    //! What is dropped of the word takes less than 2^dropped / d off the quotient, and what is missing of the
    //! reciprocal less than twice that: the product misses the quotient by at most 1.
    constexpr std::uint64_t quotient(std::uint64_t x) const {
        const std::uint64_t q = (x >> dropped) * reciprocal >> shift;
        return q + 1 - ((x - q * divisor - divisor) >> 63);
    }
};

}  // namespace detail

//! Words of many digits as numbers whose digits are tuples in a byte, and how to take them apart: by halves.
struct word_shape {
    tuple_shape tuple;
    tuple_shape last;  // the highest tuple may have fewer digits
    unsigned digits = 0;
    unsigned tuples = 0;  // at most 16
    unsigned bytes = 0;
    std::uint64_t largest = 0;  // base^digits - 1
    detail::constant_divisor<std::uint16_t> one_tuple;
    detail::constant_divisor<std::uint32_t> two_tuples;
    detail::constant_divisor<std::uint64_t> four_tuples;
    detail::constant_divisor<std::uint32_t> four_tuples_of_32;  // the same, where that divisor is below 2^32
    detail::coarse_divisor four_tuples_coarse;                  // the same, where it divides `largest`

    constexpr word_shape() = default;
    //! base^digits <= 2^(8 bytes), bytes <= 8, 2 <= base < 256.
    constexpr word_shape(unsigned base, unsigned digits_, unsigned bytes_)
        : tuple(base, std::min(digits_, digits_in_byte(base))),
          last(base, (digits_ - 1) % tuple.digits + 1),
          digits(digits_),
          tuples((digits_ + tuple.digits - 1) / tuple.digits),
          bytes(bytes_),
          one_tuple(tuple.limit),
          two_tuples(std::uint32_t{tuple.limit} * tuple.limit),
          four_tuples(std::uint64_t{two_tuples.divisor} * two_tuples.divisor) {
        for (unsigned k = 0; k < digits; ++k) {
            largest = largest * base + (base - 1);
        }
        four_tuples_coarse = detail::coarse_divisor(four_tuples.divisor, largest);
        if (four_tuples.divisor >> 32 == 0) {
            four_tuples_of_32 =
                detail::constant_divisor<std::uint32_t>(static_cast<std::uint32_t>(four_tuples.divisor));
        }
    }
};

namespace detail {

template <class U, std::size_t Count>
using lanes_of_words = std::array<std::array<U, block_lanes>, Count>;

//! out[i] = in[2 i] + factor in[2 i + 1] for the `count` rows of `in`; the last may have no partner.
template <class Half, std::size_t N, class U, std::size_t M>
void join_rows(const lanes_of_words<Half, N>& in, std::size_t count, U factor, lanes_of_words<U, M>& out) {
    for (std::size_t i = 0; i < count / 2; ++i) {
        for (std::size_t j = 0; j < block_lanes; ++j) {
            out[i][j] = static_cast<U>(in[2 * i][j] + static_cast<U>(factor * in[2 * i + 1][j]));
        }
    }
    if (count % 2 != 0) {
        std::copy(in[count - 1].begin(), in[count - 1].end(), out[count / 2].begin());
    }
}

//! A row as smaller numbers, where it is known that they are not the same memory: loops of it are vectors.
template <class From, class To>
void convert_row(const std::array<From, block_lanes>& __restrict in, std::array<To, block_lanes>& __restrict out) {
    for (std::size_t j = 0; j < block_lanes; ++j) {
        out[j] = static_cast<To>(in[j]);
    }
}

//! The inverse of join_rows, of values in range.
template <class U, std::size_t M, class Half, std::size_t N>
void split_rows(const lanes_of_words<U, M>& in, std::size_t count, constant_divisor<U> by,
                lanes_of_words<Half, N>& out) {
    for (std::size_t i = 0; i < count / 2; ++i) {
        for (std::size_t j = 0; j < block_lanes; ++j) {
            const U high = by.quotient(in[i][j]);
            out[2 * i][j] = static_cast<Half>(in[i][j] - static_cast<U>(high * by.divisor));
            out[2 * i + 1][j] = static_cast<Half>(high);
        }
    }
    if (count % 2 != 0) {
        convert_row(in[count / 2], out[count - 1]);
    }
}

//! low[j] = words[j] mod the divisor, words[j] = the quotient.
template <class U, class Divisor>
void split_off(std::array<std::uint64_t, block_lanes>& __restrict words, Divisor by,
               std::array<std::uint32_t, block_lanes>& __restrict low) {
    for (std::size_t j = 0; j < block_lanes; ++j) {
        const auto word = static_cast<U>(words[j]);
        const U high = by.quotient(word);
        low[j] = static_cast<std::uint32_t>(word - high * by.divisor);
        words[j] = high;
    }
}

//! The rows of up to 16 tuples, of pairs of them, of fours, and of the whole words.
struct word_rows {
    lanes_of_words<std::uint8_t, 16> tuples;
    lanes_of_words<std::uint16_t, 8> pairs;
    lanes_of_words<std::uint32_t, 4> fours;
    std::array<std::uint64_t, block_lanes> words;

    void join(const word_shape& shape) {
        const std::size_t n = shape.tuples;
        join_rows(tuples, n, shape.one_tuple.divisor, pairs);
        join_rows(pairs, (n + 1) / 2, shape.two_tuples.divisor, fours);
        std::copy(fours[(n - 1) / 4].begin(), fours[(n - 1) / 4].end(), words.begin());
        for (std::size_t i = (n - 1) / 4; i-- > 0;) {
            for (std::size_t j = 0; j < block_lanes; ++j) {
                words[j] = words[j] * shape.four_tuples.divisor + fours[i][j];
            }
        }
    }
    //! Uses up `words`.
    void split(const word_shape& shape) {
        const std::size_t n = shape.tuples;
        const std::size_t last = (n - 1) / 4;
        std::uint64_t largest = shape.largest;
        for (std::size_t i = 0; i < last; ++i, largest /= shape.four_tuples.divisor) {
            if (largest >> 32 == 0) {  // products of 64 bits are vectors, those of 128 are not
                split_off<std::uint32_t>(words, shape.four_tuples_of_32, fours[i]);
            } else if (shape.four_tuples_coarse.reciprocal != 0) {
                split_off<std::uint64_t>(words, shape.four_tuples_coarse, fours[i]);
            } else {
                split_off<std::uint64_t>(words, shape.four_tuples, fours[i]);
            }
        }
        convert_row(words, fours[last]);
        split_rows(fours, (n + 1) / 2, shape.two_tuples, pairs);
        split_rows(pairs, n, shape.one_tuple, tuples);
    }
};

inline constexpr std::size_t most_digits_in_word = 64;

}  // namespace detail

//! `pack_words` for a whole block: 64 words of shape.digits digits each.
//! With `words` and `bytes`: only the first `words` of them, in `bytes` bytes each, for which they must be small
//! enough.
inline void pack_word_block(const std::uint8_t* symbols, const word_shape& shape, std::size_t words, std::size_t bytes,
                            std::byte* out) {
    if (shape.bytes == 1 && words == block_lanes) {
        return pack_tuples(symbols, shape.tuple, reinterpret_cast<std::uint8_t*>(out));
    }
    detail::word_rows rows;
    for (std::size_t t = 0; t < shape.tuples; ++t) {
        pack_tuples(symbols + t * shape.tuple.digits * block_lanes, t + 1 < shape.tuples ? shape.tuple : shape.last,
                    rows.tuples[t].data());
    }
    rows.join(shape);
    std::size_t j = 0;
    for (; (words - j) * bytes >= 8; ++j) {
        std::memcpy(out + j * bytes, &rows.words[j], 8);  // also over the words to come, which are written later
    }
    for (; j < words; ++j) {
        std::memcpy(out + j * bytes, &rows.words[j], bytes);
    }
}
inline void pack_word_block(const std::uint8_t* symbols, const word_shape& shape, std::byte* out) {
    pack_word_block(symbols, shape, block_lanes, shape.bytes, out);
}

//! `unpack_words` for a whole block.
//! With `words` and `bytes`: the first `words` of them, of `bytes` bytes each; the symbols of the others are 0.
inline bool unpack_word_block(const std::byte* in, const word_shape& shape, std::size_t words, std::size_t bytes,
                              std::uint8_t* symbols) {
    if (shape.bytes == 1 && words == block_lanes) {
        return unpack_tuples(reinterpret_cast<const std::uint8_t*>(in), shape.tuple, symbols);
    }
    detail::word_rows rows;
    auto& word = rows.words;
    const std::uint64_t mask = ~std::uint64_t{0} >> (64 - 8 * bytes);
    std::size_t j = 0;
    for (; (words - j) * bytes >= 8; ++j) {
        word[j] = detail::load_word(in + j * bytes) & mask;
    }
    for (; j < words; ++j) {
        word[j] = detail::load_bytes(in + j * bytes, bytes);
    }
    std::fill(word.begin() + static_cast<std::ptrdiff_t>(words), word.end(), std::uint64_t{0});
    bool good = true;
    for (const std::uint64_t w : word) {
        good &= w <= shape.largest;
    }
    rows.split(shape);
    for (std::size_t t = 0; t < shape.tuples; ++t) {
        unpack_tuples(rows.tuples[t].data(), t + 1 < shape.tuples ? shape.tuple : shape.last,
                      symbols + t * shape.tuple.digits * block_lanes);
    }
    return good;
}
inline bool unpack_word_block(const std::byte* in, const word_shape& shape, std::uint8_t* symbols) {
    return unpack_word_block(in, shape, block_lanes, shape.bytes, symbols);
}

//! `pack_words` for 1 <= n <= 64 digits symbols of a byte in `words` = ceil(n / digits) words of `bytes` bytes each.
inline void pack_word_tail(const std::uint8_t* symbols, std::size_t n, const word_shape& shape, std::size_t words,
                           std::size_t bytes, std::byte* out) {
    std::array<std::uint8_t, detail::most_digits_in_word * block_lanes> block;
    for (std::size_t k = 0; k < shape.digits; ++k) {  // a row of 64 also holds the start of the next, in no word
        std::uint8_t* const row = block.data() + k * block_lanes;
        const std::size_t left = n - std::min(n, k * words);
        if (left >= block_lanes) {
            std::memcpy(row, symbols + k * words, block_lanes);
        } else {
            std::fill_n(std::copy_n(symbols + (n - left), left, row), block_lanes - left, std::uint8_t{0});
        }
    }
    pack_word_block(block.data(), shape, words, bytes, out);
}

//! The inverse; false unless every word is below base to the number of its digits.
inline bool unpack_word_tail(const std::byte* in, std::size_t n, const word_shape& shape, std::size_t words,
                             std::size_t bytes, std::uint8_t* symbols) {
    std::array<std::uint8_t, detail::most_digits_in_word * block_lanes> block;
    const bool good = unpack_word_block(in, shape, words, bytes, block.data());
    std::uint8_t beyond = 0;
    for (std::size_t k = 0; k < shape.digits; ++k) {
        const std::uint8_t* const row = block.data() + k * block_lanes;
        const std::size_t left = n - std::min(n, k * words);
        if (left >= block_lanes) {
            std::memcpy(symbols + k * words, row, block_lanes);  // what is of no word is written over by the next row
        } else {
            const std::size_t count = std::min(left, words);
            std::copy_n(row, count, symbols + (n - left));
            for (std::size_t j = count; j < words; ++j) {
                beyond |= row[j];
            }
        }
    }
    return good && beyond == 0;
}

}  // namespace frugal::kernels
