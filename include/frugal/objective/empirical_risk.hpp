//! The loss of a model over a data set: the objective of everything that has layers.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/random.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/kernels/linear.hpp>
#include <frugal/model/layer.hpp>
#include <frugal/model/loss.hpp>
#include <frugal/objective/batch.hpp>
#include <frugal/objective/scratch.hpp>

namespace frugal {

//! A Layer that was bound to the shape of its input and says where its tensors lie: `sequential`, `layer_sequence`.
template <class M>
concept Model = Layer<M> && requires(const M m) {
    { m.input_shape() } -> std::same_as<sample_shape>;
    { m.output_shape() } -> std::same_as<sample_shape>;
    { m.layout() } -> std::same_as<const tensor_layout&>;
};

//! f(w) = mean over the batch of the loss of the model with parameters w, plus l2 / 2 ||w||^2.
//!
//! Any number of samples may be asked for: they pass in blocks of 256, so working memory is bounded. Results have the
//! same bits for any number of threads and any alignment of the buffers; layers that call a BLAS have them with one
//! BLAS on one kind of machine. Copies share the data and the model and have working memory of their own; one object
//! serves one thread at a time.
//!
//!     empirical_risk f(data, sequential({784}, dense{.outputs = 300}, relu{}, dense{.outputs = 10}));
template <Model M, Loss L = cross_entropy>
class empirical_risk {
public:
    using data_type = basic_dataset<typename L::label_type>;
    static constexpr bool classifies = std::integral<typename L::label_type>;

    //! Throws `invalid_input` for an empty data set, for samples that are not of the model's input shape, a model with
    //! fewer outputs than classes (or, without classes, with other than one), or unless l2 is finite and >= 0.
    empirical_risk(const data_type& data, M model, L loss = {}, float l2 = 0)
        : data_(data), model_(std::make_shared<const M>(std::move(model))), loss_(loss), l2_(l2) {
        expect(l2 >= 0 && std::isfinite(l2), "the l2 penalty of an objective must be finite and >= 0");
        expect_fitting(data);
        outputs_ = model_->output_shape().size();
    }

    std::size_t dimension() const { return layout().size(); }
    std::size_t classes() const
        requires classifies
    {
        return outputs_;
    }
    std::size_t samples() const { return data_.size(); }
    const data_type& data() const { return data_; }
    const M& model() const { return *model_; }
    //! Where the tensors of the model lie in its parameters.
    const tensor_layout& layout() const { return model_->layout(); }

    //! The same model over another data set that fits it.
    empirical_risk with_data(const data_type& other) const {
        expect_fitting(other);
        empirical_risk copy(*this);
        copy.data_ = other;
        return copy;
    }

    //! Initial parameters, as the layers say. Element i depends on the key and i alone: the same bits on every machine.
    void initialize(random_key key, std::span<float> w) const {
        detail::expect_size(w.size(), dimension(), "the parameters");
        model_->initialize(random_stream(key), 0, 1.0f, w);
    }

    //! f(w): a forward pass.
    double value(std::span<const float> w, sample_indices batch) { return pass<false>(w, batch, {}, {}, nullptr); }

    //! f(w) and, in g, its gradient; allocates nothing once warm.
    //! Throws `invalid_input` for spans of other sizes and samples that do not exist.
    double value_and_gradient(std::span<const float> w, sample_indices batch, std::span<float> g) {
        detail::expect_size(g.size(), dimension(), "the gradient");
        return pass<true>(w, batch, g, {}, nullptr);
    }

    //! The same, but of weights whose factors are fewer numbers than their gradients, `factors` gets the factors, and g
    //! nothing of use. Throws `invalid_input` with a penalty: it has no factors; let the optimizer decay weights.
    double value_and_factors(std::span<const float> w, sample_indices batch, std::span<float> g,
                             factor_record& factors) {
        detail::expect_size(g.size(), dimension(), "the gradient");
        expect(l2_ == 0, "the gradient of an l2 penalty has no factors: give the optimizer a weight decay");
        factors.clear(batch.empty() ? data_.size() : batch.size(), g.data());
        return pass<true>(w, batch, g, {}, &factors);
    }

    //! Scores of every sample of the batch, row by row.
    void logits(std::span<const float> w, sample_indices batch, std::span<float> out)
        requires classifies
    {
        outputs(w, batch, out);
    }
    //! The model's outputs for every sample of the batch, row by row.
    void outputs(std::span<const float> w, sample_indices batch, std::span<float> out) {
        detail::expect_size(out.size(), (batch.empty() ? data_.size() : batch.size()) * outputs_, "the outputs");
        pass<false>(w, batch, {}, out, nullptr);
    }

    std::string name() const { return model_->name(); }

private:
    void expect_fitting(const data_type& data) const {
        const std::size_t inputs = model_->input_shape().size();
        const std::size_t given = model_->output_shape().size();
        expect(!data.empty(), "an objective needs at least one sample: its data set is empty");
        expect(data.dimension() == inputs, [&] {
            return "a model of " + std::to_string(inputs) + " features per sample cannot be used over a data set of " +
                   std::to_string(data.dimension());
        });
        if constexpr (classifies) {
            expect(data.classes() <= given, [&] {
                return "a model of " + std::to_string(given) + " outputs cannot be used over a data set of " +
                       std::to_string(data.classes()) + " classes";
            });
        } else {
            expect(given == 1,
                   [&] { return "a model for regression must have one output, but has " + std::to_string(given); });
        }
    }

    //! Loss, and if asked for the gradient, in part as factors, or the outputs (then without the loss).
    template <bool Gradient>
    double pass(std::span<const float> w, sample_indices batch, std::span<float> g, std::span<float> out,
                [[maybe_unused]] factor_record* factors) {
        detail::expect_size(w.size(), dimension(), "the parameters");
        const resolved_batch samples(batch, data_.size());
        const std::size_t largest = std::min(block_samples, samples.size());
        const auto inputs = inputs_.get(samples.contiguous() ? 0 : largest * data_.dimension());
        const auto scores = scores_.get(largest * outputs_);
        const auto derivatives = derivatives_.get(Gradient ? largest * outputs_ : 0);
        const auto workspace = workspace_.get(model_->workspace(largest));
        const double weight = 1.0 / static_cast<double>(samples.size());
        float beta = 0;  // the first block overwrites g, the others add to it
        if (Gradient && l2_ > 0) {
            for (std::size_t j = 0; j < g.size(); ++j) {
                g[j] = l2_ * w[j];
            }
            beta = 1;
        }
        double total = 0;
        for (std::size_t first = 0; first < samples.size(); first += block_samples) {
            const std::size_t rows = std::min(block_samples, samples.size() - first);
            const std::span<const float> x = gather(samples, first, rows, inputs);
            const std::span<float> y =
                out.empty() ? scores.first(rows * outputs_) : out.subspan(first * outputs_, rows * outputs_);
            const auto space = workspace.first(model_->workspace(rows));
            model_->forward(forward_pass<float>{w, x, rows, y, space});
            if (!out.empty()) {
                continue;
            }
            const auto d = derivatives.first(Gradient ? rows * outputs_ : 0);
            for (std::size_t r = 0; r < rows; ++r) {
                total +=
                    loss_(std::span<const float>(y.subspan(r * outputs_, outputs_)), data_.label(samples[first + r]),
                          weight, d.subspan(Gradient ? r * outputs_ : 0, Gradient ? outputs_ : 0));
            }
            if constexpr (Gradient) {
                model_->backward(backward_pass<float>{w, x, rows, y, d, {}, beta, g, space, factors});
                beta = 1;
            }
        }
        const double penalty =
            l2_ > 0 ? 0.5 * static_cast<double>(l2_) * kernels::dot(w.data(), w.data(), w.size()) : 0.0;
        return rounded(total * weight) + rounded(penalty);
    }

    std::span<const float> gather(const resolved_batch& samples, std::size_t first, std::size_t rows,
                                  std::span<float> inputs) const {
        const std::size_t d = data_.dimension();
        if (samples.contiguous()) {
            return data_.features().subspan(samples[first] * d, rows * d);
        }
        for (std::size_t r = 0; r < rows; ++r) {
            std::copy_n(data_.row(samples[first + r]).data(), d, inputs.data() + r * d);
        }
        return inputs.first(rows * d);
    }

    data_type data_;
    std::shared_ptr<const M> model_;
    L loss_;
    float l2_;
    std::size_t outputs_ = 0;
    scratch<float> inputs_;
    scratch<float> scores_;
    scratch<float> derivatives_;
    scratch<float> workspace_;
};

}  // namespace frugal
