//! Gradients as the factors that the backward pass meets: a dense layer's is a sum of outer products, one a sample.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include <frugal/core/error.hpp>

namespace frugal {

//! G = errors' inputs, an outputs x inputs matrix: the sum over the samples of (error of its outputs) (its inputs)'.
//! inputs: samples x n, errors: samples x m, row by row. The weight of a sample, such as 1 / samples, is in its errors.
template <class T>
struct basic_factor_pair {
    std::size_t samples = 0;
    std::span<const T> inputs;
    std::span<const T> errors;

    std::size_t columns() const { return inputs.size() / samples; }
    std::size_t rows() const { return errors.size() / samples; }
    //! Elements of G.
    std::size_t size() const { return rows() * columns(); }

    //! Throws `invalid_input` unless both factors are matrices of so many rows, neither empty.
    void validate() const {
        expect(samples > 0, "a pair of factors needs at least one sample");
        expect(!inputs.empty() && !errors.empty() && inputs.size() % samples == 0 && errors.size() % samples == 0,
               "the factors of a gradient must both have a row for each sample");
    }
};
using factor_pair = basic_factor_pair<float>;

//! Are the factors of a rows x columns gradient fewer numbers than the gradient?
constexpr bool factors_are_fewer(std::size_t samples, std::size_t rows, std::size_t columns) {
    return samples < rows && samples * (rows + columns) < rows * columns;
}

//! What layers leave during a backward pass instead of the gradients of their weights. Blocks of samples are joined.
//! Its memory is used again after `clear`.
template <class T>
class basic_factor_record {
public:
    //! `samples`: of all blocks together. first: of the gradient, whose elements say which tensor is meant.
    void clear(std::size_t samples, const T* first) {
        samples_ = samples;
        first_ = first;
        used_ = 0;
    }
    std::size_t samples() const { return samples_; }
    //! Should a layer leave factors of a gradient of that shape? Where they are fewer numbers.
    bool wants(std::size_t rows, std::size_t columns) const { return factors_are_fewer(samples_, rows, columns); }
    //! Takes a block's factors of the tensor whose gradient starts at `gradient`.
    void take(const T* gradient, std::span<const T> inputs, std::span<const T> errors) {
        const auto offset = static_cast<std::size_t>(gradient - first_);
        entry* found = nullptr;
        for (std::size_t i = 0; i < used_; ++i) {
            found = entries_[i].offset == offset ? &entries_[i] : found;
        }
        if (found == nullptr) {
            if (used_ == entries_.size()) {
                entries_.emplace_back();
            }
            found = &entries_[used_++];
            found->offset = offset;
            found->inputs.clear();
            found->errors.clear();
        }
        found->inputs.insert(found->inputs.end(), inputs.begin(), inputs.end());
        found->errors.insert(found->errors.end(), errors.begin(), errors.end());
    }
    //! Are there factors of the tensor at that place of the parameters?
    bool has(std::size_t offset) const { return find(offset) != nullptr; }
    //! They; without samples if there are none.
    basic_factor_pair<T> at(std::size_t offset) const {
        const entry* e = find(offset);
        return e == nullptr ? basic_factor_pair<T>{} : basic_factor_pair<T>{samples_, e->inputs, e->errors};
    }

private:
    struct entry {
        std::size_t offset = 0;
        std::vector<T> inputs;
        std::vector<T> errors;
    };
    const entry* find(std::size_t offset) const {
        const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(used_);
        const auto found = std::find_if(entries_.begin(), end, [&](const entry& e) { return e.offset == offset; });
        return found == end ? nullptr : &*found;
    }

    std::vector<entry> entries_;
    std::size_t used_ = 0;
    std::size_t samples_ = 0;
    const T* first_ = nullptr;
};
using factor_record = basic_factor_record<float>;

}  // namespace frugal
