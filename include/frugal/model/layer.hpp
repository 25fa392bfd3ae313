//! What a layer is: a function of parameters and a mini-batch, and its derivative.
//!
//! | layer                          | output of one sample        | parameters       | header                  |
//! |--------------------------------|-----------------------------|------------------|-------------------------|
//! | `dense`                        | outputs                     | weight, bias     | dense.hpp               |
//! | `convolution`                  | filters x rows' x columns'  | weight, bias     | convolution.hpp         |
//! | `boolean_dense`                | outputs                     | weight           | boolean_dense.hpp       |
//! | `boolean_convolution`          | filters x rows' x columns'  | weight           | boolean_convolution.hpp |
//! | `group_normalization`          | as its input                | scale, shift     | normalization.hpp       |
//! | `max_pool`, `average_pool`     | channels x rows' x columns' | -                | pooling.hpp             |
//! | `relu`, `hyperbolic_tangent`   | as its input                | -                | activation.hpp          |
//! | `threshold_activation`         | as its input                | -                | threshold.hpp           |
//! | `flatten`                      | as its input, one dimension | -                | activation.hpp          |
//! | `sequential`, `layer_sequence` | that of the last layer      | those of all     | sequential.hpp          |
//! | `any_layer`                    | of what it holds            | of what it holds | any_layer.hpp           |
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <frugal/core/error.hpp>
#include <frugal/core/factors.hpp>
#include <frugal/core/random.hpp>
#include <frugal/core/tensor_layout.hpp>

namespace frugal {

//! The shape of one sample, row major: an image has channels, rows and columns; a vector of n is {n}.
struct sample_shape {
    std::size_t channels = 0;
    std::size_t rows = 1;
    std::size_t columns = 1;

    //! Number of values.
    constexpr std::size_t size() const { return channels * rows * columns; }
    friend constexpr bool operator==(const sample_shape&, const sample_shape&) = default;
};

//! Samples that pass through a model at once: working memory is that of one such block.
inline constexpr std::size_t block_samples = 256;

//! `shape`; throws `invalid_input`, naming `layer`, if it is empty or a block of it has more than 2^31 - 1 values (what
//! a BLAS can count).
constexpr sample_shape checked_shape(sample_shape shape, std::string_view layer) {
    constexpr auto most = static_cast<std::size_t>(std::numeric_limits<int>::max()) / block_samples;
    const bool fits = shape.channels > 0 && shape.rows > 0 && shape.columns > 0 && shape.channels <= most &&
                      shape.rows <= most / shape.channels && shape.columns <= most / (shape.channels * shape.rows);
    expect(fits, [&] {
        return "a layer has from 1 to " + std::to_string(most) + " values per sample, but a " + std::string(layer) +
               " has " + std::to_string(shape.channels) + " x " + std::to_string(shape.rows) + " x " +
               std::to_string(shape.columns);
    });
    return shape;
}

//! What a layer computes its output from. T: float, or double where a test wants more digits.
//! input, output: `batch` samples, row by row. workspace: the layer's own, kept until the backward pass of this batch.
template <class T>
struct forward_pass {
    std::span<const T> parameters;
    std::span<const T> input;
    std::size_t batch = 0;
    std::span<T> output;
    std::span<T> workspace;
};

//! What a layer computes derivatives from, after the forward pass of the same batch.
//!
//! output_gradient: the derivative of the loss by the output. input_gradient: to be overwritten by that by the input,
//! or empty if nobody asks. gradient: that by the parameters, to become beta gradient + the sum over the batch; beta is
//! 0 (what was there must not matter, were it NaN) or 1. factors: unless null, where a layer may leave the factors of a
//! tensor's gradient, if they are wanted; what `gradient` holds of that tensor then means nothing.
template <class T>
struct backward_pass {
    std::span<const T> parameters;
    std::span<const T> input;
    std::size_t batch = 0;
    std::span<const T> output;
    std::span<const T> output_gradient;
    std::span<T> input_gradient;
    T beta = 0;
    std::span<T> gradient;
    std::span<T> workspace;
    basic_factor_record<T>* factors = nullptr;
};

//! A function of parameters and a mini-batch with its derivative. Its options are its state: it may serve any number of
//! threads, each with its own workspace.
//!
//! bind(shape): takes the shape of its input, or throws `invalid_input`; returns that of its output. Comes first.
//! kind(): a word for names of tensors ("dense").  name(): its textual expression.
//! Optional, with what holds otherwise in brackets:
//! `bool in_place() const`: forward may be given output = input and backward input_gradient = output_gradient, and
//!     backward does not read the input [false];
//! `bool reads_output() const`: backward reads the output, so that no later layer may overwrite it [true];
//! `float variance_gain() const`: the variance that the weights before this layer should have, times their number of
//!     inputs [1];
//! `std::size_t workspace(batch) const`: elements of working memory [0];
//! `add_tensors(tensor_layout&, prefix) const`: appends its tensors, their names behind the prefix; and with it
//! `initialize(stream, first, gain, parameters) const`: fills them, element i from element first + i of the stream;
//!     gain is the variance gain of what follows [no parameters].
template <class L>
concept Layer = std::copyable<L> && requires(L l, const L cl, sample_shape shape, const forward_pass<float>& forward,
                                             const backward_pass<float>& backward) {
    { l.bind(shape) } -> std::same_as<sample_shape>;
    cl.forward(forward);
    cl.backward(backward);
    { cl.kind() } -> std::convertible_to<std::string_view>;
    { cl.name() } -> std::convertible_to<std::string>;
};

//! What a layer says or, where it is silent, the default: see Layer.
template <Layer L>
struct layer_traits {
    static constexpr bool in_place(const L& layer) {
        if constexpr (requires { layer.in_place(); }) {
            return layer.in_place();
        } else {
            return false;
        }
    }
    static constexpr bool reads_output(const L& layer) {
        if constexpr (requires { layer.reads_output(); }) {
            return layer.reads_output();
        } else {
            return true;
        }
    }
    static constexpr float variance_gain(const L& layer) {
        if constexpr (requires { layer.variance_gain(); }) {
            return layer.variance_gain();
        } else {
            return 1;
        }
    }
    static constexpr std::size_t workspace(const L& layer, std::size_t batch) {
        if constexpr (requires { layer.workspace(batch); }) {
            return layer.workspace(batch);
        } else {
            return 0;
        }
    }
    static void add_tensors(const L& layer, tensor_layout& layout, const std::string& prefix) {
        if constexpr (requires { layer.add_tensors(layout, prefix); }) {
            layer.add_tensors(layout, prefix);
        }
    }
    static void initialize(const L& layer, const random_stream& stream, std::size_t first, float gain,
                           std::span<float> parameters) {
        if constexpr (requires { layer.add_tensors(std::declval<tensor_layout&>(), std::string()); }) {
            layer.initialize(stream, first, gain, parameters);
        }
    }
};

template <Layer L>
layer_traits<L> traits_of(const L&) {
    return {};
}

}  // namespace frugal
