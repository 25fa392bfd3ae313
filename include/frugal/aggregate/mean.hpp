//! `mean`: the weighted average of what is added, in one vector of memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <frugal/aggregate/contribution.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {

//! result = sum of weight_i y_i / sum of weight_i. Messages are decoded straight into the sum: O(d) memory and time.
//! Terms are added in the order of the calls; add in node order for results that do not depend on arrival.
class mean {
public:
    static constexpr bool coordinatewise = true;
    static constexpr auto describe() { return describes("mean", "the weighted average"); }
    std::string name() const { return described_name(*this); }

    void reset(std::size_t d) {
        sum_.assign(d, 0.0f);
        weight_ = 0;
        guard_.reset();
    }
    void add(std::span<const float> y, float weight) {
        expect(y.size() == sum_.size(), "mean: a vector's length differs from the dimension given to reset");
        expect_weight(weight);
        guard_.expect_whole();
        kernels::axpy(weight, y, sum_);
        weight_ += weight;
    }
    //! Throws `invalid_input` for a message that only side information decodes.
    template <Compressor C>
    void add(const C& compressor, const message& m, random_key k, float weight) {
        expect_weight(weight);
        expect_decodable_alone(compressor, k);
        guard_([&] { compressor.decompress_add(m, k, weight, sum_); });
        weight_ += weight;
    }
    //! Adds what another mean of the same dimension was given.
    void merge(const mean& other) {
        expect(other.sum_.size() == sum_.size(), "mean: only means of one dimension can be merged");
        other.guard_.expect_whole();
        kernels::add(sum_, other.sum_, sum_);
        weight_ += other.weight_;
    }
    //! Throws `invalid_input` where the sum exceeds the range of float: weights that add up to 1 keep it inside.
    void result(std::span<float> out) const {
        expect(out.size() == sum_.size(), "mean: the output's length differs from the dimension given to reset");
        result_of(std::span(this, 1), 0, out);
    }
    //! out <- the coordinates from `first` on of the result after all means, the of(part) of some parts of one
    //! dimension, were merged in order. Throws as `result`.
    template <class Part, class Of = std::identity>
    static void result_of(std::span<const Part> parts, std::size_t first, std::span<float> out, Of of = {}) {
        float weight = 0;
        for (const Part& part : parts) {
            const mean& m = of(part);
            expect(out.size() <= m.sum_.size() && first <= m.sum_.size() - out.size(),
                   "mean: the output ends behind the dimension given to reset");
            m.guard_.expect_whole();
            weight += m.weight_;
        }
        expect(weight > 0, "mean: nothing of positive weight was added since reset");
        constexpr std::size_t piece = 4096;  // so that all passes but the first find it in the cache
        for (std::size_t at = 0; at < out.size(); at += piece) {
            const std::span<float> y = out.subspan(at, std::min(piece, out.size() - at));
            const auto sum_of = [&](const Part& part) {
                return std::span<const float>(of(part).sum_).subspan(first + at, y.size());
            };
            std::span<const float> sum = sum_of(parts[0]);
            for (const Part& part : parts.subspan(1)) {
                kernels::add(sum, sum_of(part), y);
                sum = y;
            }
            kernels::scale(1.0f / weight, sum, y);
            expect(is_finite(kernels::max_abs(y)),
                   "mean: the sum of what was added exceeds the range of float: give weights that add up to 1");
        }
    }
    //! Of all that was added.
    float weight() const { return weight_; }

private:
    std::vector<float> sum_;
    float weight_ = 0;
    add_guard guard_;
};

//! The same; its weights are meant to differ (sample counts, say).
using weighted_mean = mean;

}  // namespace frugal
