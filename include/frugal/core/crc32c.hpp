//! CRC-32C (Castagnoli), the checksum of messages and checkpoints (RFC 3720, appendix B.4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace frugal {
namespace detail {

inline constexpr std::uint32_t crc32c_polynomial = 0x82F63B78u;

constexpr auto make_crc32c_tables() {
    std::array<std::array<std::uint32_t, 256>, 8> t{};
    for (std::uint32_t c = crc32c_polynomial, bit = 128; bit > 0; bit >>= 1) {
        for (std::uint32_t i = bit; i < 256; i += 2 * bit) {
            t[0][i] = c ^ t[0][i - bit];
        }
        c = (c & 1u) != 0 ? (c >> 1) ^ crc32c_polynomial : c >> 1;
    }
    for (std::uint32_t i = 0; i < 256; ++i) {
        for (std::size_t k = 1; k < 8; ++k) {
            t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 0xFFu];
        }
    }
    return t;
}

inline constexpr auto crc32c_tables = make_crc32c_tables();

//! Eight bytes a step through tables, on any machine.
inline std::uint32_t crc32c_portable(std::uint32_t state, const std::byte* p, std::size_t n) {
    const auto& t = crc32c_tables;
    for (; n >= 8; p += 8, n -= 8) {
        std::array<std::uint8_t, 8> b;
        std::memcpy(b.data(), p, 8);
        const std::uint32_t low = state ^ (std::uint32_t{b[0]} | std::uint32_t{b[1]} << 8 | std::uint32_t{b[2]} << 16 |
                                           std::uint32_t{b[3]} << 24);
        state = t[7][low & 0xFFu] ^ t[6][(low >> 8) & 0xFFu] ^ t[5][(low >> 16) & 0xFFu] ^ t[4][low >> 24] ^
                t[3][b[4]] ^ t[2][b[5]] ^ t[1][b[6]] ^ t[0][b[7]];
    }
    for (; n > 0; ++p, --n) {
        state = (state >> 8) ^ t[0][(state ^ static_cast<std::uint32_t>(*p)) & 0xFFu];
    }
    return state;
}

//! a b modulo the polynomial, both in the bit order of a checksum: bit 31 is the constant term.
constexpr std::uint32_t crc32c_product(std::uint32_t a, std::uint32_t b) {
    std::uint32_t product = 0;
    for (std::uint32_t bit = std::uint32_t{1} << 31; bit != 0; bit >>= 1) {
        product ^= (a & bit) != 0 ? b : 0;
        b = (b & 1u) != 0 ? (b >> 1) ^ crc32c_polynomial : b >> 1;
    }
    return product;
}

//! x^(8 n) for n = 2^log2_bytes: what appending n zero bytes multiplies a checksum by.
constexpr std::uint32_t crc32c_shift(unsigned log2_bytes) {
    std::uint32_t power = std::uint32_t{1} << 30;  // x
    for (unsigned k = 0; k < log2_bytes + 3; ++k) {
        power = crc32c_product(power, power);
    }
    return power;
}

//! The product of a checksum and x^(8 n), n = 2^log2_bytes, byte by byte of the checksum.
constexpr auto make_crc32c_shift_tables(unsigned log2_bytes) {
    const std::uint32_t shift = crc32c_shift(log2_bytes);
    std::array<std::array<std::uint32_t, 256>, 4> t{};
    for (unsigned k = 0; k < 4; ++k) {
        for (std::uint32_t i = 1; i < 256; ++i) {
            const std::uint32_t rest = i & (i - 1);
            t[k][i] = rest != 0 ? t[k][rest] ^ t[k][i ^ rest] : crc32c_product(shift, i << (8 * k));
        }
    }
    return t;
}

#if defined(__x86_64__) && defined(__GNUC__)
//! The instruction takes three cycles, but one can start each cycle: inputs are cut into three strands, long and short.
template <unsigned Log2Strand>
__attribute__((target("sse4.2"))) inline std::uint32_t crc32c_strands(std::uint32_t state, const std::byte*& p,
                                                                      std::size_t& n) {
    constexpr std::size_t strand = std::size_t{1} << Log2Strand;
    static constexpr auto tables = make_crc32c_shift_tables(Log2Strand);
    const auto shifted = [](std::uint64_t s) {
        return tables[0][s & 0xFFu] ^ tables[1][(s >> 8) & 0xFFu] ^ tables[2][(s >> 16) & 0xFFu] ^
               tables[3][(s >> 24) & 0xFFu];
    };
    for (; n >= 3 * strand; p += 3 * strand, n -= 3 * strand) {
        std::uint64_t s0 = state;
        std::uint64_t s1 = 0;
        std::uint64_t s2 = 0;
        for (std::size_t i = 0; i < strand; i += 8) {
            std::uint64_t v0;
            std::uint64_t v1;
            std::uint64_t v2;
            std::memcpy(&v0, p + i, 8);
            std::memcpy(&v1, p + strand + i, 8);
            std::memcpy(&v2, p + 2 * strand + i, 8);
            s0 = __builtin_ia32_crc32di(s0, v0);
            s1 = __builtin_ia32_crc32di(s1, v1);
            s2 = __builtin_ia32_crc32di(s2, v2);
        }
        state = shifted(shifted(s0) ^ s1) ^ static_cast<std::uint32_t>(s2);
    }
    return state;
}

__attribute__((target("sse4.2"))) inline std::uint32_t crc32c_sse42(std::uint32_t state, const std::byte* p,
                                                                    std::size_t n) {
    state = crc32c_strands<12>(state, p, n);
    state = crc32c_strands<6>(state, p, n);
    std::uint64_t s = state;
    for (; n >= 8; p += 8, n -= 8) {
        std::uint64_t v;
        std::memcpy(&v, p, 8);
        s = __builtin_ia32_crc32di(s, v);
    }
    auto r = static_cast<std::uint32_t>(s);
    for (; n > 0; ++p, --n) {
        r = __builtin_ia32_crc32qi(r, static_cast<unsigned char>(*p));
    }
    return r;
}
#endif

}  // namespace detail

//! CRC-32C of `bytes`; `crc32c("123456789") == 0xE3069283`. O(n), by instruction where the machine has one.
inline std::uint32_t crc32c(std::span<const std::byte> bytes) {
#if defined(__x86_64__) && defined(__GNUC__)
    static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
    if (has_instruction) {
        return ~detail::crc32c_sse42(~0u, bytes.data(), bytes.size());
    }
#endif
    return ~detail::crc32c_portable(~0u, bytes.data(), bytes.size());
}

}  // namespace frugal
