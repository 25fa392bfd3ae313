//! A data set in memory: feature vectors with labels (classification) or targets (regression).
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/core/error.hpp>

namespace frugal {

//! Samples of `dimension()` floats, each with a label. Immutable and cheap to copy: copies share the memory, so every
//! node of a simulation may hold one, in any thread.
//!
//! features(): row major, size() x dimension(). labels(): size() class numbers below classes() (Label an integer), or
//! size() targets (Label = float). A default-constructed data set has no samples.
template <class Label>
class basic_dataset {
public:
    basic_dataset() : storage_(std::make_shared<const storage>()) {}
    basic_dataset(const basic_dataset&) = default;  // and no move: a moved-from data set would be one without storage
    basic_dataset& operator=(const basic_dataset&) = default;

    //! Targets (regression), or labels whose number of classes is the largest label plus one.
    //! Throws `invalid_input` unless features.size() = labels.size() * dimension.
    basic_dataset(std::vector<float> features, std::vector<Label> labels, std::size_t dimension)
        : basic_dataset(std::move(features), std::move(labels), dimension, 0) {}

    //! Labels below `classes`. Throws `invalid_input` naming the first label that is not.
    basic_dataset(std::vector<float> features, std::vector<Label> labels, std::size_t dimension, std::size_t classes) {
        expect(dimension > 0, "a data set needs at least one feature per sample");
        expect(features.size() / dimension == labels.size() && features.size() % dimension == 0, [&] {
            return "a data set of " + std::to_string(labels.size()) + " labels and dimension " +
                   std::to_string(dimension) + " needs their product of features, but got " +
                   std::to_string(features.size());
        });
        expect(labels.size() <= std::numeric_limits<std::uint32_t>::max(),
               "a data set holds at most 2^32 - 1 samples: split it");
        if constexpr (std::integral<Label>) {
            const auto largest = std::max_element(labels.begin(), labels.end());
            if (classes == 0 && largest != labels.end()) {
                classes = static_cast<std::size_t>(*largest) + 1;
            }
            expect(largest == labels.end() || *largest < classes, [&] {
                const auto bad = std::find_if(labels.begin(), labels.end(), [&](Label l) { return !(l < classes); });
                return "label " + std::to_string(*bad) + " of sample " + std::to_string(bad - labels.begin()) +
                       " is not below the number of classes, " + std::to_string(classes);
            });
        }
        storage_ = std::make_shared<const storage>(storage{std::move(features), std::move(labels), dimension, classes});
    }

    std::size_t size() const { return storage_->labels.size(); }
    bool empty() const { return size() == 0; }
    std::size_t dimension() const { return storage_->dimension; }
    std::size_t classes() const
        requires std::integral<Label>
    {
        return storage_->classes;
    }

    std::span<const float> features() const { return storage_->features; }
    std::span<const Label> labels() const { return storage_->labels; }
    //! The features of sample i < size().
    std::span<const float> row(std::size_t i) const {
        return {storage_->features.data() + i * storage_->dimension, storage_->dimension};
    }
    Label label(std::size_t i) const { return storage_->labels[i]; }

    //! A data set of the given samples, in that order. Throws `invalid_input` for an index that is not below size().
    basic_dataset subset(std::span<const std::uint32_t> samples) const {
        std::vector<float> features;
        std::vector<Label> labels;
        features.reserve(samples.size() * dimension());
        labels.reserve(samples.size());
        for (const std::uint32_t i : samples) {
            expect(i < size(), [&] {
                return "sample " + std::to_string(i) + " does not exist: the data set has " + std::to_string(size());
            });
            features.insert(features.end(), row(i).begin(), row(i).end());
            labels.push_back(label(i));
        }
        return basic_dataset(std::move(features), std::move(labels), dimension(), storage_->classes);
    }

private:
    struct storage {
        std::vector<float> features;
        std::vector<Label> labels;
        std::size_t dimension = 0;
        std::size_t classes = 0;
    };
    std::shared_ptr<const storage> storage_;
};

//! A data set for classification.
using dataset = basic_dataset<std::uint32_t>;
//! A data set for regression.
using regression_dataset = basic_dataset<float>;

//! What a model is trained on, and what it is judged by.
struct train_test {
    dataset train;
    dataset test;
};

}  // namespace frugal
