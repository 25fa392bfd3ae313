#include <frugal/kernels/pack.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <frugal/core/bits.hpp>
#include <frugal/core/random.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

std::vector<std::uint8_t> random_symbols(std::size_t n, std::uint64_t size, std::uint64_t seed = 1) {
    const random_stream u({.seed = seed});
    std::vector<std::uint8_t> s(n);
    for (std::size_t i = 0; i < n; ++i) {
        s[i] = static_cast<std::uint8_t>(u.below(size, i));
    }
    return s;
}

template <unsigned Width>
void check_portable_bits() {
    const random_stream u({.seed = Width});
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const std::uint64_t symbols = u.word64(i) & (kernels::detail::every_byte * ((1u << Width) - 1u));
        std::uint64_t expected = 0;
        for (unsigned k = 0; k < 8; ++k) {
            expected |= (symbols >> (8 * k) & 0xFF) << (Width * k);
        }
        REQUIRE(kernels::gather_bits_portable<Width>(symbols) == expected);
        REQUIRE(kernels::gather_bits<Width>(symbols) == expected);
        REQUIRE(kernels::scatter_bits_portable<Width>(expected) == symbols);
        const std::uint64_t rubbish = u.word64(i + 1000) << (8 * Width - 1) << 1;
        REQUIRE(kernels::scatter_bits_portable<Width>(expected | rubbish) == symbols);
        REQUIRE(kernels::scatter_bits<Width>(expected | rubbish) == symbols);
    }
}

}  // namespace

TEST_CASE("pack: eight symbols to adjacent bits and back, portable and by instruction",
          "[kernels][pack][equivalence]") {
    check_portable_bits<1>();
    check_portable_bits<2>();
    check_portable_bits<3>();
    check_portable_bits<4>();
    check_portable_bits<5>();
    check_portable_bits<6>();
    check_portable_bits<7>();
}

TEST_CASE("pack: groups of eight write what the bit stream writes, and not a byte more",
          "[kernels][pack][equivalence]") {
    for (unsigned width = 1; width <= 8; ++width) {
        const std::size_t size = std::size_t{1} << width;
        for (std::size_t n = 1; n <= 200; ++n) {
            const auto s = random_symbols(n, size, n);
            const std::size_t bytes = kernels::packed_bytes(n, width);
            std::vector<std::byte> plain(bytes + 8, std::byte{0xA5});
            std::vector<std::byte> fast = plain;
            kernels::pack_bit_stream(s.data(), n, width, plain.data());
            kernels::pack_bits(s.data(), n, width, fast.data());
            REQUIRE(fast == plain);
            for (std::size_t i = bytes; i < fast.size(); ++i) {
                REQUIRE(fast[i] == std::byte{0xA5});
            }
            std::vector<std::uint8_t> back(n + 8, 0xA5);
            fast.resize(bytes);
            fast.shrink_to_fit();  // so that address sanitizer sees a read past the end
            REQUIRE(kernels::unpack_bits(fast.data(), n, width, size, back.data()));
            REQUIRE(std::equal(s.begin(), s.end(), back.begin()));
            REQUIRE(std::count(back.begin() + static_cast<std::ptrdiff_t>(n), back.end(), 0xA5) == 8);
        }
    }
}

TEST_CASE("pack: unpacking reports symbols outside the alphabet and padding that is not zero",
          "[kernels][pack][hostile]") {
    for (std::size_t size = 2; size < 256; ++size) {
        const unsigned width = bits_for(size);
        for (const std::size_t n : {1u, 7u, 8u, 13u, 64u, 100u}) {
            for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
                auto s = random_symbols(n, size, n);
                std::vector<std::uint8_t> back(n);
                std::vector<std::byte> packed(kernels::packed_bytes(n, width));
                kernels::pack_bits(s.data(), n, width, packed.data());
                REQUIRE(kernels::unpack_bits(packed.data(), n, width, size, back.data()));
                if (n * width % 8 != 0) {
                    packed.back() |= std::byte{0x80};
                    REQUIRE_FALSE(kernels::unpack_bits(packed.data(), n, width, size, back.data()));
                }
                if (size < std::size_t{1} << width) {
                    s[at] = static_cast<std::uint8_t>(size);
                    kernels::pack_bits(s.data(), n, width, packed.data());
                    REQUIRE_FALSE(kernels::unpack_bits(packed.data(), n, width, size, back.data()));
                }
            }
        }
    }
}

TEST_CASE("pack: any width up to 32 bits", "[kernels][pack][exact]") {
    for (unsigned width = 0; width <= 32; ++width) {
        const random_stream u({.seed = width});
        const std::uint64_t size = std::uint64_t{1} << width;
        for (std::size_t n = 1; n <= 67; ++n) {
            std::vector<std::uint32_t> s(n);
            for (std::size_t i = 0; i < n; ++i) {
                s[i] = static_cast<std::uint32_t>(u.below(size, i));
            }
            std::vector<std::byte> bytes(kernels::packed_bytes(n, width));
            kernels::pack_bit_stream(s.data(), n, width, bytes.data());
            payload_reader r(bytes);
            for (const std::uint32_t v : s) {
                REQUIRE(r.bits(width) == v);
            }
            r.finish();
            std::vector<std::uint32_t> back(n);
            REQUIRE(kernels::unpack_bit_stream(bytes.data(), n, width, size, back.data()));
            REQUIRE(back == s);
        }
    }
}

TEST_CASE("pack: division by multiplication is exact for every tuple of a byte", "[kernels][pack][exact]") {
    for (unsigned base = 2; base <= 16; ++base) {
        for (unsigned digits = 1; digits <= kernels::digits_in_byte(base); ++digits) {
            const unsigned limit = kernels::power_of(base, digits);
            const kernels::small_divisor d = kernels::divisor_for(base, limit - 1);
            for (unsigned x = 0; x < limit; ++x) {
                REQUIRE(x * d.factor < 65536);
                REQUIRE(x * d.factor >> d.shift == x / base);
            }
        }
    }
}

TEST_CASE("pack: tuples in a byte by vectors, by 64-bit words and by digits", "[kernels][pack][equivalence]") {
    for (unsigned base = 2; base <= 16; ++base) {
        const unsigned digits = kernels::digits_in_byte(base);
        const kernels::tuple_shape shape(base, digits);
        const std::size_t n = digits * kernels::block_lanes;
        const auto s = random_symbols(n, base, base);
        std::vector<std::uint8_t> by_digits(64), by_words(64), by_vectors(64), back(n);
        kernels::pack_words(s.data(), n, 64, base, 1, reinterpret_cast<std::byte*>(by_digits.data()));
        kernels::pack_tuples<std::uint64_t>(s.data(), shape, by_words.data());
        kernels::pack_tuples(s.data(), shape, by_vectors.data());
        REQUIRE(by_words == by_digits);
        REQUIRE(by_vectors == by_digits);
        REQUIRE(kernels::unpack_tuples<std::uint64_t>(by_words.data(), shape, back.data()));
        REQUIRE(back == s);
        back.assign(n, 0);
        REQUIRE(kernels::unpack_tuples(by_words.data(), shape, back.data()));
        REQUIRE(back == s);
        REQUIRE(
            kernels::unpack_words(reinterpret_cast<const std::byte*>(by_words.data()), n, 64, base, 1, back.data()));
        REQUIRE(back == s);
        for (unsigned wrong = kernels::power_of(base, digits); wrong < 256; ++wrong) {
            for (std::size_t at = 0; at < 64; at += 7) {
                auto hostile = by_words;
                hostile[at] = static_cast<std::uint8_t>(wrong);
                REQUIRE_FALSE(kernels::unpack_tuples<std::uint64_t>(hostile.data(), shape, back.data()));
                REQUIRE_FALSE(kernels::unpack_tuples(hostile.data(), shape, back.data()));
            }
        }
    }
}

TEST_CASE("pack: blocks of words by tuples and by digits", "[kernels][pack][equivalence]") {
    for (unsigned base = 2; base < 256; ++base) {
        unsigned digits = 0;
        for (std::uint64_t left = ~std::uint64_t{0}; left >= base; left /= base) {
            ++digits;
        }
        for (; digits > 0; digits -= (digits + 2) / 3) {
            std::uint64_t largest = 0;
            for (unsigned k = 0; k < digits; ++k) {
                largest = largest * base + (base - 1);
            }
            const unsigned bytes = (static_cast<unsigned>(std::bit_width(largest)) + 7) / 8;
            const kernels::word_shape shape(base, digits, bytes);
            const std::size_t n = digits * kernels::block_lanes;
            auto s = random_symbols(n, base, digits);
            for (unsigned k = 0; k < digits; ++k) {
                s[k * kernels::block_lanes + 5] = static_cast<std::uint8_t>(base - 1);
            }
            std::vector<std::byte> by_digits(64 * bytes), by_tuples(64 * bytes);
            std::vector<std::uint8_t> back(n);
            kernels::pack_words(s.data(), n, 64, base, bytes, by_digits.data());
            kernels::pack_word_block(s.data(), shape, by_tuples.data());
            REQUIRE(by_tuples == by_digits);
            REQUIRE(kernels::unpack_word_block(by_tuples.data(), shape, back.data()));
            REQUIRE(back == s);
            back.assign(n, 0);
            REQUIRE(kernels::unpack_words(by_tuples.data(), n, 64, base, bytes, back.data()));
            REQUIRE(back == s);
            for (std::size_t at = 0; at < 64 && largest < ~std::uint64_t{0} >> (64 - 8 * bytes); at += 21) {
                auto hostile = by_tuples;
                const std::uint64_t wrong = at == 0 ? largest + 1 : ~std::uint64_t{0};
                std::memcpy(hostile.data() + at * bytes, &wrong, bytes);
                REQUIRE_FALSE(kernels::unpack_word_block(hostile.data(), shape, back.data()));
                REQUIRE_FALSE(kernels::unpack_words(hostile.data(), n, 64, base, bytes, back.data()));
            }
        }
    }
}

TEST_CASE("pack: division by a constant is exact for every dividend", "[kernels][pack][exact]") {
    for (std::uint32_t d = 1; d <= 65535; d = d < 300 ? d + 1 : d * 2 - 77) {
        const kernels::detail::constant_divisor<std::uint16_t> by(static_cast<std::uint16_t>(d));
        for (std::uint32_t x = 0; x <= 65535; ++x) {
            if (by.quotient(static_cast<std::uint16_t>(x)) != x / d) {
                FAIL(x << " / " << d);
            }
        }
    }
    const auto check = [](auto largest) {
        using U = decltype(largest);
        const random_stream u({.seed = sizeof(U)});
        for (std::uint64_t i = 0; i < 2000; ++i) {
            const auto d = static_cast<U>(std::max<std::uint64_t>(1, (largest & u.word64(2 * i)) >> (i % 61)));
            const kernels::detail::constant_divisor<U> by(d);
            const auto multiple = static_cast<U>(largest / d * d);
            for (const U x : {U{0}, static_cast<U>(d - 1), d, multiple, static_cast<U>(multiple - 1), largest,
                              static_cast<U>(u.word64(2 * i + 1) & largest)}) {
                REQUIRE(by.quotient(x) == x / d);
            }
        }
    };
    check(std::numeric_limits<std::uint32_t>::max());
    check(std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("pack: division by the high bits is exact, where they suffice", "[kernels][pack][exact]") {
    const random_stream u({.seed = 9});
    std::size_t of_use = 0;
    for (std::uint64_t i = 0; i < 20000; ++i) {
        const std::uint64_t largest = u.word64(3 * i) >> (i % 33);
        const std::uint64_t d = 2 + (u.word64(3 * i + 1) >> (32 + i % 29));
        const kernels::detail::coarse_divisor by(d, largest);
        if (by.reciprocal == 0) {
            continue;
        }
        ++of_use;
        const std::uint64_t multiple = largest / d * d;
        for (const std::uint64_t x : {std::uint64_t{0}, d - 1, d, multiple - 1, multiple, multiple + d - 1, largest,
                                      u.word64(3 * i + 2) & largest}) {
            if (x <= largest) {
                REQUIRE(by.quotient(x) == x / d);
            }
        }
    }
    REQUIRE(of_use > 5000);
}

TEST_CASE("pack: the words after the last whole block by tuples and by digits", "[kernels][pack][equivalence]") {
    for (const unsigned base : {2u, 3u, 5u, 7u, 9u, 16u, 17u, 60u, 200u, 255u}) {
        for (const unsigned bytes : {1u, 3u, 6u, 8u}) {
            unsigned digits = 0;  // as many as fit
            for (auto left = kernels::detail::wide_word{1} << (8 * bytes); left >= base; left /= base) {
                ++digits;
            }
            const kernels::word_shape shape(base, digits, bytes);
            for (std::size_t n = 1; n < digits * kernels::block_lanes; n += 1 + n / 7) {
                const std::size_t words = (n + digits - 1) / digits;
                const auto s = random_symbols(n, base, n);
                const std::vector<std::byte> guard(words * bytes + 8, std::byte{0xA5});
                auto by_digits = guard;
                auto by_tuples = guard;
                kernels::pack_words(s.data(), n, words, base, bytes, by_digits.data());
                kernels::pack_word_tail(s.data(), n, shape, words, bytes, by_tuples.data());
                REQUIRE(by_tuples == by_digits);
                by_tuples.resize(words * bytes);
                by_tuples.shrink_to_fit();
                std::vector<std::uint8_t> back(n);
                REQUIRE(kernels::unpack_word_tail(by_tuples.data(), n, shape, words, bytes, back.data()));
                REQUIRE(back == s);
                for (std::size_t at = 0; at < words; at += 1 + words / 3) {
                    for (unsigned bit = 0; bit < 8 * bytes; bit += 5) {
                        auto hostile = by_tuples;
                        hostile[at * bytes + bit / 8] ^= std::byte{1} << (bit % 8);
                        std::vector<std::uint8_t> one(n), other(n);
                        const bool good = kernels::unpack_words(hostile.data(), n, words, base, bytes, one.data());
                        REQUIRE(kernels::unpack_word_tail(hostile.data(), n, shape, words, bytes, other.data()) ==
                                good);
                        REQUIRE((!good || one == other));
                    }
                }
            }
        }
    }
}
