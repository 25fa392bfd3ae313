//! `random_k`: coordinates drawn without regard to their values.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>

#include <frugal/compress/scale/scales.hpp>
#include <frugal/compress/selector/selection.hpp>
#include <frugal/kernels/philox.hpp>

namespace frugal {

//! A uniformly random set of k distinct coordinates; k = min(d, count) or max(1, floor(fraction d)).
//!
//! unbiased: values are sent times d / k; the variance is exactly d / k - 1. Otherwise they are sent as they are, and
//! the mean loss is exactly (1 - k / d) ||x||^2 (use a fresh key for each message).
//! shared_seed: the receiver draws the same set from the key, so no index travels; otherwise the indices are sent.
//! Floyd's algorithm (Bentley, Floyd 1987) on a bit set: min(k, d - k) draws, O(d / 64 + k) time, d bits of memory.
struct random_k {
    double fraction = 0;    //!< of the coordinates, in (0, 1]; or
    std::size_t count = 0;  //!< how many
    bool unbiased = true;
    bool shared_seed = true;

    static constexpr auto describe() {
        return describes("random_k", "coordinates drawn at random", detail::fraction_field<random_k>(),
                         detail::count_field<random_k>(),
                         option("unbiased", &random_k::unbiased, "1: send values times d / k"),
                         option("shared_seed", &random_k::shared_seed, "1: no index travels"));
    }
    void select(std::span<const float> x, random_key k, selection& chosen) const {
        max_norm{}.measure(x);  // names elements that are not finite
        regenerate(x.size(), k, chosen);
        if (unbiased) {
            const auto d = static_cast<double>(x.size());
            const auto factor = static_cast<float>(d / static_cast<double>(chosen.indices.size()));
            chosen.values.resize(chosen.indices.size());
            for (std::size_t i = 0; i < chosen.indices.size(); ++i) {
                chosen.values[i] = x[chosen.indices[i]] * factor;
            }
        }
    }
    void regenerate(std::size_t d, random_key k, selection& chosen) const {
        const std::size_t n = count_for(d);
        const std::size_t drawn = std::min(n, d - n);  // a large set is drawn as its complement
        auto& words = chosen.scratch;
        words.assign((d + 63) / 64, 0);
        const random_stream stream(k);
        std::uint64_t draws[256];
        for (std::size_t first = 0; first < drawn; first += std::size(draws)) {
            const std::size_t batch = std::min(std::size(draws), drawn - first);
            kernels::random_words64(stream, first, batch, draws);
            for (std::size_t j = 0; j < batch; ++j) {
                const std::uint64_t i = d - drawn + first + j;
                const std::uint64_t drawn_at = random_stream::below_from_word64(i + 1, draws[j]);
                const bool taken = (words[drawn_at / 64] >> (drawn_at % 64) & 1u) != 0;
                const std::uint64_t at = taken ? i : drawn_at;
                words[at / 64] |= std::uint64_t{1} << (at % 64);
            }
        }
        const std::uint64_t flip = drawn == n ? 0 : ~std::uint64_t{0};
        chosen.indices.resize(n);
        std::size_t found = 0;
        for (std::size_t w = 0; w < words.size(); ++w) {
            const std::uint64_t valid = d - w * 64 >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (d % 64)) - 1;
            for (std::uint64_t bits = (words[w] ^ flip) & valid; bits != 0; bits &= bits - 1) {
                chosen.indices[found++] =
                    static_cast<std::uint32_t>(w * 64 + static_cast<unsigned>(std::countr_zero(bits)));
            }
        }
    }
    constexpr std::size_t count_for(std::size_t d) const { return detail::selected_count(fraction, count, d); }
    bool shared() const { return shared_seed; }
    constexpr laws laws_for(std::size_t d) const {
        laws result = laws_from_variance(unbiased, variance(d));
        if (unbiased) {
            result.worst_case = variance(d);
        }
        return result;
    }
    //! E||C(x) - x||^2 / ||x||^2, exactly.
    constexpr double variance(std::size_t d) const {
        const double share = static_cast<double>(count_for(d)) / static_cast<double>(d);
        return unbiased ? 1 / share - 1 : 1 - share;
    }
    void validate() const { detail::check_selected_count("random_k", fraction, count); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
