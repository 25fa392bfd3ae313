//! How well a classifier does: accuracy and mean loss over a data set.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/model/loss.hpp>

namespace frugal {

//! A classifier that knows its samples, and can be had over others.
template <class F>
concept DataClassifier = Classifier<F> && requires(const F f, const dataset& d) {
    { f.data() } -> std::convertible_to<const dataset&>;
    { f.with_data(d) } -> std::convertible_to<F>;
};

//! Accuracy: fraction of samples whose largest score is that of their label (of equal scores the first counts; NaN
//! never).
//! loss: mean cross entropy, without penalties.
struct evaluation {
    double loss = 0;
    double accuracy = 0;
};

//! Evaluates the classifier on its own samples, in blocks.
template <DataClassifier F>
evaluation evaluate(F& f, std::span<const float> w) {
    constexpr std::size_t block = 256;
    const dataset data = f.data();
    expect(!data.empty(), "an evaluation needs at least one sample");
    const std::size_t classes = f.classes();
    std::vector<float> scores(block * classes);
    std::array<std::uint32_t, block> samples;
    std::size_t right = 0;
    double loss = 0;
    for (std::size_t first = 0; first < data.size(); first += block) {
        const std::size_t rows = std::min(block, data.size() - first);
        std::iota(samples.begin(), samples.end(), static_cast<std::uint32_t>(first));
        f.logits(w, sample_indices(samples).first(rows), std::span<float>(scores).first(rows * classes));
        for (std::size_t r = 0; r < rows; ++r) {
            const float* s = scores.data() + r * classes;
            const std::size_t label = data.label(first + r);
            const auto best = static_cast<std::size_t>(std::max_element(s, s + classes) - s);
            right += best == label && s[label] == s[label] ? 1u : 0u;
            loss += softmax_cross_entropy(s, classes, label);
        }
    }
    const auto count = static_cast<double>(data.size());
    return {loss / count, static_cast<double>(right) / count};
}

//! The fraction of `data` that the model with parameters w classifies correctly. To evaluate often, keep
//! `f.with_data(data)` and call `evaluate` with it: its working memory stays.
template <DataClassifier F>
double accuracy(const F& f, std::span<const float> w, const dataset& data) {
    F over = f.with_data(data);
    return evaluate(over, w).accuracy;
}

}  // namespace frugal
