//! Selection of coordinates by magnitude: the k largest, or all above a threshold. Exact, linear time, never a sort.
//!
//! The magnitude of a finite float orders like the unsigned integer of its bits without the sign; selection counts
//! those integers digit by digit (radix selection), so that its result is a pure function of the bits of x.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/kernels/batch.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/kernels/prefetch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

//! The bits of |x|: increasing in |x|, at most `largest_finite_magnitude` for finite x.
constexpr std::uint32_t magnitude_bits(float x) {
    return std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu;
}
inline constexpr std::uint32_t largest_finite_magnitude = 0x7F7FFFFFu;

namespace detail {

//! What radix selection finds: everything above `bits` is selected, and the first `ties` elements equal to it.
struct selection_boundary {
    std::uint32_t bits = 0;
    std::size_t ties = 0;
};

//! The boundary of the k largest among n > 0 magnitudes, 1 <= k <= n; key(i) is the magnitude of element i. 3 passes.
template <class Key>
selection_boundary boundary_of_largest(std::size_t n, std::size_t k, Key key) {
    constexpr std::array<unsigned, 3> shifts{20, 9, 0};  // digits of 11, 11 and 9 bits
    std::uint32_t prefix = 0;
    std::uint32_t prefix_mask = 0;
    for (const unsigned shift : shifts) {
        std::array<std::uint32_t, 2048> count{};
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint32_t b = key(i);
            count[(b >> shift) & 2047u] += static_cast<std::uint32_t>((b & prefix_mask) == prefix);
        }
        std::uint32_t digit = 2047;
        for (; count[digit] < k; --digit) {
            k -= count[digit];
        }
        prefix |= digit << shift;
        prefix_mask = ~((std::uint32_t{1} << shift) - 1u);
    }
    return {prefix, k};
}

//! The elements of magnitude at least some bound, in order: their indices and magnitudes, both in one scratch vector.
class selection_candidates {
public:
    explicit selection_candidates(std::vector<std::uint32_t>& scratch) : scratch_(scratch) {}

    //! One pass over x. Elements that are not finite are always among the candidates. O(n).
    template <class Arch>
    void collect(std::span<const float> x, std::uint32_t bound, std::size_t expected) {
        room_ = std::min(x.size(), expected) + block;
        scratch_.resize(2 * room_);
        size_ = 0;
        for (std::size_t first = 0; first < x.size(); first += block) {
            const std::size_t n = std::min(block, x.size() - first);
            if (room_ - size_ < block) {
                scratch_.resize(4 * room_);
                std::copy_n(scratch_.begin() + static_cast<std::ptrdiff_t>(room_), size_,
                            scratch_.begin() + static_cast<std::ptrdiff_t>(2 * room_));
                room_ *= 2;
            }
            size_ += append<Arch>(x.data() + first, n, static_cast<std::uint32_t>(first), bound,
                                  scratch_.data() + size_, scratch_.data() + room_ + size_);
        }
    }
    std::size_t size() const { return size_; }
    std::uint32_t magnitude(std::size_t i) const { return scratch_[room_ + i]; }
    std::uint32_t largest() const {
        std::uint32_t m = 0;
        for (std::size_t i = 0; i < size_; ++i) {
            m = std::max(m, magnitude(i));
        }
        return m;
    }
    //! Leaves in the scratch vector the indices of all candidates,
    void keep_all() { scratch_.resize(size_); }
    //! or of the k largest, ties to the lowest index. 1 <= k <= size().
    void keep_largest(std::size_t k) {
        auto [bits, ties] = boundary_of_largest(size_, k, [&](std::size_t i) { return magnitude(i); });
        std::size_t kept = 0;
        for (std::size_t i = 0; i < size_; ++i) {
            const std::uint32_t m = magnitude(i);
            const bool tie = m == bits && ties > 0;
            scratch_[kept] = scratch_[i];
            kept += static_cast<std::size_t>(m > bits || tie);
            ties -= static_cast<std::size_t>(tie);
        }
        scratch_.resize(kept);
    }

private:
    //! Elements between checks for room. A SIMD append may write a vector beyond what it reports: room has one to
    //! spare.
    static constexpr std::size_t block = 4096;

    template <class Arch>
    static std::size_t append(const float* x, std::size_t n, std::uint32_t first, std::uint32_t bound,
                              std::uint32_t* indices, std::uint32_t* magnitudes) {
        std::size_t count = 0;
        std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
        if constexpr (SimdArch<Arch>) {
            constexpr std::size_t size = lanes_of<Arch>;
            const int_batch<Arch> mask(0x7FFFFFFF);
            for (; i + prefetch_step <= n; i += prefetch_step) {
                prefetch_ahead(x, i);
                for (std::size_t j = i; j < i + prefetch_step; j += size) {
                    const auto m = same_bits<std::int32_t>(float_batch<Arch>::load_unaligned(x + j)) & mask;
                    count += lane_operations<Arch>::append_at_least(m, static_cast<std::int32_t>(bound),
                                                                    first + static_cast<std::uint32_t>(j),
                                                                    indices + count, magnitudes + count);
                }
            }
        }
#endif
        for (; i < n; ++i) {
            indices[count] = first + static_cast<std::uint32_t>(i);
            magnitudes[count] = magnitude_bits(x[i]);
            count += static_cast<std::size_t>(magnitudes[count] >= bound);
        }
        return count;
    }

    std::vector<std::uint32_t>& scratch_;
    std::size_t room_ = 0;
    std::size_t size_ = 0;
};

//! A magnitude that at least k elements probably reach, but not many more: from the order statistics of a sample of
//! cache
//! lines evenly spread over x. 0 where x is too short to gain from it.
inline std::uint32_t probable_bound(std::span<const float> x, std::size_t k, std::vector<std::uint32_t>& scratch) {
    constexpr std::size_t line = 16;
    constexpr std::size_t lines = 1024;
    const std::size_t stride = x.size() / lines;
    if (stride < 4 * line) {
        return 0;
    }
    scratch.resize(lines * line);
    for (std::size_t l = 0; l < lines; ++l) {
        for (std::size_t i = 0; i < line; ++i) {
            scratch[l * line + i] = magnitude_bits(x[l * stride + i]);
        }
    }
    // The number of sampled elements among the k largest: four standard deviations above its mean.
    const double mean = static_cast<double>(k) * static_cast<double>(scratch.size()) / static_cast<double>(x.size());
    const auto rank = static_cast<std::size_t>(mean + 4 * std::sqrt(mean) + 8);
    if (rank >= scratch.size()) {
        return 0;
    }
    return boundary_of_largest(scratch.size(), rank, [&](std::size_t i) { return scratch[i]; }).bits;
}

}  // namespace detail

//! Fills `indices` with the increasing indices of the k elements of largest |x|, ties to the lowest index; returns
//! how many: min(k, x.size()). Throws `invalid_input` naming the first element that is NaN or infinite.
//!
//! A bound from a sample leaves slightly more than k candidates, in one pass over x; radix selection among them is
//! exact.
//! Where the sample misleads, the bound is recomputed from all of x. O(n); allocates nothing once `indices` is warm.
template <class Arch = default_arch>
std::size_t select_top_k(std::span<const float> x, std::size_t k, std::vector<std::uint32_t>& indices) {
    expect(x.size() <= std::numeric_limits<std::uint32_t>::max(),
           "top-k selects among at most 2^32 - 1 elements: split the vector");
    k = std::min(k, x.size());
    if (k == 0) {
        if (magnitude_bits(max_abs<Arch>(x)) > largest_finite_magnitude) {
            expect_all_finite(x);
        }
        indices.clear();
        return 0;
    }
    const std::uint32_t bound = detail::probable_bound(x, k, indices);
    detail::selection_candidates candidates(indices);
    candidates.collect<Arch>(x, bound, bound > 0 ? k + k / 2 : x.size());
    if (candidates.size() < k) {
        const auto exact =
            detail::boundary_of_largest(x.size(), k, [&](std::size_t i) { return magnitude_bits(x[i]); });
        candidates.collect<Arch>(x, exact.bits, k);
    }
    if (candidates.largest() > largest_finite_magnitude) {
        expect_all_finite(x);
    }
    candidates.keep_largest(k);
    return k;
}

//! Fills `indices` with the increasing indices of all elements with |x| >= threshold (threshold >= 0) and returns how
//! many. Throws `invalid_input` naming the first element that is NaN or infinite. O(n).
template <class Arch = default_arch>
std::size_t select_threshold(std::span<const float> x, float threshold, std::vector<std::uint32_t>& indices) {
    expect(x.size() <= std::numeric_limits<std::uint32_t>::max(),
           "threshold selects among at most 2^32 - 1 elements: split the vector");
    expect(threshold >= 0, "the threshold of a selection must not be negative or NaN");
    detail::selection_candidates candidates(indices);
    candidates.collect<Arch>(x, magnitude_bits(threshold), std::max(indices.size(), x.size() / 64));
    if (candidates.largest() > largest_finite_magnitude) {
        expect_all_finite(x);
    }
    candidates.keep_all();
    return indices.size();
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
