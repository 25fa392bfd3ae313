//! Softmax (multinomial logistic) regression, with optional ridge penalty.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/kernels/linear.hpp>
#include <frugal/model/loss.hpp>
#include <frugal/objective/batch.hpp>
#include <frugal/objective/scratch.hpp>

namespace frugal {

//! f(W, b) = mean over the batch of the cross entropy of softmax(W x + b), plus l2 / 2 ||(W, b)||^2. Convex; strongly
//! so for l2 > 0.
//!
//! Parameters: W, classes x features row major, then b. Sums are in double and in the order of the batch: the same bits
//! on every machine. Copies share the data and have working memory of their own; one object serves one thread at a
//! time.
class softmax_regression {
public:
    //! Throws `invalid_input` for an empty data set, or unless l2 is finite and >= 0.
    explicit softmax_regression(dataset data, float l2 = 0) : data_(data), classes_(data.classes()), l2_(l2) {
        expect(!data_.empty(), "softmax regression needs at least one sample");
        expect(l2 >= 0 && std::isfinite(l2), "the l2 penalty of softmax regression must be finite and >= 0");
        layout_.add("weight", {classes(), data_.dimension()}).add("bias", {classes()});
    }

    std::size_t dimension() const { return classes() * (data_.dimension() + 1); }
    std::size_t classes() const { return classes_; }
    std::size_t samples() const { return data_.size(); }
    const dataset& data() const { return data_; }
    //! "weight", classes x features, then "bias".
    const tensor_layout& layout() const { return layout_; }

    //! The same model over another data set, of the same number of features and no more classes.
    softmax_regression with_data(const dataset& other) const {
        detail::expect_size(other.dimension(), data_.dimension(), "samples of softmax regression");
        expect(!other.empty() && other.classes() <= classes(), [&] {
            return "a model of " + std::to_string(classes()) + " classes needs samples of no more of them, but got " +
                   std::to_string(other.size()) + " samples of " + std::to_string(other.classes()) + " classes";
        });
        softmax_regression copy(*this);
        copy.data_ = other;
        return copy;
    }

    //! Zeros: the problem is convex.
    void initialize(random_key, std::span<float> w) const {
        detail::expect_size(w.size(), dimension(), "the parameters");
        std::fill(w.begin(), w.end(), 0.0f);
    }

    //! f(w). O(batch dimension).
    double value(std::span<const float> w, sample_indices batch) { return loss<false>(w, batch, {}); }

    //! f(w) and, in g, its gradient. O(batch dimension); allocates nothing once warm.
    //! Throws `invalid_input` for spans of other sizes and samples that do not exist.
    double value_and_gradient(std::span<const float> w, sample_indices batch, std::span<float> g) {
        detail::expect_size(g.size(), dimension(), "the gradient");
        return loss<true>(w, batch, g);
    }

    //! W x + b of every sample of the batch, row by row.
    void logits(std::span<const float> w, sample_indices batch, std::span<float> out) const {
        detail::expect_size(w.size(), dimension(), "the parameters");
        const resolved_batch samples(batch, data_.size());
        detail::expect_size(out.size(), samples.size() * classes(), "the logits");
        for (std::size_t k = 0; k < samples.size(); ++k) {
            for (std::size_t c = 0; c < classes(); ++c) {
                out[k * classes() + c] = static_cast<float>(score(w, data_.row(samples[k]).data(), c));
            }
        }
    }

    std::string name() const { return "softmax"; }

private:
    double score(std::span<const float> w, const float* x, std::size_t c) const {
        const std::size_t d = data_.dimension();
        return kernels::dot(w.data() + c * d, x, d) + static_cast<double>(w[classes() * d + c]);
    }

    template <bool Gradient>
    double loss(std::span<const float> w, sample_indices batch, std::span<float> g) {
        detail::expect_size(w.size(), dimension(), "the parameters");
        const resolved_batch samples(batch, data_.size());
        const std::size_t d = data_.dimension();
        const std::size_t m = classes();
        const double weight = 1.0 / static_cast<double>(samples.size());
        constexpr std::size_t block = 32;
        std::array<const float*, block> rows;
        const auto scores = scores_.get(m);
        const auto derivatives = derivatives_.get(Gradient ? block * m : 0);
        const auto sums = sums_.get(Gradient ? w.size() : 0);
        for (std::size_t j = 0; j < sums.size(); ++j) {
            sums[j] = static_cast<double>(l2_) * static_cast<double>(w[j]);
        }
        double total = 0;
        for (std::size_t k = 0; k < samples.size();) {
            std::size_t filled = 0;
            for (; filled < block && k < samples.size(); ++filled, ++k) {
                const std::size_t i = samples[k];
                rows[filled] = data_.row(i).data();
                for (std::size_t c = 0; c < m; ++c) {
                    scores[c] = score(w, rows[filled], c);
                }
                total += softmax_cross_entropy(scores.data(), m, data_.label(i), weight,
                                               Gradient ? derivatives.data() + filled * m : nullptr);
            }
            if constexpr (Gradient) {
                for (std::size_t c = 0; c < m; ++c) {
                    kernels::add_weighted_rows(rows.data(), filled, derivatives.data() + c, m, sums.data() + c * d, d);
                    for (std::size_t r = 0; r < filled; ++r) {
                        sums[m * d + c] += static_cast<double>(derivatives[r * m + c]);
                    }
                }
            }
        }
        for (std::size_t j = 0; j < sums.size(); ++j) {
            g[j] = static_cast<float>(sums[j]);
        }
        const double penalty =
            l2_ > 0 ? 0.5 * static_cast<double>(l2_) * kernels::dot(w.data(), w.data(), w.size()) : 0.0;
        return rounded(total * weight) + rounded(penalty);
    }

    dataset data_;
    std::size_t classes_;
    float l2_;
    tensor_layout layout_;
    scratch<double> scores_;
    scratch<double> sums_;
    scratch<float> derivatives_;
};

}  // namespace frugal
