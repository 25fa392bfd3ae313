//! `any_optimizer`: a LocalOptimizer chosen at run time.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/optimize/inner.hpp>
#include <frugal/quantize/weight_grid.hpp>

namespace frugal {

//! Holds any LocalOptimizer by value; copies are deep. One indirect call per update, none per element.
class any_optimizer {
public:
    //! Asks for little of O before the call is chosen: asking whether O is copyable would ask, for an O that holds an
    //! any_optimizer, whether O converts to one, and so ask itself.
    template <class O>
        requires(!std::same_as<std::remove_cvref_t<O>, any_optimizer> &&
                 requires(O& o, std::span<float> w, std::span<const float> g) { o.update(w, g, std::uint64_t{}); })
    any_optimizer(O optimizer) : held_(std::make_unique<model<O>>(std::move(optimizer))) {
        static_assert(LocalOptimizer<O>, "any_optimizer holds models of LocalOptimizer");
    }

    any_optimizer(const any_optimizer& other) : held_(other.held_ ? other.held_->copy() : nullptr) {}
    any_optimizer& operator=(const any_optimizer& other) {
        if (this != &other) {
            held_ = other.held_ ? other.held_->copy() : nullptr;
        }
        return *this;
    }
    any_optimizer(any_optimizer&&) noexcept = default;
    any_optimizer& operator=(any_optimizer&&) noexcept = default;
    ~any_optimizer() = default;

    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) { held_->update(w, g, step); }
    //! Which tensors the parameters w hold: heard by optimizers that treat tensors apart (optimizer_by_kind) or bring
    //! weights to a grid, whose steps fit w. Comes before the first update.
    void fit(const tensor_layout& layout, std::span<const float> w) { held_->fit(layout, w); }
    void state(state_archive& a) { held_->state(a); }
    std::string name() const { return held_->name(); }
    //! Its rate at a step. Throws `invalid_input` where the optimizer has none.
    double learning_rate(std::uint64_t step) const { return held_->learning_rate(step); }
    //! The grid that it brings weights to; null for most.
    weight_grid* weights() { return held_->weights(); }
    //! Whether gradients are to be those at the nearest weights on that grid.
    bool differentiates_on_grid() const { return held_->differentiates_on_grid(); }

private:
    struct interface {
        virtual ~interface() = default;
        virtual std::unique_ptr<interface> copy() const = 0;
        virtual void update(std::span<float> w, std::span<const float> g, std::uint64_t step) = 0;
        virtual void fit(const tensor_layout& layout, std::span<const float> w) = 0;
        virtual void state(state_archive& a) = 0;
        virtual std::string name() const = 0;
        virtual double learning_rate(std::uint64_t step) const = 0;
        virtual weight_grid* weights() = 0;
        virtual bool differentiates_on_grid() const = 0;
    };
    template <class O>
    struct model final : interface {
        explicit model(O o) : optimizer(std::move(o)) {}
        std::unique_ptr<interface> copy() const override { return std::make_unique<model>(optimizer); }
        void update(std::span<float> w, std::span<const float> g, std::uint64_t step) override {
            optimizer.update(w, g, step);
        }
        void fit(const tensor_layout& layout, std::span<const float> w) override { fit_to(optimizer, layout, w); }
        void state(state_archive& a) override { save_or_restore(a, optimizer); }
        std::string name() const override {
            if constexpr (requires { optimizer.name(); }) {
                return optimizer.name();
            } else {
                return "optimizer";
            }
        }
        double learning_rate([[maybe_unused]] std::uint64_t step) const override {
            if constexpr (requires { double(optimizer.learning_rate(step)); }) {
                return optimizer.learning_rate(step);
            } else {
                throw invalid_input(name() + " has no learning rate");
            }
        }
        weight_grid* weights() override {
            if constexpr (BringsToGrid<O>) {
                return &optimizer.weights;
            } else {
                return nullptr;
            }
        }
        bool differentiates_on_grid() const override {
            if constexpr (BringsToGrid<O>) {
                return O::differentiates_on_grid;
            } else {
                return false;
            }
        }
        O optimizer;
    };
    std::unique_ptr<interface> held_;
};

}  // namespace frugal
