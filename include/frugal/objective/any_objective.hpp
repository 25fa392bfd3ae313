//! An objective chosen at run time.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/factors.hpp>
#include <frugal/core/random.hpp>
#include <frugal/core/state.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/objective/scratch.hpp>

namespace frugal {

//! Holds any copyable Objective; itself an Objective and, if what it holds is one, a Classifier. One indirect call per
//! gradient. Copies are independent (every node gets its own) and share what the objective shares, such as its data.
//!
//! What the objective does not offer: classes() is 0 and samples() 1, initialize gives zeros, layout() is one
//! tensor of dimension() elements, state saves nothing; logits, data, with_data and value_and_factors throw
//! `invalid_input`.
class any_objective {
public:
    any_objective() = default;
    template <class F>
        requires(!std::same_as<std::remove_cvref_t<F>, any_objective> && Objective<std::remove_cvref_t<F>> &&
                 std::copy_constructible<std::remove_cvref_t<F>>)
    any_objective(F&& f) : self_(std::make_unique<model<std::remove_cvref_t<F>>>(std::forward<F>(f))) {}

    any_objective(const any_objective& other) : self_(other.self_ ? other.self_->clone() : nullptr) {}
    any_objective(any_objective&&) noexcept = default;
    any_objective& operator=(any_objective other) noexcept {
        self_ = std::move(other.self_);
        return *this;
    }
    ~any_objective() = default;

    //! Whether it holds an objective; nothing else may be called if not.
    explicit operator bool() const { return self_ != nullptr; }

    std::size_t dimension() const { return self_->dimension(); }
    std::size_t classes() const { return self_->classes(); }
    std::size_t samples() const { return self_->samples(); }
    double value(std::span<const float> w, sample_indices batch) { return self_->value(w, batch); }
    double value_and_gradient(std::span<const float> w, sample_indices batch, std::span<float> g) {
        return self_->value_and_gradient(w, batch, g);
    }
    double value_and_factors(std::span<const float> w, sample_indices batch, std::span<float> g,
                             factor_record& factors) {
        return self_->value_and_factors(w, batch, g, factors);
    }
    void logits(std::span<const float> w, sample_indices batch, std::span<float> out) { self_->logits(w, batch, out); }
    void initialize(random_key key, std::span<float> w) const { self_->initialize(key, w); }
    const tensor_layout& layout() const { return self_->layout(); }
    const dataset& data() const { return self_->data(); }
    any_objective with_data(const dataset& other) const { return self_->with_data(other); }
    std::string name() const { return self_->name(); }
    //! What the objective remembers between gradients, for checkpoints.
    void state(state_archive& a) { self_->state(a); }

private:
    struct interface {
        virtual ~interface() = default;
        virtual std::unique_ptr<interface> clone() const = 0;
        virtual std::size_t dimension() const = 0;
        virtual std::size_t classes() const = 0;
        virtual std::size_t samples() const = 0;
        virtual double value(std::span<const float> w, sample_indices batch) = 0;
        virtual double value_and_gradient(std::span<const float> w, sample_indices batch, std::span<float> g) = 0;
        virtual double value_and_factors(std::span<const float> w, sample_indices batch, std::span<float> g,
                                         factor_record& factors) = 0;
        virtual void logits(std::span<const float> w, sample_indices batch, std::span<float> out) = 0;
        virtual void initialize(random_key key, std::span<float> w) const = 0;
        virtual const tensor_layout& layout() const = 0;
        virtual const dataset& data() const = 0;
        virtual any_objective with_data(const dataset& other) const = 0;
        virtual std::string name() const = 0;
        virtual void state(state_archive& a) = 0;
    };

    template <class F>
    struct model final : interface {
        explicit model(F f) : objective(std::move(f)) {
            if constexpr (!Layered<F>) {
                whole = tensor_layout::flat(objective.dimension());
            }
        }

        std::unique_ptr<interface> clone() const override { return std::make_unique<model>(*this); }
        std::size_t dimension() const override { return objective.dimension(); }
        std::size_t classes() const override {
            if constexpr (Classifier<F>) {
                return objective.classes();
            } else {
                return 0;
            }
        }
        std::size_t samples() const override {
            if constexpr (requires { objective.samples(); }) {
                return objective.samples();
            } else {
                return 1;
            }
        }
        double value(std::span<const float> w, sample_indices batch) override {
            if constexpr (requires { objective.value(w, batch); }) {
                return objective.value(w, batch);
            } else {
                return objective.value_and_gradient(w, batch, unused.get(w.size()));
            }
        }
        double value_and_gradient(std::span<const float> w, sample_indices batch, std::span<float> g) override {
            return objective.value_and_gradient(w, batch, g);
        }
        double value_and_factors([[maybe_unused]] std::span<const float> w, [[maybe_unused]] sample_indices batch,
                                 [[maybe_unused]] std::span<float> g,
                                 [[maybe_unused]] factor_record& factors) override {
            if constexpr (requires { objective.value_and_factors(w, batch, g, factors); }) {
                return objective.value_and_factors(w, batch, g, factors);
            } else {
                throw invalid_input(name() + " leaves no factors of its gradient, as models of layers (mlp) do");
            }
        }
        void logits([[maybe_unused]] std::span<const float> w, [[maybe_unused]] sample_indices batch,
                    [[maybe_unused]] std::span<float> out) override {
            if constexpr (Classifier<F>) {
                objective.logits(w, batch, out);
            } else {
                throw invalid_input(name() + " is not a classifier: it has no logits");
            }
        }
        void initialize([[maybe_unused]] random_key key, std::span<float> w) const override {
            if constexpr (requires { objective.initialize(key, w); }) {
                objective.initialize(key, w);
            } else {
                std::fill(w.begin(), w.end(), 0.0f);
            }
        }
        const tensor_layout& layout() const override {
            if constexpr (Layered<F>) {
                return objective.layout();
            } else {
                return whole;
            }
        }
        const dataset& data() const override {
            if constexpr (requires {
                              { objective.data() } -> std::same_as<const dataset&>;
                          }) {
                return objective.data();
            } else {
                throw invalid_input(name() + " has no data set for classification");
            }
        }
        any_objective with_data([[maybe_unused]] const dataset& other) const override {
            if constexpr (requires {
                              { objective.with_data(other) } -> std::same_as<F>;
                          }) {
                return any_objective(objective.with_data(other));
            } else {
                throw invalid_input(name() + " cannot be used over another data set for classification");
            }
        }
        std::string name() const override {
            if constexpr (requires {
                              { objective.name() } -> std::convertible_to<std::string>;
                          }) {
                return objective.name();
            } else {
                return "objective";
            }
        }
        void state(state_archive& a) override { save_or_restore(a, objective); }

        F objective;
        tensor_layout whole;
        scratch<float> unused;
    };

    std::unique_ptr<interface> self_;
};

}  // namespace frugal
