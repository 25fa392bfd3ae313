//! `gradient_step`: a stochastic gradient and an optimizer's step along it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <frugal/concepts.hpp>
#include <frugal/core/factors.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/data/batch_source.hpp>
#include <frugal/work/work.hpp>

namespace frugal {

//! g = gradient of the objective at x on batch t;  x <- optimizer(x, g). Whole (`step`) or in its two parts.
template <Objective F, BatchSource B, LocalOptimizer O>
class gradient_step {
public:
    gradient_step(F objective, B batches, O optimizer)
        : objective_(std::move(objective)), batches_(std::move(batches)), optimizer_(std::move(optimizer)) {}

    std::size_t dimension() const { return objective_.dimension(); }
    F& objective() { return objective_; }
    O& optimizer() { return optimizer_; }

    work_report gradient(std::span<const float> x, std::uint64_t t, std::span<float> g) {
        const sample_indices batch = batches_.batch(t);
        const double loss = objective_.value_and_gradient(x, batch, g);
        return {loss, batch.empty() ? 1.0 : static_cast<double>(batch.size())};
    }
    //! The same, with factors in place of the gradients of large weights.
    work_report gradient(std::span<const float> x, std::uint64_t t, std::span<float> g, factor_record& factors)
        requires requires(F& f, sample_indices batch) { f.value_and_factors(x, batch, g, factors); }
    {
        const sample_indices batch = batches_.batch(t);
        const double loss = objective_.value_and_factors(x, batch, g, factors);
        return {loss, batch.empty() ? 1.0 : static_cast<double>(batch.size())};
    }
    //! Of any direction, such as a mean of gradients.
    void apply(std::span<float> x, std::span<const float> g, std::uint64_t t) { optimizer_.update(x, g, t); }

    work_report step(std::span<float> x, std::uint64_t t) {
        const auto g = borrow<float>(x.size());
        const work_report seen = gradient(x, t, g);
        apply(x, g, t);
        return seen;
    }
    void state(state_archive& a) {
        save_or_restore(a, objective_);
        save_or_restore(a, batches_);
        save_or_restore(a, optimizer_);
    }

private:
    F objective_;
    B batches_;
    O optimizer_;
};

}  // namespace frugal
