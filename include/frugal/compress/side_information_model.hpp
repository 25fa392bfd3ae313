//! `side_information_model`: how likely a dithered symbol is, given what others sent.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/exact_math.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/philox.hpp>
#include <frugal/kernels/quantize.hpp>
#include <frugal/quantize/dithered.hpp>

namespace frugal {

//! Learns from the symbols of a group of senders what those of another sender will be (Abdi 2020, sec. 2.3.2).
//!
//! A sender's index is q = round(x / step + u). Let y be the mean of the others, t = a y / step + u. Subtractive dither
//! makes P(q = j | t) = f(j - t), where f is the density of q - t = (x - a y) / step - (error of the quantizer): one
//! function for all t, so it is learned from histograms of q - t in eighths of a step, each member of the group against
//! the mean of the rest. Coordinates are told apart by how large the others' symbols are there and nearby; a, the
//! regression of x on y, and f are learned for each such class.
//!
//! Symbols q + levels are told bit by bit, the lowest first: P(bit | lower bits, t). Integers and exact logarithms
//! only: the same on every machine. Learning takes O(n d) time for n members, d coordinates, and O(d) memory.
class side_information_model {
public:
    static constexpr int most_levels = 31;
    //! What the message of one member of the group decoded to.
    struct sender {
        std::span<const std::uint8_t> symbols;  //!< q + levels
        std::span<const float> steps;           //!< of each bucket
        random_key key;                         //!< of the dither
    };

    //! bucket: coordinates that share a step, at least 1. group: at least two senders of one length.
    side_information_model(int levels, std::size_t bucket, std::span<const sender> group)
        : levels_(levels), bucket_(bucket), planes_(bits_for(static_cast<std::uint64_t>(2 * levels + 1))) {
        expect(levels >= 1 && levels <= most_levels, "side_information_model: levels must be from 1 to 31");
        expect(group.size() >= 2,
               "side_information_model: one learns what two senders have in common from two or more");
        sum(group);
        learn(group);
        tabulate();
    }

    //! Bits of a symbol.
    unsigned planes() const { return planes_; }

    //! What is known of each coordinate of a sender that is none of the group: a number for the functions below.
    void places(std::span<const float> steps, random_key key, std::span<std::uint32_t> out) const {
        const auto u = borrow<float>(out.size());
        kernels::random_centered(random_stream(key), 0, out.size(), u.data());
        for_buckets(out.size(), [&](std::size_t first, std::size_t n, std::size_t b) {
            const float inverse = inverse_of(steps[b], members_);
            for (std::size_t i = first; i < first + n; ++i) {
                const std::size_t c = class_of(activity_[i], members_);
                out[i] = static_cast<std::uint32_t>(c * offsets() + offset_of(shrink_[c], sum_[i], inverse, u[i]));
            }
        });
    }
    //! Entropy of a plane given the lower ones, in bits a coordinate: the mean over the places.
    double entropy(std::span<const std::uint32_t> places, unsigned plane) const {
        std::vector<std::uint32_t> count(classes * offsets());
        for (const std::uint32_t p : places) {
            ++count[p];
        }
        double total = 0;
        for (std::size_t p = 0; p < count.size(); ++p) {
            total += rounded(count[p] * entropies_[p * planes_ + plane]);
        }
        return total / static_cast<double>(places.size());
    }
    //! log(P(0) / P(1)) of a bit, in sixteenths; lower: the bits below it, already known.
    std::int16_t likelihood(std::uint32_t place, unsigned plane, unsigned lower) const {
        return likelihoods_[(std::size_t{place} << planes_) + (std::size_t{1} << plane) + lower];
    }

private:
    static constexpr std::size_t classes = 16;
    static constexpr std::int16_t certain = 320;

    int levels_;
    std::size_t bucket_;
    unsigned planes_;
    std::size_t members_ = 0;
    std::vector<float> sum_;               // of what the group's messages decode to
    std::vector<std::uint32_t> activity_;  // of the group, in the neighbourhood of each coordinate
    std::array<float, classes> shrink_{};
    std::vector<std::uint32_t> histogram_;  // by class, then by eighths of q - t
    std::vector<std::int16_t> likelihoods_;
    std::vector<double> entropies_;

    //! f(first, n, b): for the n coordinates of bucket b, the first of which is number `first`.
    template <class F>
    void for_buckets(std::size_t d, F f) const {
        for (std::size_t first = 0, b = 0; first < d; first += bucket_, ++b) {
            f(first, std::min(bucket_, d - first), b);
        }
    }
    //! What the sum of so many senders is divided by to be their mean in steps.
    static float inverse_of(float step, std::size_t senders) {
        return step > 0 ? 1.0f / (step * static_cast<float>(senders)) : 0.0f;
    }
    //! t in eighths, from -8 (levels + 1) to 8 (levels + 1).
    std::size_t offsets() const { return static_cast<std::size_t>(16 * (levels_ + 1) + 1); }
    std::size_t offset_of(float shrink, float y, float inverse_step, float u) const {
        const float t = rounded(rounded(shrink * y) * inverse_step) + u;
        const auto most = static_cast<float>(8 * (levels_ + 1));
        return static_cast<std::size_t>(std::floor(8 * std::clamp(t, -most / 8, most / 8)) + most);
    }
    std::size_t differences() const { return static_cast<std::size_t>(16 * (2 * levels_ + 1) + 2); }
    //! Of index q and the offset of t: an eighth of a step that q - t lies in. -(q - t) lies in mirrored(...).
    std::size_t difference(int q, std::size_t offset) const {
        return static_cast<std::size_t>(8 * q - static_cast<int>(offset) + 8 * (levels_ + 1) + 8 * (2 * levels_ + 1));
    }
    std::size_t mirrored(std::size_t difference) const { return differences() - 1 - difference; }
    //! activity: of so many senders.
    static std::size_t class_of(std::uint32_t activity, std::size_t senders) {
        return std::min<std::size_t>(std::bit_width(16 * activity / senders), classes - 1);
    }
    //! add(i, a): a sender's magnitudes around coordinate i, its own counted twice.
    template <class Add>
    void activity_of(const sender& s, Add add) const {
        const auto d = static_cast<std::ptrdiff_t>(s.symbols.size());
        const auto magnitude = [&](std::ptrdiff_t i) -> std::uint32_t {
            return i < 0 || i >= d
                       ? 0u
                       : static_cast<std::uint32_t>(std::abs(int{s.symbols[static_cast<std::size_t>(i)]} - levels_));
        };
        std::uint32_t near = magnitude(0) + magnitude(1);
        for (std::ptrdiff_t i = 0; i < d; ++i) {
            near += magnitude(i + 2);
            add(static_cast<std::size_t>(i), near + magnitude(i));
            near -= magnitude(i - 2);
        }
    }
    void decode(const sender& s, std::span<float> y) const {
        for_buckets(y.size(), [&](std::size_t first, std::size_t n, std::size_t b) {
            kernels::reconstruct(dithered{levels_}, s.symbols.data() + first, s.steps[b], random_stream(s.key), first,
                                 y.subspan(first, n));
        });
    }
    void sum(std::span<const sender> group) {
        const std::size_t d = group[0].symbols.size();
        members_ = group.size();
        sum_.assign(d, 0.0f);
        activity_.assign(d, 0);
        const auto decoded = borrow<float>(d);
        for (const sender& s : group) {
            expect(s.symbols.size() == d && s.steps.size() == (d + bucket_ - 1) / bucket_,
                   "side_information_model: senders' vectors differ in length");
            decode(s, decoded);
            kernels::add(sum_, decoded, sum_);
            activity_of(s, [&](std::size_t i, std::uint32_t a) { activity_[i] += a; });
        }
    }
    //! use(i, class, sum of the others) for each coordinate of one of the group.
    template <class Use>
    void against_others(const sender& s, std::span<const float> decoded, Use use) const {
        activity_of(s, [&](std::size_t i, std::uint32_t own) {
            use(i, class_of(activity_[i] - own, members_ - 1), sum_[i] - decoded[i]);
        });
    }
    void learn(std::span<const sender> group) {
        const std::size_t d = sum_.size();
        const auto decoded = borrow<float>(d);
        const auto u = borrow<float>(d);
        const auto others = static_cast<float>(members_ - 1);
        std::array<double, classes> product{}, square{};
        for (const sender& s : group) {
            decode(s, decoded);
            against_others(s, decoded, [&](std::size_t i, std::size_t c, float y) {
                product[c] += static_cast<double>(y) * static_cast<double>(decoded[i]);
                square[c] += static_cast<double>(y) * static_cast<double>(y);
            });
        }
        for (std::size_t c = 0; c < classes; ++c) {  // relative to the mean of the others, not to their sum
            shrink_[c] =
                square[c] > 0 ? std::clamp(static_cast<float>(product[c] / square[c]) * others, 0.0f, 1.5f) : 1.0f;
        }
        histogram_.assign(classes * differences(), 0);
        for (const sender& s : group) {
            decode(s, decoded);
            kernels::random_centered(random_stream(s.key), 0, d, u.data());
            against_others(s, decoded, [&](std::size_t i, std::size_t c, float y) {
                const float inverse = inverse_of(s.steps[i / bucket_], members_ - 1);
                const std::size_t offset = offset_of(shrink_[c], y, inverse, u[i]);
                ++histogram_[c * differences() + difference(int{s.symbols[i]} - levels_, offset)];
            });
        }
    }
    void tabulate() {
        const std::size_t n = differences(), symbols = static_cast<std::size_t>(2 * levels_ + 1);
        std::vector<double> of_all(n, 0.0);
        double total = 0;
        for (std::size_t c = 0; c < classes; ++c) {
            for (std::size_t b = 0; b < n; ++b) {
                of_all[b] += histogram_[c * n + b] + histogram_[c * n + mirrored(b)];
                total += 2 * histogram_[c * n + b];
            }
        }
        likelihoods_.assign(classes * offsets() << planes_, 0);
        entropies_.assign(classes * offsets() * planes_, 0);
        std::vector<double> p(std::size_t{1} << planes_);
        for (std::size_t c = 0; c < classes; ++c) {
            for (std::size_t offset = 0; offset < offsets(); ++offset) {
                std::ranges::fill(p, 0.0);
                for (std::size_t s = 0; s < symbols; ++s) {
                    const std::size_t b = difference(static_cast<int>(s) - levels_, offset);
                    p[s] = histogram_[c * n + b] + histogram_[c * n + mirrored(b)] +  // f is symmetric
                           rounded(64 * of_all[b] / total) + 0.05;  // few counts: as elsewhere, and never impossible
                }
                describe_place(c * offsets() + offset, p);
            }
        }
    }
    //! p: weights of the symbols.
    void describe_place(std::size_t place, std::span<const double> p) {
        const auto weight = [&](unsigned plane, unsigned bits) {  // of the symbols whose lowest `plane` bits are these
            double sum = 0;
            for (std::size_t s = bits; s < p.size(); s += std::size_t{1} << plane) {
                sum += p[s];
            }
            return sum;
        };
        const double all = weight(0, 0);
        for (unsigned plane = 0; plane < planes_; ++plane) {
            for (unsigned lower = 0; lower < 1u << plane; ++lower) {
                const double zero = weight(plane + 1, lower), one = weight(plane + 1, lower + (1u << plane));
                const double log_ratio = exact_log(std::max(zero, 1e-9)) - exact_log(std::max(one, 1e-9));
                likelihoods_[(place << planes_) + (std::size_t{1} << plane) + lower] = static_cast<std::int16_t>(
                    std::clamp(std::floor(rounded(16 * log_ratio) + 0.5), -double(certain), double(certain)));
                const auto part = [&](double w) {
                    return w > 0 ? -w / all * exact_log(w / (zero + one)) / exact_log(2.0) : 0.0;
                };
                entropies_[place * planes_ + plane] += rounded(part(zero)) + rounded(part(one));
            }
        }
    }
};

}  // namespace frugal
