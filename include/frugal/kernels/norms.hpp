//! Norms in one pass, with detection of non-finite input, by a reduction of fixed shape.
//!
//! Element i belongs to lane i mod 16; lanes are combined by a fixed tree. No instruction set and no thread count
//! changes that order, so a norm has the same bits everywhere.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/kernels/batch.hpp>
#include <frugal/kernels/prefetch.hpp>

FRUGAL_KERNELS_BEGIN

namespace frugal::kernels {

inline constexpr std::size_t reduction_lanes = 16;

//! Combines 16 lanes: 8 pairs (i, i + 8), then 4, 2, 1.
template <class T, class Combine>
constexpr T combine_lanes(std::array<T, reduction_lanes> lane, Combine combine) {
    for (std::size_t width = reduction_lanes / 2; width > 0; width /= 2) {
        for (std::size_t i = 0; i < width; ++i) {
            lane[i] = combine(lane[i], lane[i + width]);
        }
    }
    return lane[0];
}

//! max |x_i|; infinite or NaN if any element is not finite. O(n), one pass.
//!
//! Compares the bits without the sign as integers: they order as the magnitudes do, and above them all comes NaN.
template <class Arch = default_arch>
float max_abs(std::span<const float> x) {
    std::uint32_t largest = 0;
    std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
    if constexpr (SimdArch<Arch>) {
        using batch = int_batch<Arch>;
        constexpr std::size_t size = batch::size;
        const batch mask(0x7FFFFFFF);
        batch m[4] = {batch(0), batch(0), batch(0), batch(0)};
        const auto take = [&](batch& largest_of, std::size_t at) {
            const auto v = float_batch<Arch>::load_unaligned(x.data() + at);
            largest_of = xsimd::max(largest_of, same_bits<std::int32_t>(v) & mask);
        };
        for (; i + prefetch_step <= x.size(); i += prefetch_step) {
            prefetch_ahead(x.data(), i);
            FRUGAL_UNROLL
            for (std::size_t k = 0; k < prefetch_step; k += size) {
                take(m[k / size % 4], i + k);
            }
        }
        for (; i + size <= x.size(); i += size) {
            take(m[0], i);
        }
        std::int32_t lane[size];
        xsimd::max(xsimd::max(m[0], m[1]), xsimd::max(m[2], m[3])).store_unaligned(lane);
        largest = static_cast<std::uint32_t>(*std::max_element(lane, lane + size));
    }
#endif
    for (; i < x.size(); ++i) {
        largest = std::max(largest, std::bit_cast<std::uint32_t>(x[i]) & 0x7FFFFFFFu);
    }
    return std::bit_cast<float>(largest);
}

//! What `lane_sum` adds for an element v. Exact in double, so that no contraction can change a sum.
struct absolute_value {
    template <class T>
    T operator()(const T& v) const {
        using std::abs;
        return abs(v);
    }
};
//! v^2.
struct square {
    template <class T>
    T operator()(const T& v) const {
        return v * v;
    }
};
//! min(v, 0).
struct negative_part {
    template <class T>
    T operator()(const T& v) const {
        using std::min;
        return min(v, T(0));
    }
};
//! max(v, 0).
struct positive_part {
    template <class T>
    T operator()(const T& v) const {
        using std::max;
        return max(v, T(0));
    }
};

//! A sum of Term(x_i) over a vector that arrives in pieces, in double. Of magnitudes or squares it is NaN or infinite
//! if any x_i is not finite.
//!
//! Pieces other than the last must be of a multiple of 16 elements; then the result does not depend on the cuts.
template <class Term, class Arch = default_arch>
class lane_sum {
public:
    void add(std::span<const float> x) {
        std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
        if constexpr (SimdArch<Arch>) {
            using batch = double_batch<Arch>;
            constexpr std::size_t size = batch::size;
            constexpr std::size_t batches = reduction_lanes / size;
            batch sum[batches];
            FRUGAL_UNROLL
            for (std::size_t k = 0; k < batches; ++k) {
                sum[k] = batch::load_unaligned(lane_.data() + k * size);
            }
            const auto add_to_sum = [&](const float* p) {
                FRUGAL_UNROLL
                for (std::size_t k = 0; k < batches; ++k) {
                    const batch v = lane_operations<Arch>::load_doubles(p + k * size);
                    sum[k] = sum[k] + Term{}(v);
                }
            };
            for (; i + prefetch_step <= x.size(); i += prefetch_step) {
                prefetch_ahead(x.data(), i);
                FRUGAL_UNROLL
                for (std::size_t j = 0; j < prefetch_step; j += reduction_lanes) {
                    add_to_sum(x.data() + i + j);
                }
            }
            for (; i + reduction_lanes <= x.size(); i += reduction_lanes) {
                add_to_sum(x.data() + i);
            }
            FRUGAL_UNROLL
            for (std::size_t k = 0; k < batches; ++k) {
                sum[k].store_unaligned(lane_.data() + k * size);
            }
        }
#endif
        if constexpr (!SimdArch<Arch>) {
            for (; i + reduction_lanes <= x.size(); i += reduction_lanes) {
                add_lanes(x.data() + i, reduction_lanes);
            }
        }
        add_lanes(x.data() + i, x.size() - i);
    }
    double result() const {
        return combine_lanes(lane_, [](double a, double b) { return a + b; });
    }

private:
    void add_lanes(const float* x, std::size_t n) {
        for (std::size_t i = 0; i < n && i < reduction_lanes; ++i) {
            lane_[i] += Term{}(static_cast<double>(x[i]));
        }
    }

    std::array<double, reduction_lanes> lane_{};
};

//! sum of |x_i| in double.
template <class Arch = default_arch>
double sum_abs(std::span<const float> x) {
    lane_sum<absolute_value, Arch> sum;
    sum.add(x);
    return sum.result();
}

//! sum of x_i^2 in double.
template <class Arch = default_arch>
double sum_squares(std::span<const float> x) {
    lane_sum<square, Arch> sum;
    sum.add(x);
    return sum.result();
}

//! Index of the first element that is NaN or infinite; x.size() if there is none.
inline std::size_t first_nonfinite(std::span<const float> x) {
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!is_finite(x[i])) {
            return i;
        }
    }
    return x.size();
}

//! Throws `nonfinite_input` with the first element of x that is not finite; returns if all are.
inline void expect_all_finite(std::span<const float> x) {
    if (const std::size_t i = first_nonfinite(x); i < x.size()) {
        throw nonfinite_input(i);
    }
}

//! ||x||^2 of a few elements, in double, of fixed shape as well: the sums of those with the same i mod 4, which need
//! not wait for one another, then a tree. Inlined.
inline double sum_squares_of_few(std::span<const float> x) {
    double sum[4] = {};
    std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD) && defined(__AVX2__)
    double_batch<xsimd::avx2> sums(0.0);
    for (; i + 4 <= x.size(); i += 4) {
        const auto v = lane_operations<xsimd::avx2>::load_doubles(x.data() + i);
        sums = sums + v * v;
    }
    sums.store_unaligned(sum);
#endif
    const auto add = [&](std::size_t k) { sum[k] += double(x[i + k]) * double(x[i + k]); };  // the product is exact
    for (; i + 4 <= x.size(); i += 4) {
        add(0), add(1), add(2), add(3);
    }
    for (std::size_t k = 0; i + k < x.size(); ++k) {
        add(k);
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

//! norms[i] = the square root of that for row i of `rows`, each of d elements.
template <class Arch = default_arch>
void norms_of_rows(std::span<const float> rows, std::size_t d, std::span<double> norms) {
    for (std::size_t i = 0; i < norms.size(); ++i) {
        norms[i] = sum_squares_of_few(rows.subspan(i * d, d));
    }
    std::size_t i = 0;
#if defined(FRUGAL_HAS_SIMD)
    if constexpr (SimdArch<Arch>) {
        using batch = double_batch<Arch>;
        for (; i + batch::size <= norms.size(); i += batch::size) {
            xsimd::sqrt(batch::load_unaligned(norms.data() + i)).store_unaligned(norms.data() + i);
        }
    }
#endif
    for (; i < norms.size(); ++i) {
        norms[i] = std::sqrt(norms[i]);
    }
}

}  // namespace frugal::kernels

FRUGAL_KERNELS_END
