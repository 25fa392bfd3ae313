//! `mean`: the weighted average of what is added, in one vector of memory.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/kernels/elementwise.hpp>

namespace frugal {

//! result = sum of weight_i y_i / sum of weight_i. Messages are decoded straight into the sum: O(d) memory and time.
//! Terms are added in the order of the calls; add in node order for results that do not depend on arrival.
class mean {
public:
    static constexpr auto describe() { return describes("mean", "the weighted average"); }
    std::string name() const { return described_name(*this); }

    void reset(std::size_t d) {
        sum_.assign(d, 0.0f);
        weight_ = 0;
    }
    void add(std::span<const float> y, float weight) {
        expect(y.size() == sum_.size(), "mean: a vector's length differs from the dimension given to reset");
        count(weight);
        kernels::axpy(weight, y, sum_);
    }
    template <Compressor C>
    void add(const C& compressor, const message& m, random_key k, float weight) {
        compressor.decompress_add(m, k, weight, sum_);
        count(weight);
    }
    //! Adds what another mean of the same dimension was given.
    void merge(const mean& other) {
        expect(other.sum_.size() == sum_.size(), "mean: only means of one dimension can be merged");
        kernels::add(sum_, other.sum_, sum_);
        weight_ += other.weight_;
    }
    void result(std::span<float> out) const {
        expect(out.size() == sum_.size(), "mean: the output's length differs from the dimension given to reset");
        expect(weight_ > 0, "mean: nothing of positive weight was added since reset");
        kernels::scale(1.0f / weight_, sum_, out);
    }

private:
    void count(float weight) {
        expect(weight >= 0 && weight - weight == 0, "mean: weights must be finite and not negative");
        weight_ += weight;
    }
    std::vector<float> sum_;
    float weight_ = 0;
};

//! The same; its weights are meant to differ (sample counts, say).
using weighted_mean = mean;

}  // namespace frugal
