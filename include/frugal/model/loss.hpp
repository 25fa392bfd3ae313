//! Losses: what a model's output for a sample costs, and the derivative by the output.
//!
//! | loss            | of scores s and label y                | labels             |
//! |-----------------|----------------------------------------|--------------------|
//! | `cross_entropy` | -log(e^s[y] / sum_c e^s[c])            | classes            |
//! | `squared_error` | 1/2 (s - y)^2, for one output          | numbers            |
//! | `logistic`      | log(1 + e^s) - y s, for one output     | 0 and 1            |
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/core/exact_math.hpp>

namespace frugal {

//! Cross entropy of one sample's softmax: -log(e^scores[label] / sum_c e^scores[c]), and its derivative by the scores.
//!
//! derivative[c] = weight (p_c - [c = label]), where p is the softmax; left out if `derivative` is null; it may be
//! `scores`. Stable for scores of any size; the same bits on every machine. Not finite if a score is not.
template <class Score, class Derivative>
double softmax_cross_entropy(const Score* scores, std::size_t classes, std::size_t label, double weight,
                             Derivative* derivative) {
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
            derivative[c] = static_cast<Derivative>(c == label ? p - weight : p);
        }
    }
    return loss;
}

//! The loss alone.
template <class Score>
double softmax_cross_entropy(const Score* scores, std::size_t classes, std::size_t label) {
    return softmax_cross_entropy(scores, classes, label, 0.0, static_cast<Score*>(nullptr));
}

//! A loss: loss(output, label, weight, derivative) returns it and, unless `derivative` is empty, fills that with weight
//! times the derivative by the output. Label: the type of labels in a data set.
template <class L>
concept Loss = std::copyable<L> && requires(const L l, std::span<const float> output, typename L::label_type label,
                                            std::span<float> derivative) {
    { l(output, label, 1.0, derivative) } -> std::same_as<double>;
    { l.name() } -> std::convertible_to<std::string>;
};

//! Softmax and cross entropy, for classes. Each output is the score of a class.
struct cross_entropy {
    using label_type = std::uint32_t;

    template <class T>
    double operator()(std::span<const T> scores, label_type label, double weight, std::span<T> derivative) const {
        return softmax_cross_entropy(scores.data(), scores.size(), label, weight,
                                     derivative.empty() ? nullptr : derivative.data());
    }
    std::string name() const { return "cross_entropy"; }
};

//! 1/2 (output - label)^2, for regression by a model with one output.
struct squared_error {
    using label_type = float;

    template <class T>
    double operator()(std::span<const T> output, label_type label, double weight, std::span<T> derivative) const {
        const double residual = static_cast<double>(output[0]) - static_cast<double>(label);
        if (!derivative.empty()) {
            derivative[0] = static_cast<T>(weight * residual);
        }
        return 0.5 * residual * residual;
    }
    std::string name() const { return "squared_error"; }
};

//! log(1 + e^s) - y s: the cross entropy of probability sigmoid(s) for y = 1, for two classes by a model with one
//! output. Labels between 0 and 1 are probabilities. Stable for outputs of any size; the same bits on every machine.
struct logistic {
    using label_type = float;

    template <class T>
    double operator()(std::span<const T> output, label_type label, double weight, std::span<T> derivative) const {
        const auto s = static_cast<double>(output[0]), y = static_cast<double>(label);
        const double e = exact_exp(s < 0 ? s : -s);
        if (!derivative.empty()) {
            derivative[0] = static_cast<T>(weight * ((s < 0 ? e : 1) / (1 + e) - y));
        }
        return exact_log(1 + e) + ((s < 0 ? 0 : s) - rounded(y * s));
    }
    std::string name() const { return "logistic"; }
};

}  // namespace frugal
