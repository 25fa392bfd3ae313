//! A layer chosen at run time.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <frugal/model/layer.hpp>

namespace frugal {

//! Holds any Layer and is one itself, for floats, at one indirect call per pass of a batch. Never empty.
class any_layer {
public:
    template <class L>
        requires(!std::same_as<std::remove_cvref_t<L>, any_layer> && Layer<std::remove_cvref_t<L>>)
    any_layer(L&& layer) : self_(std::make_unique<model<std::remove_cvref_t<L>>>(std::forward<L>(layer))) {}

    any_layer(const any_layer& other) : self_(other.self_->clone()) {}
    any_layer& operator=(const any_layer& other) {
        self_ = other.self_->clone();
        return *this;
    }
    ~any_layer() = default;

    sample_shape bind(sample_shape shape) { return self_->bind(shape); }
    void forward(const forward_pass<float>& p) const { self_->forward(p); }
    void backward(const backward_pass<float>& p) const { self_->backward(p); }
    bool in_place() const { return self_->in_place(); }
    bool reads_output() const { return self_->reads_output(); }
    float variance_gain() const { return self_->variance_gain(); }
    std::size_t workspace(std::size_t batch) const { return self_->workspace(batch); }
    void add_tensors(tensor_layout& layout, const std::string& prefix) const { self_->add_tensors(layout, prefix); }
    void initialize(const random_stream& stream, std::size_t first, float gain, std::span<float> parameters) const {
        self_->initialize(stream, first, gain, parameters);
    }
    std::string_view kind() const { return self_->kind(); }
    std::string name() const { return self_->name(); }
    //! The layer it holds if that is an L, else null.
    template <class L>
    const L* as() const {
        const auto* held = dynamic_cast<const model<L>*>(self_.get());
        return held == nullptr ? nullptr : &held->layer;
    }

private:
    struct interface {
        virtual ~interface() = default;
        virtual std::unique_ptr<interface> clone() const = 0;
        virtual sample_shape bind(sample_shape shape) = 0;
        virtual void forward(const forward_pass<float>& p) const = 0;
        virtual void backward(const backward_pass<float>& p) const = 0;
        virtual bool in_place() const = 0;
        virtual bool reads_output() const = 0;
        virtual float variance_gain() const = 0;
        virtual std::size_t workspace(std::size_t batch) const = 0;
        virtual void add_tensors(tensor_layout& layout, const std::string& prefix) const = 0;
        virtual void initialize(const random_stream& stream, std::size_t first, float gain,
                                std::span<float> parameters) const = 0;
        virtual std::string_view kind() const = 0;
        virtual std::string name() const = 0;
    };

    template <class L>
    struct model final : interface {
        explicit model(L l) : layer(std::move(l)) {}
        std::unique_ptr<interface> clone() const override { return std::make_unique<model>(layer); }
        sample_shape bind(sample_shape shape) override { return layer.bind(shape); }
        void forward(const forward_pass<float>& p) const override { layer.forward(p); }
        void backward(const backward_pass<float>& p) const override { layer.backward(p); }
        bool in_place() const override { return layer_traits<L>::in_place(layer); }
        bool reads_output() const override { return layer_traits<L>::reads_output(layer); }
        float variance_gain() const override { return layer_traits<L>::variance_gain(layer); }
        std::size_t workspace(std::size_t batch) const override { return layer_traits<L>::workspace(layer, batch); }
        void add_tensors(tensor_layout& layout, const std::string& prefix) const override {
            layer_traits<L>::add_tensors(layer, layout, prefix);
        }
        void initialize(const random_stream& stream, std::size_t first, float gain,
                        std::span<float> parameters) const override {
            layer_traits<L>::initialize(layer, stream, first, gain, parameters);
        }
        std::string_view kind() const override { return layer.kind(); }
        std::string name() const override { return layer.name(); }

        L layer;
    };

    std::unique_ptr<interface> self_;
};

}  // namespace frugal
