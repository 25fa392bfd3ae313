//! Which samples a batch means: what every objective over samples checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>

namespace frugal {

//! A batch resolved against a data set: sample k < size() of it; an empty list means all samples, in order.
class resolved_batch {
public:
    //! Throws `invalid_input` naming the first sample that is not below `samples`, or if there are none at all.
    resolved_batch(sample_indices batch, std::size_t samples)
        : batch_(batch), size_(batch.empty() ? samples : batch.size()), first_(batch.empty() ? 0 : batch[0]) {
        expect(samples > 0, "an objective needs at least one sample: its data set is empty");
        for (std::size_t k = 0; k < batch.size(); ++k) {
            expect(batch[k] < samples, [&] {
                return "sample " + std::to_string(batch[k]) + " of a batch does not exist: the data set has " +
                       std::to_string(samples);
            });
            contiguous_ = contiguous_ && batch[k] == first_ + k;
        }
    }
    std::size_t size() const { return size_; }
    std::size_t operator[](std::size_t k) const { return batch_.empty() ? k : batch_[k]; }
    //! Whether sample k + 1 of the batch is the one behind sample k in the data set, for all k.
    bool contiguous() const { return contiguous_; }

private:
    sample_indices batch_;
    std::size_t size_;
    std::size_t first_;
    bool contiguous_ = true;
};

namespace detail {

inline void expect_size(std::size_t got, std::size_t expected, const char* what) {
    expect(got == expected, [&] {
        return std::string(what) + " must have " + std::to_string(expected) + " elements, but has " +
               std::to_string(got);
    });
}

}  // namespace detail

}  // namespace frugal
