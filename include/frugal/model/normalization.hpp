//! Normalisation of activations within each sample.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <frugal/core/exact.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/model/layer.hpp>

namespace frugal {

//! y = scale_k (x - mean) / sqrt(variance + epsilon) + shift_k for channel k, mean and variance being those of a group
//! of channels of the sample (Wu, He 2018). One group is layer normalisation, as many as channels instance
//! normalisation.
//!
//! Unlike batch normalisation it keeps no statistics and does not mix samples: the output for a sample is the same in
//! every batch, in training and evaluation, which is what distributed training over unlike data needs (Hsieh et al.
//! 2020, section 5). `scale` starts as 1 and `shift` as 0, one each per channel. Sums are in double.
struct group_normalization {
    std::size_t groups = 1;
    float epsilon = 1e-5f;
    sample_shape input = {};

    sample_shape bind(sample_shape shape) {
        input = checked_shape(shape, kind());
        expect(groups > 0 && input.channels % groups == 0, [&] {
            return "group_normalization: " + std::to_string(input.channels) + " channels cannot be divided into " +
                   std::to_string(groups) + " equal groups";
        });
        expect(epsilon > 0 && std::isfinite(epsilon), "group_normalization: epsilon must be positive and finite");
        return input;
    }
    bool reads_output() const { return false; }
    std::string_view kind() const { return "group_normalization"; }
    std::string name() const {
        return composition("group_normalization", {"groups=" + number_text(groups), "epsilon=" + number_text(epsilon)});
    }
    std::size_t workspace(std::size_t batch) const { return 2 * batch * groups; }

    void add_tensors(tensor_layout& layout, const std::string& prefix) const {
        layout.add(prefix + "scale", {input.channels}).add(prefix + "shift", {input.channels});
    }
    void initialize(const random_stream&, std::size_t, float, std::span<float> parameters) const {
        std::fill_n(parameters.begin(), input.channels, 1.0f);
        std::fill_n(parameters.begin() + static_cast<std::ptrdiff_t>(input.channels), input.channels, 0.0f);
    }

    template <class T>
    void forward(const forward_pass<T>& p) const {
        const std::size_t n = group_size();
        for (std::size_t g = 0; g < p.batch * groups; ++g) {
            const T* x = p.input.data() + g * n;
            double sum = 0;
            for (std::size_t i = 0; i < n; ++i) {
                sum += static_cast<double>(x[i]);
            }
            const double mean = sum / static_cast<double>(n);
            double squares = 0;
            for (std::size_t i = 0; i < n; ++i) {
                const double difference = static_cast<double>(x[i]) - mean;
                squares += rounded(difference * difference);
            }
            const T center = p.workspace[2 * g] = static_cast<T>(mean);
            const T factor = p.workspace[2 * g + 1] =
                static_cast<T>(1 / std::sqrt(squares / static_cast<double>(n) + static_cast<double>(epsilon)));
            for_each_value(g, [&](std::size_t i, std::size_t k) {
                p.output[i] = multiply_add(rounded((p.input[i] - center) * factor), p.parameters[k],
                                           p.parameters[input.channels + k]);
            });
        }
    }

    template <class T>
    void backward(const backward_pass<T>& p) const {
        if (p.beta == 0) {
            std::fill(p.gradient.begin(), p.gradient.end(), T(0));
        }
        const auto n = static_cast<double>(group_size());
        for (std::size_t g = 0; g < p.batch * groups; ++g) {
            const T center = p.workspace[2 * g];
            const T factor = p.workspace[2 * g + 1];
            const auto normal = [&](std::size_t i) { return rounded((p.input[i] - center) * factor); };
            double sum = 0;
            double product = 0;
            for_each_value(g, [&](std::size_t i, std::size_t k) {
                const T x = normal(i);
                const T slope = p.output_gradient[i];
                p.gradient[k] += rounded(slope * x);
                p.gradient[input.channels + k] += slope;
                const auto scaled = static_cast<double>(rounded(slope * p.parameters[k]));
                sum += scaled;
                product += rounded(scaled * static_cast<double>(x));
            });
            if (!p.input_gradient.empty()) {
                const auto mean = static_cast<T>(sum / n);
                const auto along = static_cast<T>(product / n);
                for_each_value(g, [&](std::size_t i, std::size_t k) {
                    const T slope = rounded(p.output_gradient[i] * p.parameters[k]) - mean;
                    p.input_gradient[i] = factor * (slope - rounded(normal(i) * along));
                });
            }
        }
    }

private:
    std::size_t group_size() const { return input.size() / groups; }

    //! visit(index in the batch, channel) for the values of group g, which counts through all samples.
    template <class Visit>
    void for_each_value(std::size_t g, const Visit& visit) const {
        const std::size_t channels = input.channels / groups;
        const std::size_t pixels = input.rows * input.columns;
        for (std::size_t k = 0; k < channels; ++k) {
            for (std::size_t i = 0; i < pixels; ++i) {
                visit((g * channels + k) * pixels + i, g % groups * channels + k);
            }
        }
    }
};

}  // namespace frugal
