//! `gradient_sum`: the gradients of several mini-batches at one point, added up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <frugal/core/error.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/work/local_run.hpp>
#include <frugal/work/work.hpp>

namespace frugal {

//! gradient(x, round, g): g = scale * the sum over the steps of the round of the gradient of each one's mini-batch at
//! x, which does not move meanwhile. scale = 1 / steps is one mini-batch, that many times as large.
template <class Step>
class gradient_sum {
public:
    //! Step: has gradient(x, t, g), as `gradient_step`.
    gradient_sum(Step step, local_steps steps, float scale = 1) : step_(std::move(step)), steps_(steps), scale_(scale) {
        expect(steps.count > 0, "gradient_sum: a round needs at least one step");
        expect(scale > 0 && scale - scale == 0, "gradient_sum: the scale must be positive and finite");
    }

    std::size_t dimension() const { return step_.dimension(); }

    work_report gradient(std::span<const float> x, std::uint64_t round, std::span<float> g) {
        const std::uint64_t first = steps_.before_round(round), count = steps_.in_round(round);
        std::ranges::fill(g, 0.0f);
        const auto part = borrow<float>(g.size());
        work_report all{0, 0};
        for (std::uint64_t k = 0; k < count; ++k) {
            const work_report seen = step_.gradient(x, first + k, part);
            kernels::axpy(scale_, part, g);
            all.loss += seen.loss * seen.samples;
            all.samples += seen.samples;
        }
        all.loss /= all.samples;
        return all;
    }
    void state(state_archive& a) { step_.state(a); }

private:
    Step step_;
    local_steps steps_;
    float scale_;
};

}  // namespace frugal
