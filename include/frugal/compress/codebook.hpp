//! Codebooks made from the vector itself and sent with it: Lloyd-Max and the class means of 1-bit SGD.
//!
//! | codebook               | payload bits    | choose it when                                                  |
//! |------------------------|-----------------|-----------------------------------------------------------------|
//! | one_bit{}              | d + 64          | one bit a coordinate, with error feedback                       |
//! | lloyd_max{.levels = K} | d log2 K + 32 K | the least squared error of K levels is worth its encoding time  |
//! | normal_levels{.levels} | the same        | behind a rotation, where all vectors look normal: a pass or two |
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include <frugal/compress/coder/packed.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/compress/message_interface.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/kernels/quantize.hpp>
#include <frugal/quantize/rounding.hpp>

namespace frugal {

//! The most levels a codebook that travels with its message may have: a symbol is a byte.
inline constexpr std::size_t max_codebook_levels = 256;

//! Chooses levels for a vector. Symbol j stands for levels[j], and is sent for x with boundaries[j-1] <= x <
//! boundaries[j].
//!
//! Optional: `double contraction(n) const` of n elements, where levels are not the means of their cells.  fit_bucket,
//! as fit, where one of many buckets is fitted otherwise than a vector. size(): the number K of levels, 2..256.  fit(x,
//! levels, boundaries): fills K levels and K - 1 increasing boundaries.
template <class B>
concept Codebook = std::copyable<B> &&
                   requires(const B b, std::span<const float> x, std::span<float> levels, std::span<float> boundaries) {
                       { b.size() } -> std::same_as<std::size_t>;
                       b.fit(x, levels, boundaries);
                       { b.name() } -> std::convertible_to<std::string>;
                   };

namespace detail {

//! index(x) = how many of the increasing boundaries are at most x: a Quantizer, so that kernels run it on vectors.
struct cells {
    std::span<const float> boundaries;

    alphabet symbols() const { return {0, static_cast<int>(boundaries.size())}; }
    template <class T>
    T index(const T& x) const {
        T cell(0.0f);
        for (const float b : boundaries) {
            cell = cell + select(x >= T(b), T(1.0f), T(0.0f));
        }
        return cell;
    }
    template <class T>
    T value(const T& i) const {
        return i;
    }
};

//! symbols[i] = the cell of x[i]: by comparison with all boundaries, or by bisection where they are many.
inline void find_cells(std::span<const float> x, std::span<const float> boundaries, std::uint8_t* symbols) {
    if (boundaries.size() <= 16) {
        kernels::quantize(cells{boundaries}, x, 1.0f, random_stream(random_key{}), 0, symbols);
        return;
    }
    // Without branches, which random elements would mispredict, and some elements at once, as each waits for its loads.
    std::array<float, max_codebook_levels> bounds;
    const std::size_t half = std::bit_ceil(boundaries.size() + 1) / 2;
    std::fill(std::copy(boundaries.begin(), boundaries.end(), bounds.begin()), bounds.end(),
              std::numeric_limits<float>::infinity());
    constexpr std::size_t together = 16;
    for (std::size_t at = 0; at < x.size(); at += together) {
        const std::size_t n = std::min(together, x.size() - at);
        std::array<float, together> v{};
        std::array<std::uint32_t, together> cell{};
        std::copy_n(x.data() + at, n, v.begin());
        for (auto step = static_cast<std::uint32_t>(half); step > 0; step /= 2) {
            for (std::size_t i = 0; i < together; ++i) {
                cell[i] += step * static_cast<std::uint32_t>(v[i] >= bounds[cell[i] + step - 1]);
            }
        }
        std::transform(cell.begin(), cell.begin() + static_cast<std::ptrdiff_t>(n), symbols + at,
                       [](std::uint32_t c) { return static_cast<std::uint8_t>(c); });
    }
}

struct sum_and_count {
    double sum;
    std::uint64_t count;
    void add(const sum_and_count& other) {
        sum += other.sum;
        count += other.count;
    }
    float mean() const { return static_cast<float>(sum / static_cast<double>(count)); }
};

//! Of each cell, in double: each of `lanes` interleaved parts in index order, then these in order.
template <std::size_t lanes>
void sum_cells(std::span<const float> x, std::span<const float> boundaries, std::span<sum_and_count> totals) {
    constexpr std::size_t piece = 4096;
    std::array<sum_and_count, lanes * max_codebook_levels> storage;
    const std::span<sum_and_count> part_sums(storage.data(), lanes * totals.size());
    std::ranges::fill(part_sums, sum_and_count{});
    std::array<std::uint8_t, piece> cell;
    for (std::size_t at = 0; at < x.size(); at += piece) {
        const auto part = x.subspan(at, std::min(piece, x.size() - at));
        find_cells(part, boundaries, cell.data());
        const auto add = [&](std::size_t i, std::size_t lane) {
            sum_and_count& s = part_sums[lane * totals.size() + cell[i]];
            s.sum += double(part[i]);
            ++s.count;
        };
        std::size_t i = 0;
        for (; i + lanes <= part.size(); i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                add(i + lane, lane);
            }
        }
        for (std::size_t lane = 0; i < part.size(); ++i, ++lane) {
            add(i, lane);
        }
    }
    for (std::size_t j = 0; j < totals.size(); ++j) {
        totals[j] = {};
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            totals[j].add(part_sums[lane * totals.size() + j]);
        }
    }
}

//! levels[j] = mean of the elements in cell j, as `sum_cells` sums them. A level without elements stays.
template <std::size_t lanes>
void cell_means(std::span<const float> x, std::span<const float> boundaries, std::span<float> levels) {
    std::array<sum_and_count, max_codebook_levels> totals;
    sum_cells<lanes>(x, boundaries, std::span(totals).first(levels.size()));
    for (std::size_t j = 0; j < levels.size(); ++j) {
        levels[j] = totals[j].count > 0 ? totals[j].mean() : levels[j];
    }
}

//! Many numbers as few weighted ones, in increasing order: a point for all that share sign, exponent and the first
//! `mantissa_bits` of the mantissa, at their mean. cell_mean takes O(log points).
class weighted_points {
public:
    weighted_points(std::span<const float> x, unsigned mantissa_bits)
        : values_(borrow<float>(std::size_t{1} << (9 + mantissa_bits))),
          totals_(borrow<sum_and_count>((std::size_t{1} << (9 + mantissa_bits)) + 1)) {
        constexpr std::size_t lanes = 4;  // neighbours often share a bin: hides the latency of its sum
        const unsigned shift = 23 - mantissa_bits;
        const std::size_t bins = std::size_t{1} << (9 + mantissa_bits);
        const auto sums = borrow<sum_and_count>(lanes * bins);
        std::fill(sums.begin(), sums.end(), sum_and_count{});
        const auto add = [&](std::size_t i, std::size_t lane) {
            sum_and_count& t = sums[lane * bins + (std::bit_cast<std::uint32_t>(x[i]) >> shift)];
            t.sum += double(x[i]);
            ++t.count;
        };
        std::size_t i = 0;
        for (; i + lanes <= x.size(); i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                add(i + lane, lane);
            }
        }
        for (std::size_t lane = 0; i < x.size(); ++i, ++lane) {
            add(i, lane);
        }
        totals_[0] = {};
        const auto take = [&](std::size_t bin) {
            sum_and_count of_bin{};
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                of_bin.add(sums[lane * bins + bin]);
            }
            if (of_bin.count > 0) {
                values_[count_] = of_bin.mean();
                of_bin.add(totals_[count_]);
                totals_[++count_] = of_bin;
            }
        };
        for (std::size_t bin = bins; bin-- > bins / 2;) {  // the negative ones, the largest magnitude first
            take(bin);
        }
        for (std::size_t bin = 0; bin < bins / 2; ++bin) {
            take(bin);
        }
    }
    //! As `cell_means` of the points.
    void cell_means(std::span<const float> boundaries, std::span<float> levels) const {
        std::size_t first = 0;
        for (std::size_t j = 0; j < levels.size(); ++j) {
            const std::size_t end = j == boundaries.size() ? count_ : first_not_below(boundaries[j]);
            const sum_and_count cell{totals_[end].sum - totals_[first].sum, totals_[end].count - totals_[first].count};
            levels[j] = cell.count > 0 ? cell.mean() : levels[j];
            first = end;
        }
    }

private:
    std::size_t first_not_below(float boundary) const {
        return static_cast<std::size_t>(std::lower_bound(values_.data(), values_.data() + count_, boundary) -
                                        values_.data());
    }

    loan<float> values_;
    loan<sum_and_count> totals_;  // of the points before each
    std::size_t count_ = 0;
};

//! How many numbers of a vector there are in each of some hundred bins, as wide as 2^-mantissa_bits of their distance
//! from a centre, over 12 octaves: enough to find cells by, in integers, and so with the same result everywhere. The
//! centre is 0, or the mean of a vector whose mean exceeds its deviation.
//!
//! Values are those of the vector relative to the centre, in a unit of which each bin's is a whole number; `number`
//! brings them back. O(x.size() + bins).
class coarse_counts {
public:
    //! x: finite, not empty, of at most 2^32 elements.
    coarse_counts(std::span<const float> x, unsigned mantissa_bits) : mantissa_bits_(mantissa_bits) {
        constexpr std::size_t piece = 512;
        const std::size_t tables = mantissa_bits <= 5 ? 4 : 1;  // neighbours often share a bin: hides its latency
        const auto counts = borrow<std::uint32_t>(tables * bins());
        std::ranges::fill(counts, 0u);
        center_ = center_of(x);
        const float largest = largest_distance(x);
        const unsigned shift = 23 - mantissa_bits;
        const auto octave = static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(largest) >> 23) - (octaves - 1);
        const std::int32_t base = octave * (1 << mantissa_bits);
        const auto half = static_cast<std::int32_t>(bins() / 2);
        unit_ = std::ldexp(1.0, octave - 127 - static_cast<int>(mantissa_bits) - 1);
        std::array<std::uint16_t, piece> bin;
        for (std::size_t at = 0; at < x.size(); at += piece) {
            const std::size_t n = std::min(piece, x.size() - at);
            for (std::size_t i = 0; i < n; ++i) {
                const auto bits = std::bit_cast<std::int32_t>(x[at + i] - center_);
                const std::int32_t code = std::max(((bits & 0x7FFFFFFF) >> shift) - base, 0);
                bin[i] = static_cast<std::uint16_t>(bits < 0 ? half - 1 - code : half + code);
            }
            std::size_t i = 0;
            for (; i + 4 <= n; i += 4) {
                for (std::size_t k = 0; k < 4; ++k) {
                    ++counts[k % tables * bins() + bin[i + k]];
                }
            }
            for (; i < n; ++i) {
                ++counts[bin[i]];
            }
        }
        for (std::size_t k = 1; k < tables; ++k) {
            std::transform(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(bins()),
                           counts.begin() + static_cast<std::ptrdiff_t>(k * bins()), counts.begin(), std::plus<>{});
        }
        point sum{0, 0, 0};
        std::size_t b = 0;
        std::int64_t last = 0;  // value that occurs
        bool first = true;
        const auto take = [&](std::int64_t value) {
            below_[b] = sum;
            const auto count = static_cast<std::int64_t>(counts[b]);
            const std::int64_t gap = first ? 0 : value - last;
            sum.sum += count * value;
            sum.count += count;
            sum.measure += cube_root(static_cast<float>(count * gap) * static_cast<float>(gap));
            last = count > 0 ? value : last;
            first = first && count == 0;
            ++b;
        };
        for (std::int32_t code = half; code-- > 0;) {
            take(-magnitude(code));
        }
        first = first || center_ == 0;  // what lies between the signs belongs to neither
        for (std::int32_t code = 0; code < half; ++code) {
            take(magnitude(code));
        }
        below_[b] = sum;
    }

    //! measure: the integral of the density's cube root, by which the best levels lie evenly (Panter and Dite 1951).
    struct point {
        std::int64_t sum, count, measure;
        double mean() const { return static_cast<double>(sum) / static_cast<double>(count); }
    };
    std::size_t bins() const { return std::size_t{2 * octaves} << mantissa_bits_; }
    //! What bins first, .., end - 1 hold.
    point between(std::size_t first, std::size_t end) const {
        return {below_[end].sum - below_[first].sum, below_[end].count - below_[first].count,
                below_[end].measure - below_[first].measure};
    }
    //! Where `part` of the measure of bins first, .., end - 1, which are not all empty, lies below.
    double quantile(std::size_t first, std::size_t end, double part) const {
        const double measure = static_cast<double>(below_[first].measure) +
                               rounded(part * static_cast<double>(between(first, end).measure));
        const auto above = std::upper_bound(
            below_.begin() + static_cast<std::ptrdiff_t>(first), below_.begin() + static_cast<std::ptrdiff_t>(end) + 1,
            measure, [](double m, const point& p) { return m < static_cast<double>(p.measure); });
        auto bin = std::min(static_cast<std::size_t>(above - below_.begin()), end) - 1;
        const auto occurs = [&](std::size_t i) { return between(i, i + 1).count > 0; };
        while (bin > first && !occurs(bin)) {
            --bin;
        }
        auto before = bin;
        while (before > first && !occurs(before - 1)) {
            --before;
        }
        const double high = value(bin);
        const double low = before > first ? value(before - 1) : high;
        const auto of_bin = static_cast<double>(between(bin, bin + 1).measure);
        const double position =
            of_bin > 0 ? std::min((measure - static_cast<double>(below_[bin].measure)) / of_bin, 1.0) : 1.0;
        return low + rounded((high - low) * position);
    }
    //! The first bin whose value is not below v.
    std::size_t first_not_below(double v) const {
        const auto half = static_cast<std::int32_t>(bins() / 2);
        const auto scaled = static_cast<float>(std::fabs(v) / static_cast<double>(2 << mantissa_bits_));
        const std::int32_t code =
            (std::bit_cast<std::int32_t>(scaled) >> (23 - mantissa_bits_)) - (127 << mantissa_bits_);
        const std::int32_t inside = std::clamp(code, 0, half - 1);
        const auto middle = static_cast<double>(magnitude(inside));
        return static_cast<std::size_t>(v < 0 ? half - 1 - inside + (-middle < v ? 1 : 0)
                                              : half + inside + (middle < v ? 1 : 0));
    }
    //! A value as it would be in the vector, whose elements' middle may lie beyond the range of float.
    float number(double v) const {
        constexpr auto largest = double(std::numeric_limits<float>::max());
        return static_cast<float>(std::clamp(rounded(v * unit_) + double(center_), -largest, largest));
    }
    bool centered_on_zero() const { return center_ == 0; }

private:
    static constexpr std::int32_t octaves = 12;

    //! About 256 times that of x, from the exponent: within 6 %.
    static std::int64_t cube_root(float x) {
        return static_cast<std::int64_t>(256 * std::bit_cast<float>(std::bit_cast<std::int32_t>(x) / 3 + 0x2A514067));
    }
    double value(std::size_t bin) const {
        const auto from_middle = static_cast<std::int32_t>(bin) - static_cast<std::int32_t>(bins() / 2);
        return static_cast<double>(from_middle < 0 ? -magnitude(-1 - from_middle) : magnitude(from_middle));
    }
    //! In the middle of bin `code` from the centre on. Those of the first are not told from the centre.
    std::int64_t magnitude(std::int32_t code) const {
        const std::int32_t ones = 1 << mantissa_bits_;
        return code == 0 ? 0 : std::int64_t{2 * (ones | (code & (ones - 1))) + 1} << (code >> mantissa_bits_);
    }
    static float center_of(std::span<const float> x) {
        kernels::lane_sum<std::identity> sum;
        sum.add(x);
        const double mean = sum.result() / static_cast<double>(x.size());
        const double square = kernels::sum_squares(x) / static_cast<double>(x.size());
        return 2 * (mean * mean) > square ? static_cast<float>(mean) : 0.0f;
    }
    float largest_distance(std::span<const float> x) const {
        if (center_ == 0) {
            return kernels::max_abs(x);
        }
        std::int32_t largest = 0;  // bits of magnitudes order as they do
        for (const float v : x) {
            largest = std::max(largest, std::bit_cast<std::int32_t>(std::fabs(v - center_)));
        }
        return std::bit_cast<float>(largest);
    }

    unsigned mantissa_bits_;
    float center_ = 0;
    double unit_ = 0;
    loan<point> below_ = borrow<point>(bins() + 1);  // of the bins before each
};

}  // namespace detail

//! The means of the negative and of the other elements (1-bit SGD, Seide et al. 2014); 0 for a class without elements.
//!
//! Of all reconstructions of the sign pattern with two values the one of least error; the error sums to 0 in each
//! class.
struct one_bit {
    static constexpr auto describe() { return describes("one_bit", "the mean of each sign (1-bit SGD)"); }
    std::size_t size() const { return 2; }
    void fit(std::span<const float> x, std::span<float> levels, std::span<float> boundaries) const {
        constexpr std::size_t piece = 4096;
        kernels::lane_sum<kernels::negative_part> below;
        kernels::lane_sum<kernels::positive_part> above;
        std::ptrdiff_t negatives = 0;
        for (std::size_t at = 0; at < x.size(); at += piece) {
            const auto part = x.subspan(at, std::min(piece, x.size() - at));
            below.add(part);
            above.add(part);
            negatives += std::count_if(part.begin(), part.end(), [](float v) { return v < 0; });
        }
        const auto mean = [](double sum, double count) { return count > 0 ? static_cast<float>(sum / count) : 0.0f; };
        boundaries[0] = 0;
        levels[0] = mean(below.result(), static_cast<double>(negatives));
        levels[1] = mean(above.result(), static_cast<double>(x.size()) - static_cast<double>(negatives));
    }
    std::string name() const { return described_name(*this); }
};

//! The quantizer of least squared error for the elements of the vector (Lloyd 1957; Max 1960): cell means and midpoints
//! in turn, at most `iterations` times, starting from a sample of 4096 elements.
//!
//! A vector of more than 4096 elements is first summed up in bins of 1/32 of their magnitude (1/256 for more than 16
//! levels), on which the iterations work; a last pass makes the levels the means of their cells. So the centroid
//! condition holds exactly for every vector, also where iterations stopped early, and the squared error is that of
//! iterations over all elements up to about the square of the bins' relative width, 10^-4 of ||x||^2. O(d K) time for
//! K <= 16 levels, O(d log K) beyond, and O(iterations d K) for up to 4096 elements.
struct lloyd_max {
    int levels = 4;
    int iterations = 32;

    static constexpr auto describe() {
        return describes("lloyd_max", "the levels of least squared error",
                         option("levels", &lloyd_max::levels, "how many").from(2).to(max_codebook_levels),
                         option("iterations", &lloyd_max::iterations, "at most").from(1).to(1 << 20));
    }
    std::size_t size() const { return static_cast<std::size_t>(levels); }
    void fit(std::span<const float> x, std::span<float> level, std::span<float> boundary) const {
        std::fill(level.begin(), level.end(), 0.0f);
        std::fill(boundary.begin(), boundary.end(), 0.0f);
        if (x.empty()) {
            return;
        }
        start(x, level, boundary);
        if (x.size() <= sample_size) {
            iterate(level, boundary, [&] { detail::cell_means<1>(x, boundary, level); });
            return;
        }
        const detail::weighted_points points(x, level.size() <= 16 ? 5 : 8);
        iterate(level, boundary, [&] { points.cell_means(boundary, level); });
        detail::cell_means<4>(x, boundary, level);
    }
    //! The same for one of many short vectors, without sorting it: the first levels and all iterations work on counts
    //! in bins of 1/16 of their magnitude (1/32 for more than 4 levels, 1/128 for more than 16), and a last pass makes
    //! the levels the means of their cells here as well. O(d + iterations K + bins); there are 384 bins (768, 3072).
    //! So with fewer than about 1000 elements, or with more than 16 levels, a bucket costs more than its elements do,
    //! and encoding may fall below a twentieth of memcpy. Fewer than 64 elements, or 8 a level, are fitted as a vector.
    void fit_bucket(std::span<const float> x, std::span<float> level, std::span<float> boundary) const {
        if (x.size() < std::max<std::size_t>(64, 8 * level.size())) {
            fit(x, level, boundary);
            return;
        }
        const detail::coarse_counts counts(x, level.size() <= 4 ? 4 : level.size() <= 16 ? 5 : 7);
        std::array<std::size_t, max_codebook_levels + 1> cut;
        std::array<double, max_codebook_levels> mean;
        spread(counts, std::span(mean).first(level.size()), cut);
        improve(counts, std::span(mean).first(level.size()), cut);
        for (std::size_t j = 0; j < boundary.size(); ++j) {
            boundary[j] = counts.number((mean[j] + mean[j + 1]) / 2);
        }
        std::transform(mean.begin(), mean.begin() + static_cast<std::ptrdiff_t>(level.size()), level.begin(),
                       [&](double m) { return counts.number(m); });
        detail::cell_means<4>(x, boundary, level);
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }

private:
    static constexpr std::size_t sample_size = 4096;

    //! First levels and cells, of the bins cut[j], .., cut[j + 1] - 1, as `start` chooses them.
    static void spread(const detail::coarse_counts& counts, std::span<double> mean, std::span<std::size_t> cut) {
        const std::size_t end = counts.bins();
        const std::size_t middle = end / 2;
        const auto negative = counts.between(0, middle);
        const auto all = counts.between(0, end);
        const bool both_signs = counts.centered_on_zero() && negative.count > 0 && negative.count < all.count;
        std::size_t below = 0;
        if (both_signs) {
            const double share =
                all.measure > 0 ? static_cast<double>(negative.measure) / static_cast<double>(all.measure) : 0.5;
            below = std::clamp<std::size_t>(
                static_cast<std::size_t>(rounded(share * static_cast<double>(mean.size())) + 0.5), 1, mean.size() - 1);
        }
        for (std::size_t j = 0; j < mean.size(); ++j) {
            const bool low = j < below;
            const std::size_t among = low ? below : mean.size() - below;
            const double part = (static_cast<double>(low ? j : j - below) + 0.5) / static_cast<double>(among);
            mean[j] = counts.quantile(low || !both_signs ? 0 : middle, low ? middle : end, part);
        }
        cut[0] = 0;
        cut[mean.size()] = end;
        for (std::size_t j = 1; j < mean.size(); ++j) {
            cut[j] = both_signs && j == below ? middle : counts.first_not_below((mean[j - 1] + mean[j]) / 2);
        }
    }
    //! Cell means and midpoints in turn.
    void improve(const detail::coarse_counts& counts, std::span<double> mean, std::span<std::size_t> cut) const {
        bool changed = true;
        for (int i = 0; i < iterations && changed; ++i) {
            for (std::size_t j = 0; j < mean.size(); ++j) {
                const auto cell = counts.between(cut[j], cut[j + 1]);
                mean[j] = cell.count > 0 ? cell.mean() : mean[j];
            }
            changed = false;
            for (std::size_t j = 1; j < mean.size(); ++j) {
                const std::size_t next = counts.first_not_below((mean[j - 1] + mean[j]) / 2);
                changed = changed || next != cut[j];
                cut[j] = next;
            }
        }
    }

    static float midpoint(float a, float b) { return a * 0.5f + b * 0.5f; }  // a product with 1/2 is exact

    //! update() makes levels the means of their cells.
    template <class Update>
    void iterate(std::span<const float> level, std::span<float> boundary, Update update) const {
        std::array<float, max_codebook_levels> next{};
        for (int i = 0; i < iterations; ++i) {
            update();
            bool changed = false;
            for (std::size_t j = 0; j + 1 < level.size(); ++j) {
                next[j] = midpoint(level[j], level[j + 1]);
                changed = changed || next[j] != boundary[j];
            }
            if (!changed || i + 1 == iterations) {
                return;
            }
            std::copy_n(next.begin(), boundary.size(), boundary.begin());
        }
    }

    //! In lanes, so that compilers make vectors of them.
    static std::pair<float, float> extremes(std::span<const float> x) {
        constexpr std::size_t lanes = 32;
        std::array<float, lanes> least, greatest;
        least.fill(x[0]);
        greatest.fill(x[0]);
        std::size_t i = 0;
        for (; i + lanes <= x.size(); i += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                const float v = x[i + lane];
                least[lane] = v < least[lane] ? v : least[lane];
                greatest[lane] = v > greatest[lane] ? v : greatest[lane];
            }
        }
        const auto rest = x.subspan(i);
        return {std::min(*std::ranges::min_element(least), rest.empty() ? x[0] : *std::ranges::min_element(rest)),
                std::max(*std::ranges::max_element(greatest), rest.empty() ? x[0] : *std::ranges::max_element(rest))};
    }

    //! First levels: each sign gets its share of them, and 0 divides the signs. Since every later step lowers the
    //! error, no result is worse than `one_bit`. Within a sign levels lie as dense as the optimum's, about the cube
    //! root of the data's density (Panter and Dite 1951), that is evenly in the sum of gap^(5/8) over the gaps of a
    //! sorted sample.
    static void start(std::span<const float> x, std::span<float> level, std::span<float> boundary) {
        std::array<float, sample_size> storage;
        std::array<double, sample_size> measure_storage;
        const std::span<float> sample(storage.data(), std::min(x.size(), sample_size));
        const std::span<double> measure(measure_storage.data(), sample.size());
        for (std::size_t i = 0; i < sample.size(); ++i) {
            sample[i] = x[i * x.size() / sample.size()];
        }
        std::sort(sample.begin(), sample.end());
        measure[0] = 0;
        for (std::size_t i = 1; i < sample.size(); ++i) {
            const double root = std::sqrt(double(sample[i]) - double(sample[i - 1]));
            measure[i] = measure[i - 1] + rounded(root * std::sqrt(std::sqrt(root)));
        }
        const auto negatives =
            static_cast<std::size_t>(std::lower_bound(sample.begin(), sample.end(), 0.0f) - sample.begin());
        const auto [least, greatest] = extremes(x);
        const bool both_signs = least < 0 && greatest >= 0;
        std::size_t below = greatest < 0 ? level.size() : 0;
        if (both_signs) {
            const double share = negatives == 0 || measure.back() == 0 ? 0 : measure[negatives - 1] / measure.back();
            below = std::clamp<std::size_t>(static_cast<std::size_t>(share * static_cast<double>(level.size()) + 0.5),
                                            1, level.size() - 1);
        }
        spread(sample.first(negatives), measure.first(negatives), least, level.first(below));
        spread(sample.subspan(negatives), measure.subspan(negatives), greatest, level.subspan(below));
        for (std::size_t j = 0; j + 1 < level.size(); ++j) {
            boundary[j] = both_signs && j + 1 == below ? 0.0f : midpoint(level[j], level[j + 1]);
        }
    }
    //! Levels at even steps of `measure`, between the elements of the sorted sample; `otherwise` if there are none.
    static void spread(std::span<const float> sorted, std::span<const double> measure, float otherwise,
                       std::span<float> level) {
        for (std::size_t j = 0; j < level.size(); ++j) {
            if (sorted.empty()) {
                level[j] = otherwise;
                continue;
            }
            const double part = (static_cast<double>(j) + 0.5) / static_cast<double>(level.size());
            const double at = multiply_add(measure.back() - measure.front(), part, measure.front());
            const auto above = std::upper_bound(measure.begin(), measure.end(), at);
            if (above == measure.end() || above == measure.begin()) {
                level[j] = sorted.back();
                continue;
            }
            const auto i = static_cast<std::size_t>(above - measure.begin());
            const double position = (at - measure[i - 1]) / (measure[i] - measure[i - 1]);
            level[j] = static_cast<float>(
                multiply_add(double(sorted[i]) - double(sorted[i - 1]), position, double(sorted[i - 1])));
        }
    }
};

//! The levels of least squared error for normal elements (Max 1960), times one scale for the vector: EDEN behind a
//! rotation (Vargaftik et al. 2022), DRIVE with two levels.
//!
//! scale: least_squares: <x, q> / ||q||^2, of least error for these cells; or projection: ||x||^2 / <x, q>, for which
//! <x, C(x)> = ||x||^2: unbiased behind a uniformly random rotation, and nearly so behind `hadamard`, whose errors of n
//! senders therefore average out as 1 / n. Behind a rotation the squared error of 2, 4, 8, 16 levels is 0.363, 0.117,
//! 0.0345, 0.0095 of ||x||^2, with projection 0.571, 0.133, 0.0358, 0.0096.
struct normal_levels {
    enum class scaling { least_squares, projection };
    int levels = 4;
    scaling scale = scaling::least_squares;

    static constexpr auto describe() {
        return describes("normal_levels", "the best levels for a normal distribution, behind a rotation (EDEN)",
                         option("levels", &normal_levels::levels, "2, 4, 8 or 16").from(2).to(16),
                         option("scale", &normal_levels::scale, "least error, or unbiased behind a rotation")
                             .one_of("least_squares", "projection"));
    }
    std::size_t size() const { return static_cast<std::size_t>(levels); }
    void fit(std::span<const float> x, std::span<float> level, std::span<float> boundary) const {
        const double squares = kernels::sum_squares(x);
        const double deviation = x.empty() ? 0 : std::sqrt(squares / static_cast<double>(x.size()));
        for (std::size_t j = 0; j + 1 < level.size(); ++j) {
            boundary[j] = static_cast<float>(deviation * (normal(j) + normal(j + 1)) / 2);
        }
        std::array<detail::sum_and_count, max_codebook_levels> cells;
        detail::sum_cells<4>(x, boundary, std::span(cells).first(level.size()));
        double product = 0;
        double norm = 0;
        for (std::size_t j = 0; j < level.size(); ++j) {
            product = multiply_add(normal(j), cells[j].sum, product);
            norm = multiply_add(normal(j) * normal(j), static_cast<double>(cells[j].count), norm);
        }
        const double factor = !(product > 0) ? 0 : scale == scaling::least_squares ? product / norm : squares / product;
        for (std::size_t j = 0; j < level.size(); ++j) {
            level[j] = static_cast<float>(normal(j) * factor);
        }
        detail::checked_norm(double(level.back()), x);
    }
    //! All elements in cells of their own sign: <x, q> >= least level ||x||_1, and ||q||^2 <= n times the largest
    //! squared.
    double contraction(std::size_t n) const {
        const double least = normal(size() / 2);
        const double largest = normal(size() - 1);
        return scale == scaling::least_squares ? least * least / (largest * largest * static_cast<double>(n)) : 0;
    }
    void validate() const {
        validate_described(*this);
        expect(levels == 2 || levels == 4 || levels == 8 || levels == 16,
               "normal_levels: there are 2, 4, 8 or 16 of them");
    }
    std::string name() const { return described_name(*this); }

private:
    double normal(std::size_t j) const {
        static constexpr std::array<double, 15> positive{
            0.797884561,  // of 2 levels
            0.452780035, 1.510417608, 0.245094179, 0.756005281, 1.343909279, 2.151945705, 0.128395030,
            0.388048299, 0.656759119, 0.942340456, 1.256231197, 1.618046386, 2.069017227, 2.732589571};
        const std::size_t half = size() / 2;
        return j >= half ? positive[half - 1 + (j - half)] : -positive[half - 1 + (half - 1 - j)];
    }
};

//! C(x)_i = the level of x_i's cell. Payload: per bucket K levels (32 bits each), then all symbols by the coder.
//!
//! bucket: coordinates that share a codebook, such as a column of a layer in the original 1-bit SGD; 0 means all.
//! Biased. With levels that are class means a contraction of at least 1/bucket: error^2 = ||x||^2 - sum of (class
//! sum)^2 / (class size); of another codebook what its contraction(n) says. Borrows O(d) bytes; stateless.
template <Codebook B, Coder C = packed>
class codebook_compressor : public message_interface<codebook_compressor<B, C>> {
public:
    static constexpr bool unbiased = false;
    static constexpr auto describe() {
        return describes("codebook", "levels made from the vector and sent with it; with error feedback",
                         part("codebook", &codebook_compressor::codebook_, "how the levels are chosen"),
                         part("coder", &codebook_compressor::coder_, "of the symbols").otherwise("packed"),
                         part("bucket", &codebook_compressor::bucket_, "coordinates that share levels; 0 for all")
                             .from(0)
                             .to(static_cast<double>(1ull << 48))
                             .otherwise("0")
                             .unless_default());
    }

    explicit codebook_compressor(B codebook, C coder = {}, std::size_t bucket = 0)
        : codebook_(std::move(codebook)), coder_(std::move(coder)), bucket_(bucket) {
        if constexpr (requires { codebook_.validate(); }) {
            codebook_.validate();
        }
        expect(codebook_.size() >= 2 && codebook_.size() <= max_codebook_levels,
               "a codebook must have 2 to 256 levels");
    }

    const B& codebook() const { return codebook_; }
    const C& coder() const { return coder_; }
    std::string name() const { return described_name(*this); }
    double contraction(std::size_t d) const {
        if constexpr (requires { codebook_.contraction(d); }) {
            return codebook_.contraction(bucket_length(d));
        } else {
            return 1 / static_cast<double>(bucket_length(d));
        }
    }

    std::size_t granule() const { return bucket_; }

    void encode(std::span<const float> x, random_key, payload_writer& w) const { encode_to(x, w, {}); }
    void encode(std::span<const float> x, random_key, payload_writer& w, std::span<float> echo) const {
        encode_to(x, w, echo);
    }
    void decode(payload_reader& r, random_key, std::span<float> y) const {
        read(r, y.size(), [&](std::size_t i, float value) { y[i] = value; });
    }
    void decode_add(payload_reader& r, random_key, float weight, std::span<float> acc) const {
        read(r, acc.size(), [&](std::size_t i, float value) { acc[i] = multiply_add(weight, value, acc[i]); });
    }

private:
    //! At least 1, also for an empty vector.
    std::size_t bucket_length(std::size_t d) const {
        return std::max<std::size_t>(1, bucket_ == 0 ? d : std::min(bucket_, d));
    }

    void encode_to(std::span<const float> x, payload_writer& w, std::span<float> echo) const {
        detail::checked_norm(kernels::max_abs(x), x);
        const std::size_t size = codebook_.size();
        std::array<float, max_codebook_levels> level_storage;
        std::array<float, max_codebook_levels> boundary_storage;
        const std::span<float> levels(level_storage.data(), size);
        const std::span<float> boundaries(boundary_storage.data(), size - 1);
        const auto symbols = borrow<std::uint8_t>(x.size());
        const std::size_t b = bucket_length(x.size());
        for (std::size_t at = 0; at < x.size(); at += b) {
            const auto part = x.subspan(at, std::min(b, x.size() - at));
            if constexpr (requires { codebook_.fit_bucket(part, levels, boundaries); }) {
                bucket_ > 0 ? codebook_.fit_bucket(part, levels, boundaries) : codebook_.fit(part, levels, boundaries);
            } else {
                codebook_.fit(part, levels, boundaries);
            }
            for (const float level : levels) {
                w.number(level);
            }
            detail::find_cells(part, boundaries, symbols.data() + at);
            if (!echo.empty()) {
                std::transform(symbols.data() + at, symbols.data() + at + part.size(), echo.data() + at,
                               [&](std::uint8_t s) { return levels[s]; });
            }
        }
        coder_.encode(std::span<const std::uint8_t>(symbols), size, w);
    }
    template <class Use>
    void read(payload_reader& r, std::size_t d, Use use) const {
        const std::size_t size = codebook_.size();
        const std::size_t b = bucket_length(d);
        const std::size_t buckets = (d + b - 1) / b;
        expect_message(buckets <= r.remaining_bits() / (32 * size),
                       "the message ends before its content: it was truncated; send it again");
        const auto levels = borrow<float>(buckets * size);
        for (float& level : levels) {
            level = r.number();
        }
        const auto symbols = borrow<std::uint8_t>(d);
        coder_.decode(r, size, std::span<std::uint8_t>(symbols));
        for (std::size_t at = 0, k = 0; at < d; at += b, ++k) {
            const float* level = levels.data() + k * size;
            for (std::size_t i = at; i < std::min(at + b, d); ++i) {
                use(i, level[symbols[i]]);
            }
        }
    }

    B codebook_;
    C coder_;
    std::size_t bucket_;
};

}  // namespace frugal
