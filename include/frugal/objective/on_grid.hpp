//! `on_grid`: an objective at the nearest weights on a grid: how quantized models are trained and judged.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <frugal/concepts.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/core/random.hpp>
#include <frugal/core/state.hpp>
#include <frugal/core/tensor_layout.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/objective/scratch.hpp>
#include <frugal/quantize/weight_grid.hpp>

namespace frugal {

//! Whether the steps of the grid stay as they are, or are fitted anew to every w.
enum class grid_steps { kept, refitted };

//! w -> f(q), q the point of the grid nearest to w: value, logits, and as "gradient" that of f at q (the
//! straight-through estimator: rounding counts as slope 1). Itself what f is: an Objective, a Classifier, with data, a
//! layout.
//!
//! To judge what `askew_sgd` and the like have trained, evaluate `on_grid(test, optimizer.weights)`; to train with
//! `binary_connect` or any optimizer straight through the rounding, train on it. With `refitted` steps and a binary
//! grid fitted row by row this is XNOR-Net's weights, mean|W| sign(W) of every filter (Rastegari et al. 2016). One pass
//! over w beside f; refitting of other grids than binary costs 0.3 ms per tensor or row.
template <Objective F>
class on_grid {
public:
    on_grid(F objective, weight_grid weights, grid_steps steps = grid_steps::kept)
        : objective_(std::move(objective)), weights_(std::move(weights)), steps_(steps) {}

    std::size_t dimension() const { return objective_.dimension(); }
    const F& objective() const { return objective_; }
    const weight_grid& weights() const { return weights_; }

    //! q, valid until the next call.
    std::span<const float> projected(std::span<const float> w) {
        if (steps_ == grid_steps::refitted) {
            weights_.fit(w);
        }
        const auto q = projected_.get(w.size());
        weights_.project(w, q);
        return q;
    }

    double value(std::span<const float> w, sample_indices batch)
        requires requires(F f) { f.value(w, batch); }
    {
        return objective_.value(projected(w), batch);
    }
    double value_and_gradient(std::span<const float> w, sample_indices batch, std::span<float> g) {
        return objective_.value_and_gradient(projected(w), batch, g);
    }

    std::size_t classes() const
        requires Classifier<F>
    {
        return objective_.classes();
    }
    void logits(std::span<const float> w, sample_indices batch, std::span<float> out)
        requires Classifier<F>
    {
        objective_.logits(projected(w), batch, out);
    }

    std::size_t samples() const
        requires requires(const F f) { f.samples(); }
    {
        return objective_.samples();
    }
    decltype(auto) data() const
        requires requires(const F f) { f.data(); }
    {
        return objective_.data();
    }
    template <class Data>
        requires requires(const F f, const Data& d) { f.with_data(d); }
    on_grid with_data(const Data& other) const {
        return {objective_.with_data(other), weights_, steps_};
    }
    const tensor_layout& layout() const
        requires Layered<F>
    {
        return objective_.layout();
    }
    //! Latent weights start where those of f do.
    void initialize(random_key key, std::span<float> w) const
        requires requires(const F f) { f.initialize(key, w); }
    {
        objective_.initialize(key, w);
    }
    void state(state_archive& a) { save_or_restore(a, objective_); }
    std::string name() const
        requires requires(const F f) { f.name(); }
    {
        return composition("on_grid", {objective_.name(), weights_.name()});
    }

private:
    F objective_;
    weight_grid weights_;
    grid_steps steps_;
    scratch<float> projected_;
};

}  // namespace frugal
