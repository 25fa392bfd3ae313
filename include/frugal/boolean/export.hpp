//! From trained layers to a network for a device.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <frugal/boolean/network.hpp>
#include <frugal/core/bit_matrix.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/kernels/pack_signs.hpp>
#include <frugal/model/activation.hpp>
#include <frugal/model/any_layer.hpp>
#include <frugal/model/boolean_convolution.hpp>
#include <frugal/model/boolean_dense.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/normalization.hpp>
#include <frugal/model/pooling.hpp>
#include <frugal/model/sequential.hpp>
#include <frugal/model/threshold.hpp>

namespace frugal {

namespace detail {

//! Appends the stages of one layer after the other.
class network_builder {
public:
    explicit network_builder(std::size_t inputs) : width_(inputs) {}

    void add(const any_layer& layer, std::span<const float> parameters) {
        if (const auto* boolean = layer.as<boolean_dense>()) {
            add(*boolean, parameters);
        } else if (const auto* convolution = layer.as<boolean_convolution>()) {
            add(*convolution, parameters);
        } else if (const auto* threshold = layer.as<threshold_activation>()) {
            add(*threshold);
        } else if (const auto* pooling = layer.as<max_pool>()) {
            add(*pooling);
        } else if (const auto* real = layer.as<dense>()) {
            close_sums();
            const auto weights = static_cast<std::ptrdiff_t>(real->outputs * width_);
            push(real_stage{.width = width_,
                            .weight = {parameters.begin(), parameters.begin() + weights},
                            .bias = {parameters.begin() + weights, parameters.end()}});
        } else if (const auto* normalization = layer.as<group_normalization>()) {
            const auto half = parameters.begin() + static_cast<std::ptrdiff_t>(width_);
            expect(normalization->groups == 1 && parameters.size() == 2 * width_,
                   "a Boolean network normalises all values of a sample together, each with a scale of its own: group_"
                   "normalization of an image or in groups cannot be exported");
            close_sums();
            push(normalization_stage{.epsilon = normalization->epsilon,
                                     .scale = {parameters.begin(), half},
                                     .shift = {half, parameters.end()}});
        } else {
            expect(layer.as<flatten>() != nullptr, [&] {
                return "a layer of kind " + layer.name() +
                       " has no stage in a Boolean network: export boolean_dense, boolean_convolution, threshold, "
                       "max_pool, dense and group_normalization";
            });
        }
    }
    boolean_network finish() && {
        close_sums();
        return std::move(network_);
    }

private:
    void add(const boolean_dense& layer, std::span<const float> parameters) {
        begin_bits();
        const std::size_t columns = width_ + (layer.bias ? 1 : 0);
        boolean_stage stage{bit_matrix(layer.outputs, width_), {}, {}};
        bias_.assign(layer.outputs, 0);
        for (std::size_t j = 0; j < layer.outputs; ++j) {
            const auto row = parameters.subspan(j * columns, columns);
            kernels::pack_signs(row.first(width_), stage.weight.row(j));
            bias_[j] = !layer.bias ? 0 : row.back() >= 0 ? 1 : -1;
        }
        push(std::move(stage));
    }
    void add(const boolean_convolution& layer, std::span<const float> parameters) {
        begin_bits();
        const unfolding images = unfolding_of(layer.input, layer.kernel, layer.stride, layer.padding);
        convolution_stage stage{images, bit_matrix(layer.filters, images.patch()), {}, {}};
        for (std::size_t f = 0; f < layer.filters; ++f) {
            kernels::pack_signs(parameters.subspan(f * images.patch(), images.patch()), stage.weight.row(f));
        }
        bias_.assign(layer.filters, 0);
        push(std::move(stage));
    }
    void add(const threshold_activation& layer) {
        if (auto* boolean = open_sums<boolean_stage>()) {
            give_thresholds(*boolean, layer.level);
        } else if (auto* convolution = open_sums<convolution_stage>()) {
            give_thresholds(*convolution, layer.level);
        } else {
            push(threshold_stage{std::vector<float>(width_, layer.level)});
        }
        for (const pooling_stage& pooling : std::exchange(pooled_, {})) {
            push(pooling);
        }
    }
    //! The largest of numbers reaches a level where one of them does: pooling goes behind the threshold that follows.
    void add(const max_pool& layer) {
        const pooling_stage stage{{.channels = layer.input.channels,
                                   .rows = layer.input.rows,
                                   .columns = layer.input.columns,
                                   .kernel = layer.size,
                                   .stride = layer.stride == 0 ? layer.size : layer.stride}};
        if (makes_bits()) {
            push(stage);
        } else {
            pooled_.push_back(stage);
        }
    }
    bool makes_bits() const { return !network_.stages.empty() && boolean_network::makes_bits(network_.stages.back()); }
    //! The last stage, if it is of this kind and makes sums.
    template <class Stage>
    Stage* open_sums() {
        Stage* const last = network_.stages.empty() ? nullptr : std::get_if<Stage>(&network_.stages.back());
        return last != nullptr && !last->has_threshold() ? last : nullptr;
    }
    template <class Stage>
    void give_thresholds(Stage& stage, float level) {
        const auto depth = static_cast<std::int32_t>(stage.weight.columns());
        stage.flip = bit_vector(stage.weight.rows());
        for (std::size_t j = 0; j < stage.weight.rows(); ++j) {
            const integer_step step = integer_step_of(
                -depth, depth, [&](std::int32_t s) { return static_cast<float>(s + bias_[j]) >= level; });
            stage.threshold.push_back(step.threshold);
            stage.flip.set(j, step.flip);
        }
        bias_.clear();
    }
    //! Before weights that take bits: numbers are taken by their signs.
    void begin_bits() {
        if (!makes_bits()) {
            add(threshold_activation{.level = 0});
        }
    }
    //! Sums that no threshold follows are exported without their bias, so they must not have one.
    void close_sums() {
        expect(std::all_of(bias_.begin(), bias_.end(), [](std::int32_t b) { return b == 0; }),
               "the bias of a boolean_dense cannot be exported unless a threshold follows: train it without");
        expect(pooled_.empty(), "a max_pool of numbers cannot be exported unless a threshold follows");
        bias_.clear();
    }
    void push(network_stage stage) {
        width_ = boolean_network::outputs_of(stage);
        network_.stages.push_back(std::move(stage));
    }

    boolean_network network_;
    std::size_t width_;
    std::vector<std::int32_t> bias_;     // of the Boolean layer before, until a threshold takes it in
    std::vector<pooling_stage> pooled_;  // of numbers, until a threshold comes
};

}  // namespace detail

//! What trained layers are on a device: Boolean weights as bits, biases and levels as integer thresholds, real first
//! and last layers as they are. The bits of every layer are those of training; scores differ by the rounding of the
//! last layer.
//!
//! model: of `boolean_dense`, `boolean_convolution`, `threshold_activation`, `max_pool`, `dense`, `group_normalization`
//! of all values, `flatten`, such as `boolean_mlp(...).model()`; parameters: in its layout. Throws `invalid_input`
//! naming a layer that has no stage, for another number of parameters, and for a model that does not end with scores.
inline boolean_network export_network(const layer_sequence& model, std::span<const float> parameters) {
    expect(parameters.size() == model.layout().size(), [&] {
        return std::to_string(parameters.size()) + " parameters were given for a model of " +
               std::to_string(model.layout().size());
    });
    detail::network_builder builder(model.input_shape().size());
    std::size_t at = 0;
    for (const any_layer& layer : model.layers()) {
        tensor_layout own;
        layer.add_tensors(own, "");
        builder.add(layer, parameters.subspan(at, own.size()));
        at += own.size();
    }
    boolean_network network = std::move(builder).finish();
    expect(network.problem().empty(), [&] { return network.problem(); });
    return network;
}

}  // namespace frugal
