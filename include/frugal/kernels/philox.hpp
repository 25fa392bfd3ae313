//! Philox4x32-10 on vectors of counters: the words of a `random_stream`, a group of 64 elements at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <frugal/core/random.hpp>
#include <frugal/kernels/batch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

//! The keys of all rounds of a stream's Philox, and what its rounds have in common for all blocks of a group.
class philox_schedule {
public:
    explicit philox_schedule(const random_stream& stream) : stream_(stream) {
        auto k = stream.key();
        for (auto& key : keys_) {
            key = k;
            k[0] += philox4x32::weyl_0;
            k[1] += philox4x32::weyl_1;
        }
    }
    const random_stream& stream() const { return stream_; }
    const philox4x32::key_type& key(std::size_t round) const { return keys_[round]; }

    //! The counters of a group differ in their lowest word only, so half of the first two rounds is the same for all.
    struct shared_words {
        std::uint32_t r0_word2, r1_word0, r1_word2, r2_word2;
    };
    //! high: the upper half of the block index.
    shared_words share(std::uint32_t high) const {
        const auto round_low = static_cast<std::uint32_t>(stream_.round());
        const auto round_high = static_cast<std::uint32_t>(stream_.round() >> 32);
        const std::uint64_t p1 = std::uint64_t{philox4x32::multiplier_1} * round_low;
        const std::uint32_t word0 = static_cast<std::uint32_t>(p1 >> 32) ^ high ^ keys_[0][0];
        const std::uint64_t p0 = std::uint64_t{philox4x32::multiplier_0} * word0;
        return {round_high ^ keys_[0][1], static_cast<std::uint32_t>(p1) ^ keys_[1][0],
                static_cast<std::uint32_t>(p0 >> 32) ^ keys_[1][1], static_cast<std::uint32_t>(p0) ^ keys_[2][1]};
    }

private:
    random_stream stream_;
    std::array<philox4x32::key_type, philox4x32::rounds> keys_{};
};

//! out[w][l] = word 16 w + l of the group: element 64 group + 16 w + l of the stream.
inline void philox_group(const philox_schedule& s, std::uint64_t group, std::uint32_t (&out)[random_stream::group]) {
    for (std::size_t l = 0; l < random_stream::lanes; ++l) {
        const auto block = s.stream().block(group * random_stream::lanes + l);
        for (std::size_t w = 0; w < 4; ++w) {
            out[random_stream::lanes * w + l] = block[w];
        }
    }
}

#if defined(FRUGAL_HAS_SIMD)

//! The four words of Sets times lanes_of<Arch> blocks; set k is those from block low + 16 k on, the same lanes of the
//! next group. `shared` is that of the blocks' upper half. Two sets hide the latency of the multiplications.
template <class Arch, std::size_t Sets = 1>
[[gnu::always_inline]] inline void philox_blocks(const philox_schedule& s, const philox_schedule::shared_words& shared,
                                                 std::uint32_t low, word_batch<Arch> (&out)[Sets][4]) {
    using lane = lane_operations<Arch>;
    using words = typename lane::words;
    constexpr std::uint32_t m0 = philox4x32::multiplier_0;
    constexpr std::uint32_t m1 = philox4x32::multiplier_1;
    words c0[Sets], c1[Sets], c2[Sets], c3[Sets];
    // Round 0 computes words 2 and 3, round 1 words 0 and 1 (and passes word 3 on as word 2), round 2 all but word 3.
    FRUGAL_UNROLL
    for (std::size_t k = 0; k < Sets; ++k) {
        words high_0, low_0, high_1, low_1;
        lane::multiply(lane::count_from(low + static_cast<std::uint32_t>(k * random_stream::lanes)), m0, high_0, low_0);
        lane::multiply(lane::exclusive_or(high_0, shared.r0_word2), m1, high_1, low_1);
        c0[k] = lane::exclusive_or(high_1, shared.r1_word0);
        c1[k] = low_1;
        c2[k] = lane::exclusive_or(low_0, shared.r1_word2);
    }
    FRUGAL_UNROLL
    for (std::size_t k = 0; k < Sets; ++k) {
        words high_0, low_0, high_1, low_1;
        lane::multiply(c0[k], m0, high_0, low_0);
        lane::multiply(c2[k], m1, high_1, low_1);
        c0[k] = lane::exclusive_or(high_1, c1[k], s.key(2)[0]);
        c1[k] = low_1;
        c2[k] = lane::exclusive_or(high_0, shared.r2_word2);
        c3[k] = low_0;
    }
    const auto one_round = [&](std::size_t round) __attribute__((always_inline)) {
        FRUGAL_UNROLL
        for (std::size_t k = 0; k < Sets; ++k) {
            words high_0, low_0, high_1, low_1;
            lane::multiply(c0[k], m0, high_0, low_0);
            lane::multiply(c2[k], m1, high_1, low_1);
            c0[k] = lane::exclusive_or(high_1, c1[k], s.key(round)[0]);
            c1[k] = low_1;
            c2[k] = lane::exclusive_or(high_0, c3[k], s.key(round)[1]);
            c3[k] = low_0;
        }
    };
    // Written out: a loop over arrays of vectors would keep them in memory.
    one_round(3);
    one_round(4);
    one_round(5);
    one_round(6);
    one_round(7);
    one_round(8);
    one_round(9);
    static_assert(philox4x32::rounds == 10);
    FRUGAL_UNROLL
    for (std::size_t k = 0; k < Sets; ++k) {
        out[k][0] = lane::joined(c0[k]);
        out[k][1] = lane::joined(c1[k]);
        out[k][2] = lane::joined(c2[k]);
        out[k][3] = lane::joined(c3[k]);
    }
}

//! `centered_from_word` on a batch.
template <class Arch>
float_batch<Arch> centered_from_words(const word_batch<Arch>& w) {
    const int_batch<Arch> odd = (same_bits<std::int32_t>(w) >> 7) | int_batch<Arch>(1);
    return xsimd::to_float(odd) * float_batch<Arch>(0x1p-25f);
}

//! `centered_from_lower_half` or `centered_from_upper_half` on a batch.
template <bool upper, class Arch>
float_batch<Arch> centered_from_halves(const word_batch<Arch>& w) {
    const word_batch<Arch> half = upper ? w & word_batch<Arch>(0xFFFF0000u) : w << 16;
    return xsimd::to_float(same_bits<std::int32_t>(half | word_batch<Arch>(0x8000u))) * float_batch<Arch>(0x1p-32f);
}

#endif

//! words[i] = element first + i of the stream as 32 uniform bits. O(n).
template <class Arch = default_arch>
void random_words(const random_stream& stream, std::uint64_t first, std::size_t n, std::uint32_t* words) {
    constexpr std::size_t size = random_stream::group;
    const philox_schedule schedule(stream);
    std::uint32_t group_words[size];
    for (std::size_t i = 0; i < n;) {
        const std::uint64_t group = (first + i) / size;
        const std::size_t offset = (first + i) % size;
        const std::size_t count = size - offset < n - i ? size - offset : n - i;
        if constexpr (!SimdArch<Arch>) {
            philox_group(schedule, group, group_words);
        }
#if defined(FRUGAL_HAS_SIMD)
        if constexpr (SimdArch<Arch>) {
            const std::uint64_t block = group * random_stream::lanes;
            const auto shared = schedule.share(static_cast<std::uint32_t>(block >> 32));
            for (std::size_t part = 0; part < random_stream::lanes; part += lanes_of<Arch>) {
                word_batch<Arch> sets[1][4];
                philox_blocks<Arch>(schedule, shared, static_cast<std::uint32_t>(block + part), sets);
                auto& w = sets[0];
                for (std::size_t k = 0; k < 4; ++k) {
                    w[k].store_unaligned((count == size ? words + i : group_words) + random_stream::lanes * k + part);
                }
            }
            if (count == size) {
                i += count;
                continue;
            }
        }
#endif
        for (std::size_t j = 0; j < count; ++j) {
            words[i + j] = group_words[offset + j];
        }
        i += count;
    }
}

//! words[i] = stream.word64(first + i). O(n).
template <class Arch = default_arch>
void random_words64(const random_stream& stream, std::uint64_t first, std::size_t n, std::uint64_t* words) {
    constexpr std::size_t lanes = random_stream::lanes;
    constexpr std::size_t groups = 8;
    std::uint32_t parts[groups * random_stream::group];
    for (std::size_t at = 0; at < n;) {
        const std::uint64_t group = (first + at) / lanes;
        const std::size_t offset = (first + at) % lanes;
        const std::size_t count = n - at < groups * lanes - offset ? n - at : groups * lanes - offset;
        const std::size_t used = (offset + count + lanes - 1) / lanes;
        random_words<Arch>(stream, group * random_stream::group, used * random_stream::group, parts);
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint32_t* const low = parts + (offset + i) / lanes * random_stream::group + (offset + i) % lanes;
            words[at + i] = (std::uint64_t{low[lanes]} << 32) | low[0];
        }
        at += count;
    }
}

//! u[i] = element first + i of the stream uniform on (-1/2, 1/2). O(n).
template <class Arch = default_arch>
void random_centered(const random_stream& stream, std::uint64_t first, std::size_t n, float* u) {
    constexpr std::size_t block = 1024;
    std::uint32_t words[block];
    for (std::size_t at = 0; at < n; at += block) {
        const std::size_t count = n - at < block ? n - at : block;
        random_words<Arch>(stream, first + at, count, words);
        std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
        if constexpr (SimdArch<Arch>) {
            for (; i + lanes_of<Arch> <= count; i += lanes_of<Arch>) {
                centered_from_words<Arch>(word_batch<Arch>::load_unaligned(words + i)).store_unaligned(u + at + i);
            }
        }
#endif
        for (; i < count; ++i) {
            u[at + i] = centered_from_word(words[i]);
        }
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
