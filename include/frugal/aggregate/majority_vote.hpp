//! `majority_vote`: truth values by vote, with a quorum below which the old value stays (Leconte 2024, equations 4.6,
//! 4.7; with threshold 0 and signs of gradients, Bernstein et al. 2018).
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <frugal/aggregate/contribution.hpp>
#include <frugal/compress/signs.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/pack_signs.hpp>

namespace frugal {

//! What p = 0 means where threshold = 0 asks for both: True, as the source's order of cases says, so that an even
//! number of voters drifts towards True; or the old value.
enum class vote_tie { truth, keep };

//! p = the sum of s votes of -1 and +1:  +1 where p >= s threshold, -1 where p <= -s threshold, else the old value,
//! which `result(out)` finds in `out`.
//!
//! A vote is +1 for what is >= 0. Votes weigh the same: weights may be 0 (no vote) and one other number. Counters are
//! bit sliced, ceil(log2(s + 1)) words for 64 coordinates; of `signs` messages the bits are added as they came. O(d s /
//! 64) word operations.
class majority_vote {
public:
    static constexpr bool coordinatewise = true;
    static constexpr auto describe() {
        return describes(
            "majority_vote", "truth values by vote",
            option("threshold", &majority_vote::threshold_,
                   "of the surplus of votes, as a fraction; below it the old value stays")
                .from(0)
                .to(1),
            option("tie", &majority_vote::tie_, "what a draw means where the threshold is 0").one_of("truth", "keep"));
    }
    std::string name() const { return described_name(*this); }

    explicit majority_vote(double threshold = 0, vote_tie tie = vote_tie::truth) : threshold_(threshold), tie_(tie) {
        validate_described(*this);
    }

    void reset(std::size_t d) {
        d_ = d;
        words_ = words_for(d);
        votes_ = 0;
        weight_ = 0;
        planes_.clear();
    }
    void add(std::span<const float> y, float weight) {
        expect(y.size() == d_, "majority_vote: a vector's length differs from the dimension given to reset");
        if (!counts(weight)) {
            return;
        }
        const auto words = borrow<std::uint64_t>(words_);
        kernels::pack_signs(y, {words.data(), d_});
        add_words([&](std::size_t w) { return words[w]; });
    }
    //! Throws `invalid_input` for a message that only side information decodes. A refused message leaves no trace.
    template <Compressor C>
    void add(const C& compressor, const message& m, random_key k, float weight) {
        expect_weight(weight);
        expect_decodable_alone(compressor, k);
        if constexpr (std::same_as<C, signs>) {
            expect_message(m.dimension() == d_, "a message's dimension differs from that of the vote");
            const std::span<const std::byte> bits = compressor.view(m, k);
            if (counts(weight)) {
                add_words([&](std::size_t w) {
                    std::uint64_t word = 0;
                    std::memcpy(&word, bits.data() + 8 * w, std::min<std::size_t>(8, bits.size() - 8 * w));
                    return word;
                });
            }
        } else {
            const auto decoded = borrow<float>(d_);
            compressor.decompress(m, k, decoded);
            add(std::span<const float>(decoded), weight);
        }
    }
    //! out: the old values.
    void result(std::span<float> out) const {
        expect(out.size() == d_, "majority_vote: the output's length differs from the dimension given to reset");
        expect(votes_ > 0, "majority_vote: nobody voted since reset");
        // 10 voters and a threshold of 0.1 make a surplus of 1, however the product is rounded.
        const auto surplus =
            static_cast<std::uint64_t>(std::ceil(rounded(static_cast<double>(votes_) * threshold_) - 1e-9));
        const bool draw_stays = surplus == 0 && tie_ == vote_tie::keep;
        // True: 2 N >= s + surplus.  False: 2 N <= s - surplus, which is not 2 N >= s - surplus + 1.
        const std::uint64_t enough = (votes_ + surplus + (draw_stays ? 1 : 0) + 1) / 2;
        const std::uint64_t too_few = (votes_ - surplus - (draw_stays ? 1 : 0)) / 2 + 1;
        for (std::size_t w = 0; w < words_; ++w) {
            const std::uint64_t yes = at_least(w, enough);
            const std::uint64_t no = ~yes & ~at_least(w, too_few);
            const std::size_t n = std::min<std::size_t>(64, d_ - 64 * w);
            for (std::size_t i = 0; i < n; ++i) {
                float& x = out[64 * w + i];
                x = (yes >> i & 1) != 0 ? 1.0f : (no >> i & 1) != 0 ? -1.0f : x;
            }
        }
    }
    //! How many voted since reset.
    std::uint64_t votes() const { return votes_; }

private:
    //! Whether somebody of that weight votes.
    bool counts(float weight) {
        expect_weight(weight);
        if (weight == 0) {
            return false;
        }
        expect(weight_ == 0 || weight == weight_, "majority_vote: votes weigh the same: give equal weights, or 0");
        weight_ = weight;
        return true;
    }
    //! Adds a bit to each counter: word(w) has those of coordinates [64 w, 64 w + 64).
    template <class Word>
    void add_words(Word word) {
        ++votes_;
        const auto needed = static_cast<std::size_t>(std::bit_width(votes_));
        if (planes_.size() < needed * words_) {
            planes_.resize(needed * words_);
        }
        for (std::size_t w = 0; w < words_; ++w) {
            std::uint64_t carry = word(w);
            for (std::size_t p = w; carry != 0; p += words_) {
                const std::uint64_t both = planes_[p] & carry;
                planes_[p] ^= carry;
                carry = both;
            }
        }
    }
    //! A bit for each counter of word w: whether it is at least n.
    std::uint64_t at_least(std::size_t w, std::uint64_t n) const {
        const std::size_t count = words_ == 0 ? 0 : planes_.size() / words_;
        if (n >> count != 0) {
            return 0;
        }
        std::uint64_t above = 0;
        std::uint64_t equal = ~std::uint64_t{0};
        for (std::size_t p = count; p-- > 0;) {
            const std::uint64_t plane = planes_[p * words_ + w];
            const std::uint64_t bit = (n >> p & 1) != 0 ? ~std::uint64_t{0} : 0;
            above |= equal & plane & ~bit;
            equal &= ~(plane ^ bit);
        }
        return above | equal;
    }

    double threshold_;
    vote_tie tie_;
    std::size_t d_ = 0;
    std::size_t words_ = 0;
    std::uint64_t votes_ = 0;
    float weight_ = 0;
    std::vector<std::uint64_t> planes_;  // plane p of word w at p words + w, least significant plane first
};

}  // namespace frugal
