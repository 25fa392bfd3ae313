//! What every Coder must do, for the tests of each.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include <frugal/compress/coder/symbol.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/random.hpp>

#include "catch.hpp"

namespace coder_checks {

using namespace frugal;

inline constexpr std::size_t lengths[] = {0,  1,  2,  3,  7,  8,   9,   31,  32,  33,  63,
                                          64, 65, 79, 80, 81, 255, 256, 319, 320, 321, 1000};
inline constexpr std::size_t small_alphabets[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 255, 256};
inline constexpr std::size_t large_alphabets[] = {257, 1025, 4095, 65537, 1u << 31};

//! n symbols with P(s) proportional to ratio^|s - size / 2|; ratio 1 is uniform.
template <class S>
std::vector<S> symbols(std::size_t n, std::size_t size, double ratio = 1, std::uint64_t seed = 1) {
    const random_stream u({.seed = seed});
    std::vector<S> s(n);
    if (ratio == 1) {
        for (std::size_t i = 0; i < n; ++i) {
            s[i] = static_cast<S>(u.below(size, i));
        }
        return s;
    }
    std::vector<double> cumulative(size);
    double sum = 0;
    for (std::size_t k = 0; k < size; ++k) {
        sum += std::pow(ratio, std::fabs(static_cast<double>(k) - static_cast<double>(size / 2)));
        cumulative[k] = sum;
    }
    for (std::size_t i = 0; i < n; ++i) {
        const auto at = std::upper_bound(cumulative.begin(), cumulative.end() - 1, u.uniform_double(i) * sum);
        s[i] = static_cast<S>(at - cumulative.begin());
    }
    return s;
}

//! n H of the symbols' own frequencies, in bits.
template <class S>
double empirical_entropy_bits(const std::vector<S>& s, std::size_t size) {
    std::vector<double> count(size);
    for (const S v : s) {
        ++count[v];
    }
    double bits = 0;
    for (const double c : count) {
        bits += c > 0 ? c * std::log2(static_cast<double>(s.size()) / c) : 0;
    }
    return bits;
}

struct encoded {
    std::vector<std::byte> bytes;
    std::uint64_t cost = 0;
};

template <class C, class S>
encoded encode(C& coder, const std::vector<S>& s, std::size_t size) {
    encoded e;
    payload_writer w(e.bytes);
    coder.encode(std::span<const S>(s), size, w);
    w.align();
    e.cost = w.cost();
    return e;
}

//! Encodes and decodes between other content; returns the cost in bits.
template <class C, class S>
std::uint64_t round_trip(C& coder, const std::vector<S>& s, std::size_t size) {
    INFO("alphabet " << size << ", length " << s.size());
    std::vector<std::byte> bytes;
    payload_writer w(bytes);
    w.bits(5, 3);
    coder.encode(std::span<const S>(s), size, w);
    const std::uint64_t cost = w.cost() - 3;
    w.bits(0x2A, 6);
    w.number(1.5f);
    w.align();
    payload_reader r(bytes);
    REQUIRE(r.bits(3) == 5);
    std::vector<S> back(s.size(), S{0xAA});
    coder.decode(r, size, std::span<S>(back));
    REQUIRE(r.bits(6) == 0x2A);
    REQUIRE(r.number() == 1.5f);
    r.finish();
    REQUIRE(back == s);
    REQUIRE(cost <= bytes.size() * 8);
    if (size == 1 || s.empty()) {
        REQUIRE(cost == 0);
    }
    return cost;
}

//! All lengths and alphabets, several distributions.
template <class C>
void check_round_trips(C coder) {
    for (const std::size_t n : lengths) {
        for (const std::size_t size : small_alphabets) {
            for (const double ratio : {1.0, 0.5, 0.01}) {
                round_trip(coder, symbols<std::uint8_t>(n, size, ratio, n), size);
            }
            round_trip(coder, symbols<std::uint32_t>(n, size, 0.7, n), size);
            round_trip(coder, std::vector<std::uint8_t>(n, static_cast<std::uint8_t>(size - 1)), size);
            round_trip(coder, std::vector<std::uint8_t>(n, 0), size);
        }
        for (const std::size_t size : large_alphabets) {
            round_trip(coder, symbols<std::uint32_t>(n, size, 1, n), size);
            round_trip(coder, std::vector<std::uint32_t>(n, static_cast<std::uint32_t>(size - 1)), size);
        }
    }
    for (const std::size_t size : small_alphabets) {
        round_trip(coder, symbols<std::uint8_t>(100'000, size, 0.8), size);
    }
    for (const std::size_t size : {257u, 1025u, 65537u}) {
        round_trip(coder, symbols<std::uint32_t>(100'000, size, 0.99), size);
    }
}

//! Both symbol types have one wire format.
template <class C>
void check_symbol_types_agree(C coder) {
    for (const std::size_t n : lengths) {
        for (const std::size_t size : small_alphabets) {
            const auto narrow = symbols<std::uint8_t>(n, size, 0.6, n);
            const std::vector<std::uint32_t> wide(narrow.begin(), narrow.end());
            const encoded a = encode(coder, narrow, size);
            const encoded b = encode(coder, wide, size);
            REQUIRE(a.bytes == b.bytes);
            REQUIRE(a.cost == b.cost);
        }
    }
}

//! Decodes hostile bytes: either `malformed_message`, or symbols of the alphabet.
template <class S, class C>
void survive(C& coder, std::span<const std::byte> bytes, std::size_t n, std::size_t size) {
    const std::vector<std::byte> exact(bytes.begin(),
                                       bytes.end());  // so that address sanitizer sees a read past the end
    std::vector<S> out(n);
    payload_reader r(exact);
    try {
        coder.decode(r, size, std::span<S>(out));
        REQUIRE(std::all_of(out.begin(), out.end(), [&](S v) { return v < size; }));
    } catch (const malformed_message&) {
    }
}

//! Whether a message without its last bytes is always noticed. (Arithmetic codes have no code words: cut short, they
//! are other messages, which is why messages carry their length and a checksum.)
enum class cut_messages { are_refused, may_be_others };

//! Truncation at every byte is refused or harmless; flipped bits and noise never give a symbol outside the alphabet.
template <class C>
void check_hostile_bytes(C coder, cut_messages cut_ones = cut_messages::are_refused) {
    const random_stream u({.seed = 7});
    std::uint64_t draws = 0;
    const auto below = [&](std::uint64_t n) { return u.below(n, draws++); };
    const auto attack = [&]<class S>(S, std::size_t size, std::initializer_list<std::size_t> attacked, int trials) {
        for (const std::size_t n : attacked) {
            for (const double ratio : {1.0, 0.4}) {
                INFO("alphabet " << size << ", length " << n);
                const auto s = symbols<S>(n, size, size > 5000 ? 1.0 : ratio, n);
                const encoded e = encode(coder, s, size);
                for (std::size_t keep = 0; keep < e.bytes.size(); ++keep) {
                    std::vector<S> out(n);
                    const std::vector<std::byte> cut(e.bytes.begin(),
                                                     e.bytes.begin() + static_cast<std::ptrdiff_t>(keep));
                    if (cut_ones == cut_messages::are_refused) {
                        payload_reader r(cut);
                        REQUIRE_THROWS_AS(coder.decode(r, size, std::span<S>(out)), malformed_message);
                    } else {
                        survive<S>(coder, cut, n, size);
                    }
                }
                for (int trial = 0; trial < 3 * trials; ++trial) {
                    auto damaged = e.bytes;
                    for (std::uint64_t flips = 1 + below(3); flips > 0 && !damaged.empty(); --flips) {
                        const std::uint64_t bit = below(8 * damaged.size());
                        damaged[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
                    }
                    survive<S>(coder, damaged, n, size);
                }
                for (int trial = 0; trial < trials; ++trial) {
                    std::vector<std::byte> noise(below(2 * e.bytes.size() + 16));
                    const std::uint64_t kind = below(3);
                    for (auto& b : noise) {
                        b = kind == 0 ? std::byte{0} : kind == 1 ? std::byte{0xFF} : static_cast<std::byte>(below(256));
                    }
                    survive<S>(coder, noise, n, size);
                }
            }
        }
    };
    for (const std::size_t size : {2u, 3u, 4u, 5u, 7u, 13u, 17u, 200u, 255u, 256u}) {
        attack(std::uint8_t{}, size, {1, 5, 33, 320, 700}, 20);
    }
    for (const std::size_t size : {3u, 257u, 5000u, 65537u, 1u << 30}) {
        attack(std::uint32_t{}, size, {1, 40}, 8);
    }
}

//! Size within 1 % + 64 bits of the empirical entropy, for n = 100000 and more.
template <class C>
void check_entropy(C coder) {
    const auto check = [&](const auto& s, std::size_t size) {
        const double entropy = empirical_entropy_bits(s, size);
        const auto cost = static_cast<double>(round_trip(coder, s, size));
        INFO("alphabet " << size << ", " << s.size() << " symbols: " << entropy << " bits of entropy, coded in "
                         << cost);
        CHECK(cost <= 1.01 * entropy + 64);
        CHECK(cost >= entropy - 64);
    };
    for (const double ratio : {1.0, 0.5, 0.2, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0001, 0.0}) {
        check(symbols<std::uint8_t>(100'000, 2, ratio, 1), 2);
        check(symbols<std::uint8_t>(100'000, 3, ratio, 2), 3);
        check(symbols<std::uint8_t>(100'000, 7, ratio, 3), 7);
    }
    for (const double ratio : {0.5, 0.003}) {
        check(symbols<std::uint8_t>(1'000'003, 3, ratio, 2), 3);
    }
    for (const double ratio : {1.0, 0.99, 0.9, 0.6, 0.4, 0.2}) {
        check(symbols<std::uint8_t>(100'000, 255, ratio, 4), 255);
    }
    for (const double ratio : {1.0, 0.99, 0.9, 0.7, 0.5}) {
        check(symbols<std::uint32_t>(100'000, 1025, ratio, 5), 1025);
    }
    check(symbols<std::uint32_t>(300'000, 1025, 0.99, 5), 1025);
}

//! More than 2^24 bits: positions that a float cannot hold.
template <class C>
void check_long_stream(C coder) {
    const auto s = symbols<std::uint8_t>(6'000'001, 7, 0.9);
    REQUIRE(round_trip(coder, s, 7) > (1u << 24) - (1u << 21));
}

//! An unusable alphabet is the caller's mistake.
template <class C>
void check_refuses_alphabets(C coder) {
    std::vector<std::byte> bytes;
    payload_writer w(bytes);
    payload_reader r(bytes);
    std::vector<std::uint8_t> s(3);
    REQUIRE_THROWS_AS(coder.encode(std::span<const std::uint8_t>(s), 0, w), invalid_input);
    REQUIRE_THROWS_AS(coder.encode(std::span<const std::uint8_t>(s), 257, w), invalid_input);
    REQUIRE_THROWS_AS(coder.decode(r, 0, std::span<std::uint8_t>(s)), invalid_input);
    REQUIRE_THROWS_AS(coder.decode(r, 257, std::span<std::uint8_t>(s)), invalid_input);
}

template <class C>
void check_block_interface(C coder) {
    for (const std::size_t size : small_alphabets) {
        const std::size_t granule = coder.granule(size);
        REQUIRE(granule > 0);
        for (const std::size_t n : lengths) {
            const auto s = symbols<std::uint8_t>(n + 3 * granule, size, 0.7, n);
            const encoded whole = encode(coder, s, size);
            REQUIRE(whole.bytes.size() == coder.bytes_for(s.size(), size));
            REQUIRE(whole.cost == coder.cost_of(s.size(), size));
            std::vector<std::byte> pieces(whole.bytes.size());
            std::vector<std::uint8_t> back(s.size());
            std::size_t out = 0;
            std::size_t at = 0;
            for (const std::size_t take : {granule, 2 * granule, n}) {
                coder.encode_block(s.data() + at, take, size, pieces.data() + out);
                REQUIRE(coder.decode_block(pieces.data() + out, take, size, back.data() + at));
                at += take;
                out += coder.bytes_for(take, size);
            }
            REQUIRE(out == pieces.size());
            REQUIRE(pieces == whole.bytes);
            REQUIRE(back == s);
        }
    }
}

}  // namespace coder_checks
