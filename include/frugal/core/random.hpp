//! Counter-based randomness: Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011) addressed by a `random_key`.
//!
//! Any element of any stream can be computed without the ones before it, in any order, on any machine. That is what
//! lets a receiver regenerate a sender's dither or codebook, and what makes results independent of threads and ranks.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/exact_math.hpp>

namespace frugal {

//! Address of a random stream. Equal keys give equal streams; keys that differ in any field give independent ones.
//!
//! seed: shared by all participants, never sent; node: who draws; round: when; purpose: what for (see `purposes`).
struct random_key {
    std::uint64_t seed = 0;
    std::uint32_t node = 0;
    std::uint64_t round = 0;
    std::uint32_t purpose = 0;

    friend constexpr bool operator==(const random_key&, const random_key&) = default;

    //! The same address for another purpose: `n` is mixed into the purpose, so that compositions do not collide, nor
    //! meet the small numbers of `purposes`.
    constexpr random_key for_purpose(std::uint32_t n) const {
        return {seed, node, round, (purpose + 1) * 0x9E3779B1u + n};
    }
};

//! Philox4x32-10: a bijection of 128-bit counters for each 64-bit key.
struct philox4x32 {
    using counter_type = std::array<std::uint32_t, 4>;
    using key_type = std::array<std::uint32_t, 2>;

    static constexpr std::uint32_t multiplier_0 = 0xD2511F53u;
    static constexpr std::uint32_t multiplier_1 = 0xCD9E8D57u;
    static constexpr std::uint32_t weyl_0 = 0x9E3779B9u;
    static constexpr std::uint32_t weyl_1 = 0xBB67AE85u;
    static constexpr int rounds = 10;

    static constexpr counter_type apply(counter_type c, key_type k) {
        for (int r = 0; r < rounds; ++r) {
            const std::uint64_t p0 = std::uint64_t{multiplier_0} * c[0];
            const std::uint64_t p1 = std::uint64_t{multiplier_1} * c[2];
            c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
                 static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
            k[0] += weyl_0;
            k[1] += weyl_1;
        }
        return c;
    }
};

//! The 64-bit finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection that mixes every bit into every other.
constexpr std::uint64_t mix_bits(std::uint64_t z) {
    z += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

//! A 32-bit word as a number of (-1/2, 1/2): odd multiples of 2^-25, symmetric, mean exactly 0, exact in float.
constexpr float centered_from_word(std::uint32_t w) {
    return static_cast<float>((static_cast<std::int32_t>(w) >> 7) | 1) * 0x1p-25f;
}

//! The upper half of a 32-bit word as a number of (-1/2, 1/2): odd multiples of 2^-17, symmetric, mean exactly 0.
constexpr float centered_from_upper_half(std::uint32_t w) {
    return static_cast<float>(static_cast<std::int32_t>((w & 0xFFFF0000u) | 0x8000u)) * 0x1p-32f;
}
//! The same of the lower half.
constexpr float centered_from_lower_half(std::uint32_t w) {
    return centered_from_upper_half(w << 16);
}

//! A 32-bit word as a number of (0, 1]: positive multiples of 2^-24, exact in float.
constexpr float unit_from_word(std::uint32_t w) {
    return static_cast<float>((w >> 8) + 1) * 0x1p-24f;
}

//! Natural logarithm of x in (0, 1], relative error below 3e-7; the same bits on every machine (no libm, no
//! contraction).
constexpr float exact_log(float x) {
    auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t shifted = bits - 0x3F3504F3u;  // so that the mantissa lies in [sqrt(1/2), sqrt(2))
    const float exponent = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
    const float f = std::bit_cast<float>((shifted & 0x007FFFFFu) + 0x3F3504F3u) - 1.0f;
    const float s = f / (2.0f + f);  // log(1 + f) = 2 atanh(s), |s| <= 0.1716
    const float z = rounded(s * s);
    float p = multiply_add(z, 0.22222222f, 0.28571430f);
    p = multiply_add(z, p, 0.4f);
    p = multiply_add(z, p, 0.66666667f);
    const float tail = rounded(rounded(s * z) * p);
    return rounded(exponent * 0.69314718f) + (rounded(2.0f * s) + tail);
}

//! Both of one angle.
struct sine_cosine {
    float sine;
    float cosine;
};

//! sin and cos of 2 pi t for t in (-1/2, 1/2), absolute error below 3e-7; the same bits on every machine.
constexpr sine_cosine exact_sine_cosine_of_turns(float t) {
    const float quarter = static_cast<float>(static_cast<std::int32_t>(t * 4.0f + (t < 0 ? -0.5f : 0.5f)));
    const float r = rounded((t - quarter * 0.25f) * 6.2831853f);  // the subtraction is exact, |r| <= pi / 4
    const float z = rounded(r * r);
    float s = multiply_add(z, -1.9515296e-4f, 8.3321609e-3f);
    s = multiply_add(z, s, -1.6666655e-1f);
    s = multiply_add(rounded(z * s), r, r);
    float c = multiply_add(z, 2.4433157e-5f, -1.3887316e-3f);
    c = multiply_add(z, c, 4.1666646e-2f);
    c = multiply_add(rounded(z * z), c, 1.0f - 0.5f * z);
    switch (static_cast<int>(quarter) & 3) {
        case 0:
            return {s, c};
        case 1:
            return {c, -s};
        case 2:
            return {-s, -c};
        default:
            return {-c, s};
    }
}

//! One random stream: element i is a pure function of the key and i.
//!
//! Element i is word (i mod 64) / 16 of the Philox block with counter (16 (i / 64) + i mod 16, round) and key
//! hash(seed, node, purpose): 64 consecutive elements are four 16-lane vectors, so no instruction set has to shuffle.
class random_stream {
public:
    static constexpr std::size_t lanes = 16;
    static constexpr std::size_t group = 4 * lanes;

    constexpr explicit random_stream(random_key k) : round_(k.round) {
        const std::uint64_t hash = mix_bits(mix_bits(k.seed) + ((std::uint64_t{k.node} << 32) | k.purpose));
        key_ = {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32)};
    }

    constexpr philox4x32::key_type key() const { return key_; }
    constexpr std::uint64_t round() const { return round_; }

    //! The four words of block b.
    constexpr philox4x32::counter_type block(std::uint64_t b) const {
        return philox4x32::apply({static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(b >> 32),
                                  static_cast<std::uint32_t>(round_), static_cast<std::uint32_t>(round_ >> 32)},
                                 key_);
    }

    //! The block that holds element i, and which of its words element i is.
    static constexpr std::uint64_t block_of(std::uint64_t i) { return i / group * lanes + i % lanes; }
    static constexpr unsigned word_of(std::uint64_t i) { return static_cast<unsigned>(i % group / lanes); }

    //! Element i as 32 uniform bits.
    constexpr std::uint32_t word(std::uint64_t i) const { return block(block_of(i))[word_of(i)]; }
    //! Element i as 64 uniform bits (words 0 and 1 of block i: another stream than `word`; use one kind per key).
    constexpr std::uint64_t word64(std::uint64_t i) const {
        const auto b = block(i);
        return (std::uint64_t{b[1]} << 32) | b[0];
    }
    //! Element i uniform on (-1/2, 1/2).
    constexpr float centered(std::uint64_t i) const { return centered_from_word(word(i)); }
    //! Element i uniform on (-1/2, 1/2) with 16 bits, two elements a word: of each 128 elements the first 64 are the
    //! lower halves of the words of group i / 128, the others their upper halves. Another stream than `centered`.
    constexpr float centered_16(std::uint64_t i) const {
        const std::uint32_t w = word(i / (2 * group) * group + i % group);
        return i / group % 2 == 0 ? centered_from_lower_half(w) : centered_from_upper_half(w);
    }
    //! Element i uniform on (0, 1].
    constexpr float uniform(std::uint64_t i) const { return unit_from_word(word(i)); }
    //! Element i uniform on [0, 1) with 53 bits.
    constexpr double uniform_double(std::uint64_t i) const { return static_cast<double>(word64(i) >> 11) * 0x1p-53; }
    //! Element i exponential with mean 1; the same bits on every machine.
    constexpr double exponential(std::uint64_t i) const { return -exact_log(1.0 - uniform_double(i)); }

    //! Element i standard normal (Box and Muller 1958): words 0, 1 of a block make two elements, words 2, 3 two more.
    float normal(std::uint64_t i) const {
        const auto b = block(block_of(i));
        const unsigned w = word_of(i);
        const float radius = std::sqrt(-2.0f * exact_log(unit_from_word(b[w & 2u])));
        const auto turn = exact_sine_cosine_of_turns(centered_from_word(b[(w & 2u) + 1]));
        return rounded(radius * ((w & 1u) != 0 ? turn.sine : turn.cosine));  // so that adding it does not contract
    }

    //! 64 uniform bits to a number uniform on {0, ..., n - 1}, n >= 1; relative bias below n 2^-64.
    static constexpr std::uint64_t below_from_word64(std::uint64_t n, std::uint64_t x) {
        const std::uint64_t low = (x & 0xFFFFFFFFu) * (n & 0xFFFFFFFFu);
        const std::uint64_t mid_1 = (x >> 32) * (n & 0xFFFFFFFFu) + (low >> 32);
        const std::uint64_t mid_2 = (x & 0xFFFFFFFFu) * (n >> 32) + (mid_1 & 0xFFFFFFFFu);
        return (x >> 32) * (n >> 32) + (mid_1 >> 32) + (mid_2 >> 32);
    }
    //! Element i uniform on {0, ..., n - 1}, from `word64`.
    constexpr std::uint64_t below(std::uint64_t n, std::uint64_t i) const { return below_from_word64(n, word64(i)); }

private:
    philox4x32::key_type key_{};
    std::uint64_t round_ = 0;
};

//! Purposes the library itself uses in a `random_key`; a user's own streams should start at `purposes::user`.
namespace purposes {
inline constexpr std::uint32_t message = 1;     //!< dither, codebooks and masks of a message
inline constexpr std::uint32_t sampling = 2;    //!< mini-batches and permutations
inline constexpr std::uint32_t partition = 3;   //!< data partitions
inline constexpr std::uint32_t initialize = 4;  //!< initial parameters
inline constexpr std::uint32_t broadcast = 5;   //!< messages from a server to its workers
inline constexpr std::uint32_t data = 6;        //!< synthetic data
inline constexpr std::uint32_t agreement = 7;   //!< what senders agree on before a message
inline constexpr std::uint32_t cohort = 8;      //!< who takes part in a round
inline constexpr std::uint32_t speed = 9;       //!< how long a step takes
inline constexpr std::uint32_t user = 1024;
}  // namespace purposes

//! Fisher and Yates shuffle of `values` by the stream of `key`; O(n).
template <class T>
void shuffle(std::span<T> values, random_key key) {
    const random_stream stream(key);
    for (std::size_t i = values.size(); i > 1; --i) {
        std::swap(values[i - 1], values[stream.below(i, i)]);
    }
}

}  // namespace frugal
