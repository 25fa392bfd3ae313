//! What every objective over samples checks and repeats: which samples a batch means, and the softmax loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact_math.hpp>

namespace frugal {

//! A batch resolved against a data set: sample k < size() of it; an empty list means all samples, in order.
class resolved_batch {
public:
    //! Throws `invalid_input` naming the first sample that is not below `samples`, or if there are none at all.
    resolved_batch(sample_indices batch, std::size_t samples)
        : batch_(batch), size_(batch.empty() ? samples : batch.size()) {
        expect(samples > 0, "an objective needs at least one sample: its data set is empty");
        for (const std::uint32_t i : batch) {
            expect(i < samples, [&] {
                return "sample " + std::to_string(i) + " of a batch does not exist: the data set has " +
                       std::to_string(samples);
            });
        }
    }
    std::size_t size() const { return size_; }
    std::size_t operator[](std::size_t k) const { return batch_.empty() ? k : batch_[k]; }
    //! Whether sample k + 1 follows sample k in memory.
    bool contiguous() const { return batch_.empty(); }

private:
    sample_indices batch_;
    std::size_t size_;
};

namespace detail {

inline void expect_size(std::size_t got, std::size_t expected, const char* what) {
    expect(got == expected, [&] {
        return std::string(what) + " must have " + std::to_string(expected) + " elements, but has " +
               std::to_string(got);
    });
}

}  // namespace detail

//! Cross entropy of one sample's softmax: -log(e^scores[label] / sum_c e^scores[c]), and its derivative by the scores.
//!
//! derivative[c] = weight (p_c - [c = label]), where p is the softmax; left out if `derivative` is null; it may be
//! `scores`. Stable for scores of any size; the same bits on every machine. Not finite if a score is not.
template <class Score>
double softmax_cross_entropy(const Score* scores, std::size_t classes, std::size_t label, double weight,
                             float* derivative) {
    double largest = static_cast<double>(scores[0]);
    for (std::size_t c = 1; c < classes; ++c) {
        const double s = static_cast<double>(scores[c]);
        largest = s > largest || !(s == s) ? s : largest;
    }
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) {
        sum += exact_exp(static_cast<double>(scores[c]) - largest);
    }
    const double loss = exact_log(sum) + (largest - static_cast<double>(scores[label]));
    if (derivative != nullptr) {
        const double scale = weight / sum;
        for (std::size_t c = 0; c < classes; ++c) {
            const double p = rounded(scale * exact_exp(static_cast<double>(scores[c]) - largest));
            derivative[c] = static_cast<float>(c == label ? p - weight : p);
        }
    }
    return loss;
}

}  // namespace frugal
