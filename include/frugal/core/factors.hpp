//! Gradients as the factors that the backward pass meets: a dense layer's is a sum of outer products, one a sample; a
//! convolution's, one a sample and place.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/unfolding.hpp>

namespace frugal {

//! The shape of a gradient G, rows x columns, and of its factors: for each of so many samples a vector of inputs and
//! one of errors. Of a convolution: the images it unfolds, and the errors of all places, filter by filter.
struct factor_shape {
    std::size_t samples = 0;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::optional<unfolding> images{};

    constexpr std::size_t size() const { return rows * columns; }
    //! Numbers of a sample's factors.
    constexpr std::size_t inputs() const { return images ? images->size() : columns; }
    constexpr std::size_t errors() const { return rows * places(); }
    //! Are all factors together at most so many numbers?
    constexpr bool at_most(std::size_t numbers) const {
        return samples > 0 && inputs() <= numbers && places() <= numbers / rows &&
               samples <= numbers / (inputs() + errors());
    }
    //! Are they fewer numbers than G?
    constexpr bool is_smaller() const { return size() > 0 && at_most(size() - 1); }

private:
    constexpr std::size_t places() const { return images ? images->places() : 1; }
};

//! G = errors' inputs: the sum over the samples of (errors of the outputs) (inputs)'; of a convolution, the sum over
//! samples and places of (errors of the filters there) (what the window shows there)'. The weight of a sample, such as
//! 1 / samples, is in its errors. Rows of both are samples; each sample's errors of a convolution are filters x places.
template <class T>
struct basic_factor_pair {
    std::size_t samples = 0;
    std::span<const T> inputs;
    std::span<const T> errors;
    std::optional<unfolding> images{};

    factor_shape shape() const {
        const std::size_t per_sample = errors.size() / samples;
        return images ? factor_shape{samples, per_sample / images->places(), images->patch(), images}
                      : factor_shape{samples, per_sample, inputs.size() / samples, {}};
    }
    //! Throws `invalid_input` unless both factors have a row of the right length for each sample, and none is empty.
    void validate() const {
        expect(samples > 0, "a pair of factors needs at least one sample");
        const std::size_t multiple = images && images->valid() ? images->places() : 1;
        expect(!inputs.empty() && !errors.empty() && inputs.size() % samples == 0 &&
                   errors.size() % (samples * multiple) == 0,
               "the factors of a gradient must both have a row for each sample");
        expect(!images || (images->valid() && inputs.size() == samples * images->size()),
               "the images of a convolution have another shape than its factors");
    }
};
using factor_pair = basic_factor_pair<float>;

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
    bool wants(std::size_t rows, std::size_t columns) const {
        return factor_shape{samples_, rows, columns, {}}.is_smaller();
    }
    bool wants(std::size_t filters, const unfolding& images) const {
        return factor_shape{samples_, filters, images.patch(), images}.is_smaller();
    }
    //! Takes a block's factors of the tensor whose gradient starts at `gradient`.
    void take(const T* gradient, std::span<const T> inputs, std::span<const T> errors,
              const std::optional<unfolding>& images = {}) {
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
            found->images = images;
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
        return e == nullptr ? basic_factor_pair<T>{} : basic_factor_pair<T>{samples_, e->inputs, e->errors, e->images};
    }

private:
    struct entry {
        std::size_t offset = 0;
        std::optional<unfolding> images;
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

//! What sends gradients and may need their factors: asked by `takes_factors()`, and given those of the next gradient by
//! `take(record)`, which must live until that is sent.
template <class T>
concept FactorTaker = requires(T& t, const T& ct, const factor_record& record) {
    { ct.takes_factors() } -> std::same_as<bool>;
    t.take(record);
};

//! Of an exchange, what must be given the factors: itself, or what it encodes with.
template <FactorTaker E>
E& factor_taker(E& exchange) {
    return exchange;
}
template <class E>
    requires(!FactorTaker<E>) && FactorTaker<std::remove_reference_t<decltype(std::declval<E&>().sender())>>
auto& factor_taker(E& exchange) {
    return exchange.sender();
}

//! An exchange that may send gradients as factors.
template <class E>
concept TakesFactors = requires(E& exchange) { factor_taker(exchange); };

}  // namespace frugal
