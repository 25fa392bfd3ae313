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
#include <functional>
#include <limits>
#include <numeric>
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

//! Elements to select among: those of a vector,
struct elements_of {
    std::span<const float> x;

    std::size_t size() const { return x.size(); }
    float operator[](std::size_t i) const { return x[i]; }
    void prefetch(std::size_t i) const { prefetch_ahead(x.data(), i); }
    void expect_finite() const { expect_all_finite(x); }
#if defined(FRUGAL_HAS_SIMD)
    template <class Arch>
    float_batch<Arch> load(std::size_t i) const {
        return float_batch<Arch>::load_unaligned(x.data() + i);
    }
#endif
};
//! or the sums of two, which are never written.
struct sums_of {
    elements_of x;
    elements_of y;

    std::size_t size() const { return x.size(); }
    float operator[](std::size_t i) const { return x[i] + y[i]; }
    void prefetch(std::size_t i) const {
        x.prefetch(i);
        y.prefetch(i);
    }
    void expect_finite() const {
        for (std::size_t i = 0; i < size(); ++i) {
            if (!is_finite((*this)[i])) {
                throw nonfinite_input(i);
            }
        }
    }
#if defined(FRUGAL_HAS_SIMD)
    template <class Arch>
    float_batch<Arch> load(std::size_t i) const {
        return x.template load<Arch>(i) + y.template load<Arch>(i);
    }
#endif
};

//! What radix selection finds: everything above `bits` is selected, and the first `ties` elements equal to it.
struct selection_boundary {
    std::uint32_t bits = 0;
    std::size_t ties = 0;
};

//! The boundary of the k largest among n > 0 magnitudes, 1 <= k <= n; key(i) is the magnitude of element i.
//!
//! Counts equal parts of the range that holds the boundary, which narrows it to one of them; when few elements are left
//! in it, looks among these. O(n), at most 4 passes after the one for the range.
template <class Key>
selection_boundary boundary_of_largest(std::size_t n, std::size_t k, Key key) {
    constexpr unsigned digit = 10;
    constexpr std::size_t few = 64;
    std::uint32_t low = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t high = 0;
    for (std::size_t i = 0; i < n; ++i) {
        low = std::min(low, key(i));
        high = std::max(high, key(i));
    }
    for (std::size_t left = n; left > few && low < high;) {
        const auto width = static_cast<unsigned>(std::bit_width(high - low));
        const unsigned shift = width > digit ? width - digit : 0;
        std::array<std::uint32_t, std::size_t{1} << digit> count{};
        for (std::size_t i = 0; i < n; ++i) {
            const std::uint32_t above = key(i) - low;
            count[std::min(above, high - low) >> shift] += static_cast<std::uint32_t>(above <= high - low);
        }
        std::uint32_t part = (high - low) >> shift;
        for (; count[part] < k; --part) {
            k -= count[part];
        }
        left = count[part];
        low += part << shift;
        high = std::min(high, low + ((std::uint32_t{1} << shift) - 1));
    }
    if (low == high) {
        return {low, k};
    }
    std::array<std::uint32_t, few + 1> last;
    std::size_t found = 0;
    for (std::size_t i = 0; i < n; ++i) {
        last[found] = key(i);
        found += static_cast<std::size_t>(last[found] - low <= high - low);
    }
    std::nth_element(last.data(), last.data() + (k - 1), last.data() + found, std::greater<>());
    const std::uint32_t bits = last[k - 1];
    const auto above = std::count_if(last.data(), last.data() + k, [&](std::uint32_t m) { return m > bits; });
    return {bits, k - static_cast<std::size_t>(above)};
}

//! The elements of magnitude at least some bound, in order: their indices and magnitudes, both in one scratch vector.
class selection_candidates {
public:
    explicit selection_candidates(std::vector<std::uint32_t>& scratch) : scratch_(scratch) {}

    //! One pass over x. Elements that are not finite are always among the candidates. O(n).
    template <class Arch, class Elements>
    void collect(const Elements& x, std::uint32_t bound, std::size_t expected) {
        reserve(std::min(x.size(), expected) + block);
        for_blocks<Arch>(x, [&] {
            if (room_ - size_ < block) {
                scratch_.resize(4 * room_);
                std::copy_n(scratch_.begin() + static_cast<std::ptrdiff_t>(room_), size_,
                            scratch_.begin() + static_cast<std::ptrdiff_t>(2 * room_));
                room_ *= 2;
            }
            return bound;
        });
    }
    //! The same, but of more than 2 k + `block` candidates keeps the k largest only, ties to the lowest index, and
    //! raises the bound to what can still be among them. k >= 1. O(n) time, O(k) memory.
    template <class Arch, class Elements>
    void collect_largest(const Elements& x, std::uint32_t bound, std::size_t k) {
        reserve(std::min(x.size(), 2 * k) + 2 * block);
        for_blocks<Arch>(x, [&] {
            if (room_ - size_ < block) {
                bound = std::min(keep_largest(k) + 1, std::uint32_t{0x7FFFFFFF});
            }
            return bound;
        });
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
    //! Drops all candidates but the k largest, ties to the lowest index; returns the least magnitude of these.
    //! 1 <= k <= size().
    std::uint32_t keep_largest(std::size_t k) {
        auto [bits, ties] =
            boundary_of_largest(size_, k, [m = scratch_.data() + room_](std::size_t i) { return m[i]; });
        std::size_t kept = 0;
        std::uint32_t* const indices = scratch_.data();
        std::uint32_t* const magnitudes = indices + room_;
        for (std::size_t i = 0; i < size_; ++i) {
            const std::uint32_t m = magnitudes[i];
            const bool tie = m == bits && ties > 0;
            indices[kept] = indices[i];
            magnitudes[kept] = m;
            kept += static_cast<std::size_t>(m > bits || tie);
            ties -= static_cast<std::size_t>(tie);
        }
        size_ = kept;
        return bits;
    }
    //! Leaves in the scratch vector the indices of the candidates,
    void finish() { scratch_.resize(size_); }
    //! or those and the lowest other indices, k in all, in order. k >= size().
    void finish_with_lowest(std::size_t k) {
        std::size_t before = 0;  // candidates below the first index that is not selected for being low
        std::size_t lowest = k - size_;
        for (; before < size_ && scratch_[before] < lowest; ++before) {
            ++lowest;
        }
        std::copy_backward(scratch_.begin() + static_cast<std::ptrdiff_t>(before),
                           scratch_.begin() + static_cast<std::ptrdiff_t>(size_),
                           scratch_.begin() + static_cast<std::ptrdiff_t>(k));
        std::iota(scratch_.begin(), scratch_.begin() + static_cast<std::ptrdiff_t>(lowest), 0u);
        scratch_.resize(k);
    }

private:
    //! Elements between checks for room. A SIMD append may write a vector beyond what it reports: room has one to
    //! spare.
    static constexpr std::size_t block = 512;

    void reserve(std::size_t room) {
        room_ = room;
        size_ = 0;
        scratch_.resize(2 * room_);
    }
    //! Appends block after block what reaches bound_for_block().
    template <class Arch, class Elements, class Bound>
    void for_blocks(const Elements& x, Bound bound_for_block) {
        for (std::size_t first = 0; first < x.size(); first += block) {
            const std::size_t n = std::min(block, x.size() - first);
            const std::uint32_t bound = bound_for_block();
            size_ += append<Arch>(x, first, n, bound, scratch_.data() + size_, scratch_.data() + room_ + size_);
        }
    }

    template <class Arch, class Elements>
    static std::size_t append(const Elements& x, std::size_t first, std::size_t n, std::uint32_t bound,
                              std::uint32_t* indices, std::uint32_t* magnitudes) {
        std::size_t count = 0;
        std::size_t i = first;
#if defined(FRUGAL_HAS_SIMD)
        if constexpr (SimdArch<Arch>) {
            constexpr std::size_t size = lanes_of<Arch>;
            const int_batch<Arch> mask(0x7FFFFFFF);
            for (; i + prefetch_step <= first + n; i += prefetch_step) {
                x.prefetch(i);
                for (std::size_t j = i; j < i + prefetch_step; j += size) {
                    const auto m = same_bits<std::int32_t>(x.template load<Arch>(j)) & mask;
                    count += lane_operations<Arch>::append_at_least(m, static_cast<std::int32_t>(bound),
                                                                    static_cast<std::uint32_t>(j), indices + count,
                                                                    magnitudes + count);
                }
            }
        }
#endif
        for (; i < first + n; ++i) {
            indices[count] = static_cast<std::uint32_t>(i);
            magnitudes[count] = magnitude_bits(x[i]);
            count += static_cast<std::size_t>(magnitudes[count] >= bound);
        }
        return count;
    }

    std::vector<std::uint32_t>& scratch_;
    std::size_t room_ = 0;
    std::size_t size_ = 0;
};

//! Elements of a cache line.
inline constexpr std::size_t line = 16;

//! The largest magnitude of each column of `ways` lines that are `stride` elements apart, the first at `first`.
template <class Arch, class Elements>
void largest_of_lines(const Elements& x, std::size_t first, std::size_t ways, std::size_t stride, std::uint32_t* out) {
    if constexpr (SimdArch<Arch>) {
#if defined(FRUGAL_HAS_SIMD)
        for (std::size_t i = 0; i < line; i += lanes_of<Arch>) {
            int_batch<Arch> m(0);
            for (std::size_t w = 0; w < ways; ++w) {
                const auto bits = same_bits<std::int32_t>(x.template load<Arch>(first + w * stride + i));
                m = xsimd::max(m, bits & int_batch<Arch>(0x7FFFFFFF));
            }
            same_bits<std::uint32_t>(m).store_unaligned(out + i);
        }
#endif
    } else {
        for (std::size_t i = 0; i < line; ++i) {
            out[i] = 0;
            for (std::size_t w = 0; w < ways; ++w) {
                out[i] = std::max(out[i], magnitude_bits(x[first + w * stride + i]));
            }
        }
    }
}

//! A magnitude that at least k elements probably reach, but not many more: an order statistic of the maxima of groups
//! of elements, taken from cache lines evenly spread over x. 0 where nearly all elements are wanted.
template <class Arch, class Elements>
std::uint32_t probable_bound(const Elements& x, std::size_t k, std::vector<std::uint32_t>& scratch) {
    constexpr std::size_t most_ways = 16;
    const std::size_t sample = std::clamp<std::size_t>(x.size() / 32, std::min<std::size_t>(x.size(), 2048), 16384);
    std::size_t ways = 1;  // elements a group: few groups hold two of the k largest
    while (ways < most_ways && 8 * ways * k <= x.size()) {
        ways *= 2;
    }
    const std::size_t lines = sample / (ways * line);
    if (lines == 0) {
        return 0;
    }
    const std::size_t stride = x.size() / (lines * ways);
    scratch.resize(lines * line);
    for (std::size_t l = 0; l < lines; ++l) {
        largest_of_lines<Arch>(x, l * ways * stride, ways, stride, scratch.data() + l * line);
    }
    // As many as k maxima are reached by k elements for certain; as many as the k largest have in a sample, and three
    // standard deviations more, probably.
    const double share = static_cast<double>(scratch.size() * ways) / static_cast<double>(x.size());
    const double mean = static_cast<double>(k) * share;
    const std::size_t rank = std::min(k, static_cast<std::size_t>(mean + 3 * std::sqrt(mean) + 4));
    if (rank >= scratch.size()) {
        return 0;
    }
    return boundary_of_largest(scratch.size(), rank, [&](std::size_t i) { return scratch[i]; }).bits;
}

template <class Arch, class Elements>
std::size_t select_top_k(const Elements& x, std::size_t k, std::vector<std::uint32_t>& indices) {
    expect(x.size() <= std::numeric_limits<std::uint32_t>::max(),
           "top-k selects among at most 2^32 - 1 elements: split the vector");
    k = std::min(k, x.size());
    if (k == 0) {
        x.expect_finite();
        indices.clear();
        return 0;
    }
    constexpr std::uint32_t not_zero = 1;
    const std::uint32_t bound = std::max(not_zero, probable_bound<Arch>(x, k, indices));
    selection_candidates candidates(indices);
    candidates.collect_largest<Arch>(x, bound, k);
    if (candidates.size() < k && bound > not_zero) {
        candidates.collect_largest<Arch>(x, not_zero, k);
    }
    if (candidates.largest() > largest_finite_magnitude) {
        x.expect_finite();
    }
    if (candidates.size() >= k) {
        candidates.keep_largest(k);
    }
    candidates.finish_with_lowest(k);
    return k;
}

template <class Arch, class Elements>
std::size_t select_threshold(const Elements& x, float threshold, std::vector<std::uint32_t>& indices) {
    expect(x.size() <= std::numeric_limits<std::uint32_t>::max(),
           "threshold selects among at most 2^32 - 1 elements: split the vector");
    expect(threshold >= 0, "the threshold of a selection must not be negative or NaN");
    selection_candidates candidates(indices);
    candidates.collect<Arch>(x, magnitude_bits(threshold), std::max(indices.size(), x.size() / 64));
    if (candidates.largest() > largest_finite_magnitude) {
        x.expect_finite();
    }
    candidates.finish();
    return indices.size();
}

}  // namespace detail

//! Fills `indices` with the increasing indices of the k elements of largest |x|, ties to the lowest index; returns
//! how many: min(k, x.size()). Throws `invalid_input` naming the first element that is NaN or infinite.
//!
//! A bound from a sample leaves slightly more than k candidates, in one pass over x; radix selection among them is
//! exact. Zeros are no candidates: where the others are too few, the first zeros complete them. Where the sample
//! misleads, a second pass does without it. O(n) time, O(k) memory; allocates nothing once `indices` is warm.
template <class Arch = default_arch>
std::size_t select_top_k(std::span<const float> x, std::size_t k, std::vector<std::uint32_t>& indices) {
    return detail::select_top_k<Arch>(detail::elements_of{x}, k, indices);
}
//! The same of x + y, which have one size.
template <class Arch = default_arch>
std::size_t select_top_k_of_sum(std::span<const float> x, std::span<const float> y, std::size_t k,
                                std::vector<std::uint32_t>& indices) {
    return detail::select_top_k<Arch>(detail::sums_of{{x}, {y}}, k, indices);
}

//! Fills `indices` with the increasing indices of all elements with |x| >= threshold (threshold >= 0) and returns how
//! many. Throws `invalid_input` naming the first element that is NaN or infinite. O(n).
template <class Arch = default_arch>
std::size_t select_threshold(std::span<const float> x, float threshold, std::vector<std::uint32_t>& indices) {
    return detail::select_threshold<Arch>(detail::elements_of{x}, threshold, indices);
}
//! The same of x + y, which have one size.
template <class Arch = default_arch>
std::size_t select_threshold_of_sum(std::span<const float> x, std::span<const float> y, float threshold,
                                    std::vector<std::uint32_t>& indices) {
    return detail::select_threshold<Arch>(detail::sums_of{{x}, {y}}, threshold, indices);
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
