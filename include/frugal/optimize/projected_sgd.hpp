//! `projected_sgd`: every step is followed by a projection onto a sphere, whose points with equal magnitudes are
//! binary.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/core/describe.hpp>
#include <frugal/core/state.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/optimize/inner.hpp>
#include <frugal/quantize/weight_grid.hpp>

namespace frugal {

//! u = the inner optimizer's step from w;  w <- r u / ||u|| tensor by tensor, r = step sqrt(weights): the sphere
//! through all binary points (the "projected gradient" of Leconte 2024, Table 2.2; the source leaves the radius open).
//!
//! Nothing draws w to a binary point, so the signs taken in the end cost accuracy: a baseline. A tensor that is all 0
//! stays so. O(d).
template <RatedOptimizer O = sgd>
struct projected_sgd {
    static constexpr bool differentiates_on_grid = false;

    O inner = default_inner<O>();
    weight_grid weights{};  //!< binary

    static constexpr auto describe() {
        return describes("projected_sgd", "steps projected onto the sphere through all binary weights",
                         part("inner", &projected_sgd::inner, "what makes steps of gradients"));
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        inner.update(w, g, step);
        weights.for_each_region(w.size(), [&](std::size_t first, std::size_t count, float unit) {
            const auto u = w.subspan(first, count);
            const double norm = std::sqrt(kernels::sum_squares(u));
            if (norm > 0) {
                const double radius = static_cast<double>(unit) * std::sqrt(static_cast<double>(count));
                kernels::scale(static_cast<float>(radius / norm), u, u);
            }
        });
    }
    double learning_rate(std::uint64_t step) const { return inner.learning_rate(step); }
    void state(state_archive& a) { save_or_restore(a, inner); }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
