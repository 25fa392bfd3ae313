//! Multilayer perceptron: fully connected layers, ReLU between them, softmax cross entropy at the end. Needs a CBLAS.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/random.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/kernels/linear.hpp>
#include <frugal/objective/batch.hpp>
#include <frugal/objective/blas.hpp>
#include <frugal/objective/scratch.hpp>
#include <frugal/objective/tensor_extent.hpp>

namespace frugal {

//! f(w) = mean over the batch of the cross entropy of softmax(W_L relu(... relu(W_1 x + b_1) ...) + b_L), plus
//! l2 / 2 ||w||^2. `mlp(data, {300, 100})` is the FC-300-100 network of LeCun et al. 1998: 266,610 parameters on MNIST.
//!
//! Parameters: for every layer W (outputs x inputs, row major), then b; `layer_extents()` lists these tensors. Any
//! number
//! of samples may be asked for: they pass in blocks of 256, so working memory is bounded. Results have the same bits
//! for any number of threads and any alignment of the buffers, with one BLAS on one kind of machine; another BLAS or
//! instruction set rounds its sums otherwise. Copies share the data and have working memory of their own; one object
//! serves one thread at a time. From the first mlp on OpenBLAS is single threaded in this process (objective/blas.hpp).
class mlp {
public:
    //! hidden: outputs of every hidden layer; none is softmax regression.
    //! Throws `invalid_input` for an empty data set, an empty layer, or unless l2 is finite and >= 0.
    explicit mlp(dataset data, std::vector<std::size_t> hidden = {300, 100}, float l2 = 0)
        : data_(data), sizes_(std::move(hidden)), l2_(l2) {
        expect(!data_.empty(), "an mlp needs at least one sample");
        expect(l2 >= 0 && std::isfinite(l2), "the l2 penalty of an mlp must be finite and >= 0");
        sizes_.insert(sizes_.begin(), data_.dimension());
        sizes_.push_back(data_.classes());
        constexpr auto largest = static_cast<std::size_t>(std::numeric_limits<int>::max()) / block_rows;
        for (const std::size_t n : sizes_) {
            expect(n > 0 && n <= largest, [&] {
                return "a layer of an mlp has from 1 to " + std::to_string(largest) + " units, but one has " +
                       std::to_string(n);
            });
        }
        for (std::size_t l = 0; l + 1 < sizes_.size(); ++l) {
            extents_.push_back({dimension_, sizes_[l + 1], sizes_[l]});
            dimension_ += extents_.back().size();
            extents_.push_back({dimension_, sizes_[l + 1], 1});
            dimension_ += extents_.back().size();
            activations_size_ += sizes_[l + 1];
            widest_ = std::max(widest_, sizes_[l + 1]);
        }
        blas::use_one_thread_per_call();
    }

    std::size_t dimension() const { return dimension_; }
    std::size_t classes() const { return sizes_.back(); }
    std::size_t samples() const { return data_.size(); }
    const dataset& data() const { return data_; }
    //! Inputs, outputs of every hidden layer, classes.
    std::span<const std::size_t> layer_sizes() const { return sizes_; }
    //! W_1, b_1, W_2, b_2, ...
    std::span<const tensor_extent> layer_extents() const { return extents_; }

    //! The same model over another data set, of the same number of features and no more classes.
    mlp with_data(const dataset& other) const {
        detail::expect_size(other.dimension(), data_.dimension(), "samples of an mlp");
        expect(!other.empty() && other.classes() <= classes(), [&] {
            return "a model of " + std::to_string(classes()) + " classes needs samples of no more of them, but got " +
                   std::to_string(other.size()) + " samples of " + std::to_string(other.classes()) + " classes";
        });
        mlp copy(*this);
        copy.data_ = other;
        return copy;
    }

    //! Weights N(0, 2 / inputs) before a ReLU (He, Zhang, Ren, Sun 2015) and N(0, 1 / inputs) in the last layer; biases
    //! 0.
    //! Element i of w depends on the key and i alone: the same bits on every machine.
    void initialize(random_key key, std::span<float> w) const {
        detail::expect_size(w.size(), dimension_, "the parameters");
        const random_stream stream(key);
        std::fill(w.begin(), w.end(), 0.0f);
        for (std::size_t t = 0; t < extents_.size(); t += 2) {
            const tensor_extent& weights = extents_[t];
            const bool last = t + 2 == extents_.size();
            const float deviation = std::sqrt((last ? 1.0f : 2.0f) / static_cast<float>(weights.columns));
            for (std::size_t i = weights.offset; i < weights.offset + weights.size(); ++i) {
                w[i] = deviation * stream.normal(i);
            }
        }
    }

    //! f(w): a forward pass.
    double value(std::span<const float> w, sample_indices batch) { return pass<false>(w, batch, {}, {}); }

    //! f(w) and, in g, its gradient: about 6 dimension() floating-point operations per sample; allocates nothing once
    //! warm.
    //! Throws `invalid_input` for spans of other sizes and samples that do not exist.
    double value_and_gradient(std::span<const float> w, sample_indices batch, std::span<float> g) {
        detail::expect_size(g.size(), dimension_, "the gradient");
        return pass<true>(w, batch, g, {});
    }

    //! Scores of every sample of the batch, row by row.
    void logits(std::span<const float> w, sample_indices batch, std::span<float> out) {
        detail::expect_size(out.size(), (batch.empty() ? data_.size() : batch.size()) * classes(), "the logits");
        pass<false>(w, batch, {}, out);
    }

    std::string name() const {
        std::string text = "mlp(";
        for (std::size_t l = 1; l + 1 < sizes_.size(); ++l) {
            text += l > 1 ? "," : "";
            text += std::to_string(sizes_[l]);
        }
        text += ')';
        return text;
    }

private:
    static constexpr std::size_t block_rows = 256;

    //! Loss, and if asked for the gradient or the logits (then without the loss).
    template <bool Gradient>
    double pass(std::span<const float> w, sample_indices batch, std::span<float> g, std::span<float> out) {
        detail::expect_size(w.size(), dimension_, "the parameters");
        const resolved_batch samples(batch, data_.size());
        const std::size_t largest = std::min(block_rows, samples.size());
        const auto inputs = inputs_.get(samples.contiguous() ? 0 : largest * sizes_.front());
        const auto activations = activations_.get(largest * activations_size_);
        const auto deltas = deltas_.get(Gradient ? 2 * largest * widest_ : 0);
        const double weight = 1.0 / static_cast<double>(samples.size());
        float beta = 0;  // the first block overwrites g, the others add to it
        if (Gradient && l2_ > 0) {
            for (std::size_t j = 0; j < g.size(); ++j) {
                g[j] = l2_ * w[j];
            }
            beta = 1;
        }
        double total = 0;
        for (std::size_t first = 0; first < samples.size(); first += block_rows) {
            const std::size_t rows = std::min(block_rows, samples.size() - first);
            const float* x = gather(samples, first, rows, inputs);
            const float* scores = forward(w, x, rows, activations);
            if (!out.empty()) {
                std::copy_n(scores, rows * classes(), out.data() + first * classes());
                continue;
            }
            for (std::size_t r = 0; r < rows; ++r) {
                total += softmax_cross_entropy(scores + r * classes(), classes(), data_.label(samples[first + r]),
                                               weight, Gradient ? deltas.data() + r * classes() : nullptr);
            }
            if constexpr (Gradient) {
                backward(w, x, rows, activations, deltas, beta, g);
                beta = 1;
            }
        }
        const double penalty =
            l2_ > 0 ? 0.5 * static_cast<double>(l2_) * kernels::dot(w.data(), w.data(), w.size()) : 0.0;
        return rounded(total * weight) + rounded(penalty);
    }

    const float* gather(const resolved_batch& samples, std::size_t first, std::size_t rows,
                        std::span<float> inputs) const {
        const std::size_t d = sizes_.front();
        if (samples.contiguous()) {
            return data_.row(first).data();
        }
        for (std::size_t r = 0; r < rows; ++r) {
            std::copy_n(data_.row(samples[first + r]).data(), d, inputs.data() + r * d);
        }
        return inputs.data();
    }

    //! Fills the outputs of all layers, one after the other; returns those of the last.
    const float* forward(std::span<const float> w, const float* x, std::size_t rows,
                         std::span<float> activations) const {
        float* y = activations.data();
        for (std::size_t l = 0; l + 1 < sizes_.size(); ++l) {
            const std::size_t in = sizes_[l];
            const std::size_t out = sizes_[l + 1];
            const float* bias = w.data() + extents_[2 * l + 1].offset;
            for (std::size_t r = 0; r < rows; ++r) {
                std::copy_n(bias, out, y + r * out);
            }
            blas::multiply(blas::layout::stored, blas::layout::transposed, rows, out, in, x, in,
                           w.data() + extents_[2 * l].offset, in, 1.0f, y, out, false);
            if (l + 2 < sizes_.size()) {
                for (std::size_t i = 0; i < rows * out; ++i) {
                    y[i] = y[i] < 0.0f ? 0.0f : y[i];  // keeps NaN
                }
            }
            x = y;
            y += rows * out;
        }
        return x;
    }

    //! g = beta g + the gradient of a block; `deltas` holds the derivative by the scores, and room for one more.
    void backward(std::span<const float> w, const float* x, std::size_t rows, std::span<const float> activations,
                  std::span<float> deltas, float beta, std::span<float> g) const {
        float* delta = deltas.data();
        float* previous = delta + deltas.size() / 2;
        const float* y = activations.data() + rows * (activations_size_ - classes());
        for (std::size_t l = sizes_.size() - 1; l-- > 0;) {
            const std::size_t in = sizes_[l];
            const std::size_t out = sizes_[l + 1];
            const float* input = l == 0 ? x : y - rows * in;
            blas::multiply(blas::layout::transposed, blas::layout::stored, out, in, rows, delta, out, input, in, beta,
                           g.data() + extents_[2 * l].offset, in, true);
            float* bias = g.data() + extents_[2 * l + 1].offset;
            if (beta == 0.0f) {
                std::fill_n(bias, out, 0.0f);
            }
            for (std::size_t r = 0; r < rows; ++r) {
                for (std::size_t j = 0; j < out; ++j) {
                    bias[j] += delta[r * out + j];
                }
            }
            if (l > 0) {
                blas::multiply(blas::layout::stored, blas::layout::stored, rows, in, out, delta, out,
                               w.data() + extents_[2 * l].offset, in, 0.0f, previous, in, false);
                for (std::size_t i = 0; i < rows * in; ++i) {
                    previous[i] = input[i] > 0.0f ? previous[i] : 0.0f;
                }
                std::swap(delta, previous);
                y = input;
            }
        }
    }

    dataset data_;
    std::vector<std::size_t> sizes_;
    std::vector<tensor_extent> extents_;
    float l2_;
    std::size_t dimension_ = 0;
    std::size_t activations_size_ = 0;  // outputs of all layers, per sample
    std::size_t widest_ = 0;
    scratch<float> inputs_;
    scratch<float> activations_;
    scratch<float> deltas_;
};

}  // namespace frugal
