//! Layers one after the other: `sequential` when they are known to the compiler, `layer_sequence` when they are not.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <frugal/core/expression.hpp>
#include <frugal/model/any_layer.hpp>
#include <frugal/model/layer.hpp>

namespace frugal {

namespace detail {

//! Calls visit(i, layer) for every layer, of a tuple or a vector.
template <class Layers, class Visit>
void for_each_layer(Layers& layers, const Visit& visit) {
    if constexpr (requires { layers.size(); }) {
        for (std::size_t i = 0; i < layers.size(); ++i) {
            visit(i, layers[i]);
        }
    } else {
        std::apply(
            [&](auto&... layer) {
                std::size_t i = 0;
                (visit(i++, layer), ...);
            },
            layers);
    }
}

//! The same from the last layer to the first.
template <class Layers, class Visit>
void for_each_layer_backward(Layers& layers, const Visit& visit) {
    if constexpr (requires { layers.size(); }) {
        for (std::size_t i = layers.size(); i-- > 0;) {
            visit(i, layers[i]);
        }
    } else {
        constexpr std::size_t count = std::tuple_size_v<std::remove_const_t<Layers>>;
        [&]<std::size_t... i>(std::index_sequence<i...>) {
            (visit(count - 1 - i, std::get<count - 1 - i>(layers)), ...);
        }(std::make_index_sequence<count>{});
    }
}

}  // namespace detail

//! A sequence of layers, itself a Layer, so that sequences nest. Layers: a tuple or a vector of layers.
//!
//! Tensors are named by the kind of layer and its number among those of the kind: "dense1.weight". A layer that can
//! works in place of its input. Working memory: the outputs of the layers in between, twice the widest of them for
//! derivatives, and what the layers ask for.
template <class Layers>
class basic_sequential {
public:
    basic_sequential() = default;
    explicit basic_sequential(Layers layers) : layers_(std::move(layers)) {}

    sample_shape bind(sample_shape shape) {
        input_ = output_ = checked_shape(shape, "sequential");
        plan_.clear();
        layout_ = {};
        interior_ = widest_ = 0;
        bool last_reads_output = true;
        std::map<std::string, std::size_t, std::less<>> numbers;
        detail::for_each_layer(layers_, [&](std::size_t i, auto& layer) {
            place p;
            p.input = output_.size();
            output_ = layer.bind(output_);
            p.output = output_.size();
            p.first = layout_.size();
            const std::string kind(layer.kind());
            traits_of(layer).add_tensors(layer, layout_, kind + std::to_string(++numbers[kind]) + '.');
            p.parameters = layout_.size() - p.first;
            p.in_place = i > 0 && i + 1 < count() && traits_of(layer).in_place(layer) && !last_reads_output;
            p.at = p.in_place ? plan_.back().at : interior_;
            interior_ += p.in_place || i + 1 == count() ? 0 : p.output;
            widest_ = std::max(widest_, i > 0 ? p.input : 0);
            last_reads_output = traits_of(layer).reads_output(layer);
            plan_.push_back(p);
        });
        expect(!plan_.empty(), "a sequence of layers needs at least one");
        return output_;
    }

    //! Of one sample; {0, 1, 1} before bind.
    sample_shape input_shape() const { return input_; }
    sample_shape output_shape() const { return output_; }
    //! The tensors of all layers.
    const tensor_layout& layout() const { return layout_; }
    const Layers& layers() const { return layers_; }

    std::string_view kind() const { return "sequential"; }
    std::string name() const {
        std::string text;
        detail::for_each_layer(layers_, [&](std::size_t i, const auto& layer) {
            text += i == 0 ? "sequential(" : ",";
            text += layer.name();
        });
        text += ')';
        return text;
    }
    std::size_t workspace(std::size_t batch) const {
        std::size_t n = batch * (interior_ + 2 * widest_);
        detail::for_each_layer(layers_,
                               [&](std::size_t, const auto& layer) { n += traits_of(layer).workspace(layer, batch); });
        return n;
    }
    void add_tensors(tensor_layout& to, const std::string& prefix) const {
        for (const named_tensor& t : layout_.tensors()) {
            to.add(prefix + t.name, t.shape, t.kind);
        }
    }

    //! `gain`: the variance gain of what follows the last layer.
    void initialize(const random_stream& stream, std::size_t first, float gain, std::span<float> parameters) const {
        detail::for_each_layer_backward(layers_, [&](std::size_t i, const auto& layer) {
            const place& p = plan_[i];
            traits_of(layer).initialize(layer, stream, first + p.first, gain,
                                        parameters.subspan(p.first, p.parameters));
            gain = p.parameters > 0 ? 1.0f : gain * traits_of(layer).variance_gain(layer);
        });
    }

    template <class T>
    void forward(const forward_pass<T>& pass) const {
        std::span<const T> input = pass.input;
        std::span<T> own = pass.workspace.subspan(pass.batch * (interior_ + 2 * widest_));
        detail::for_each_layer(layers_, [&](std::size_t i, const auto& layer) {
            const std::span<T> output = output_of<T>(i, pass.batch, pass.workspace, pass.output);
            const std::size_t n = traits_of(layer).workspace(layer, pass.batch);
            layer.forward(forward_pass<T>{.parameters = pass.parameters.subspan(plan_[i].first, plan_[i].parameters),
                                          .input = input,
                                          .batch = pass.batch,
                                          .output = output,
                                          .workspace = own.first(n)});
            input = output;
            own = own.subspan(n);
        });
    }

    template <class T>
    void backward(const backward_pass<T>& pass) const {
        const bool input_asked = !pass.input_gradient.empty();
        const std::span<T> deltas = pass.workspace.subspan(pass.batch * interior_, pass.batch * 2 * widest_);
        std::span<const T> delta = pass.output_gradient;
        std::size_t half = 0;  // of `deltas`: where `delta` is not
        std::size_t end = workspace(pass.batch);
        bool needed = true;
        detail::for_each_layer_backward(layers_, [&](std::size_t i, const auto& layer) {
            const place& p = plan_[i];
            const std::size_t own = traits_of(layer).workspace(layer, pass.batch);
            end -= own;
            if (!needed) {
                return;
            }
            needed = i > 0 && (input_asked || p.first > 0);
            std::span<T> before = i == 0 ? pass.input_gradient : std::span<T>();
            if (needed) {
                half = traits_of(layer).in_place(layer) && i + 1 < count() ? 1 - half : half;
                before = deltas.subspan(half * pass.batch * widest_, pass.batch * p.input);
                half = 1 - half;
            }
            layer.backward(backward_pass<T>{
                .parameters = pass.parameters.subspan(p.first, p.parameters),
                .input = i == 0 ? pass.input : output_of<const T>(i - 1, pass.batch, pass.workspace, {}),
                .batch = pass.batch,
                .output = output_of<const T>(i, pass.batch, pass.workspace, pass.output),
                .output_gradient = delta,
                .input_gradient = before,
                .beta = pass.beta,
                .gradient = pass.gradient.subspan(p.first, p.parameters),
                .workspace = pass.workspace.subspan(end, own),
                .factors = pass.factors});
            delta = before;
        });
    }

private:
    struct place {
        std::size_t input = 0;  // values of a sample
        std::size_t output = 0;
        std::size_t first = 0;       // of the parameters
        std::size_t parameters = 0;  // how many
        std::size_t at = 0;          // of the output among those in between, per sample
        bool in_place = false;
    };

    std::size_t count() const {
        if constexpr (requires { layers_.size(); }) {
            return layers_.size();
        } else {
            return std::tuple_size_v<Layers>;
        }
    }
    template <class T>
    std::span<T> output_of(std::size_t i, std::size_t batch, std::span<T> workspace, std::span<T> last) const {
        return i + 1 == count() ? last : workspace.subspan(batch * plan_[i].at, batch * plan_[i].output);
    }

    Layers layers_{};
    std::vector<place> plan_;
    tensor_layout layout_;
    sample_shape input_;
    sample_shape output_;
    std::size_t interior_ = 0;
    std::size_t widest_ = 0;
};

//! Layers that the compiler knows: `sequential net({1, 28, 28}, convolution{.filters = 8}, relu{}, dense{.outputs =
//! 10})`. Without a shape in front it is a part of another sequence, which binds it. Any T.
template <Layer... Layers>
class sequential : public basic_sequential<std::tuple<Layers...>> {
public:
    explicit sequential(Layers... layers)
        : basic_sequential<std::tuple<Layers...>>(std::tuple<Layers...>(std::move(layers)...)) {}
    //! Throws `invalid_input` if a layer cannot take what the one before it gives.
    explicit sequential(sample_shape input, Layers... layers) : sequential(std::move(layers)...) { this->bind(input); }
};

//! Layers put together at run time; for floats.
class layer_sequence : public basic_sequential<std::vector<any_layer>> {
public:
    explicit layer_sequence(std::vector<any_layer> layers)
        : basic_sequential<std::vector<any_layer>>(std::move(layers)) {}
    //! Throws `invalid_input` if a layer cannot take what the one before it gives.
    layer_sequence(sample_shape input, std::vector<any_layer> layers) : layer_sequence(std::move(layers)) {
        bind(input);
    }
};

}  // namespace frugal
