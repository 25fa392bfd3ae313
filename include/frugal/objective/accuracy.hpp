//! How well a classifier does: accuracy and mean loss over a data set.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/state.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/model/layer.hpp>
#include <frugal/model/loss.hpp>

namespace frugal {

//! A classifier that knows its samples, and can be had over others.
template <class F>
concept DataClassifier = Classifier<F> && requires(const F f, const dataset& d) {
    { f.data() } -> std::convertible_to<const dataset&>;
    { f.with_data(d) } -> std::convertible_to<F>;
};

//! Accuracy: fraction of samples whose largest score is that of their label (of equal scores the first counts; NaN
//! never). loss: mean cross entropy, without penalties.
struct evaluation {
    double loss = 0;
    double accuracy = 0;
};

//! An evaluation in parts: sums that are exact, so that parts give the same bits in any order and any grouping. A value
//! that can be sent and saved.
struct accuracy_counts {
    std::uint64_t samples = 0;
    std::uint64_t correct = 0;
    std::uint64_t loss = 0;           //!< sum of losses: its integer part,
    std::uint64_t loss_fraction = 0;  //!< and the rest in units of 2^-64
    std::uint64_t unbounded = 0;      //!< losses of 2^31 and more, which are not in the sum
    std::uint64_t undefined = 0;      //!< losses that are NaN

    //! Counts one sample. Its loss is rounded to a multiple of 2^-64 towards 0.
    void add(double sample_loss, bool right) {
        ++samples;
        correct += right ? 1u : 0u;
        if (!(sample_loss == sample_loss)) {
            ++undefined;
        } else if (sample_loss >= 0x1p31) {
            ++unbounded;
        } else if (sample_loss > 0) {
            const auto whole = static_cast<std::uint64_t>(sample_loss);
            add_loss(whole, static_cast<std::uint64_t>((sample_loss - static_cast<double>(whole)) * 0x1p64));
        }
    }
    accuracy_counts& operator+=(const accuracy_counts& other) {
        samples += other.samples;
        correct += other.correct;
        unbounded += other.unbounded;
        undefined += other.undefined;
        add_loss(other.loss, other.loss_fraction);
        return *this;
    }
    //! The means. Throws `invalid_input` if no sample was counted.
    evaluation means() const {
        expect(samples > 0, "an evaluation needs at least one sample");
        const auto count = static_cast<double>(samples);
        const double sum = undefined > 0   ? std::numeric_limits<double>::quiet_NaN()
                           : unbounded > 0 ? std::numeric_limits<double>::infinity()
                                           : static_cast<double>(loss) + static_cast<double>(loss_fraction) * 0x1p-64;
        return {sum / count, static_cast<double>(correct) / count};
    }
    void state(state_archive& a) {
        a(samples);
        a(correct);
        a(loss);
        a(loss_fraction);
        a(unbounded);
        a(undefined);
    }
    friend bool operator==(const accuracy_counts&, const accuracy_counts&) = default;

private:
    void add_loss(std::uint64_t whole, std::uint64_t fraction) {
        loss_fraction += fraction;
        loss += whole + (loss_fraction < fraction ? 1u : 0u);
    }
};

//! Into how many blocks of samples an evaluation of f can be divided.
template <DataClassifier F>
std::size_t evaluation_blocks(const F& f) {
    const dataset& data = f.data();
    return (data.size() + block_samples - 1) / block_samples;
}

//! Evaluates the classifier on blocks [first, last) of its own samples, 256 samples each. Threads may share the blocks,
//! each with a copy of f: added up they are what `evaluate` counts, to the bit. Throws `invalid_input` unless first <=
//! last <= evaluation_blocks(f).
template <DataClassifier F>
accuracy_counts count_accuracy(F& f, std::span<const float> w, std::size_t first, std::size_t last) {
    const dataset data = f.data();
    expect(first <= last && last <= evaluation_blocks(f), [&] {
        return "blocks " + std::to_string(first) + " to " + std::to_string(last) + " do not exist: there are " +
               std::to_string(evaluation_blocks(f));
    });
    const std::size_t classes = f.classes();
    std::vector<float> scores(std::min(block_samples, data.size()) * classes);
    std::array<std::uint32_t, block_samples> samples;
    accuracy_counts counts;
    for (std::size_t at = first * block_samples; at < std::min(last * block_samples, data.size());
         at += block_samples) {
        const std::size_t rows = std::min(block_samples, data.size() - at);
        std::iota(samples.begin(), samples.end(), static_cast<std::uint32_t>(at));
        f.logits(w, sample_indices(samples).first(rows), std::span<float>(scores).first(rows * classes));
        for (std::size_t r = 0; r < rows; ++r) {
            const float* s = scores.data() + r * classes;
            const std::size_t label = data.label(at + r);
            const auto best = static_cast<std::size_t>(std::max_element(s, s + classes) - s);
            counts.add(softmax_cross_entropy(s, classes, label), best == label && s[label] == s[label]);
        }
    }
    return counts;
}

//! Evaluates the classifier on its own samples.
template <DataClassifier F>
evaluation evaluate(F& f, std::span<const float> w) {
    return count_accuracy(f, w, 0, evaluation_blocks(f)).means();
}

//! The fraction of `data` that the model with parameters w classifies correctly. To evaluate often, keep
//! `f.with_data(data)` and call `evaluate` with it: its working memory stays.
template <DataClassifier F>
double accuracy(const F& f, std::span<const float> w, const dataset& data) {
    F over = f.with_data(data);
    return evaluate(over, w).accuracy;
}

}  // namespace frugal
