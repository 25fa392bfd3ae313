//! `bop`: binary weights that flip where gradients insist (Helwegen et al. 2019).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/core/state.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/optimize/buffer.hpp>
#include <frugal/optimize/inner.hpp>
#include <frugal/quantize/rounding.hpp>
#include <frugal/quantize/weight_grid.hpp>

namespace frugal {

//! m <- (1 - gamma) m + gamma g;  w <- -w where m sign(w) >= threshold. No latent weights: w is binary from the first
//! step on, times the step of its tensor.
//!
//! What is not on the grid (biases) follows the inner optimizer. m is not reset by a flip. State: m, d floats, and the
//! inner optimizer's. O(d).
template <RatedOptimizer O = sgd>
struct bop {
    static constexpr bool differentiates_on_grid = false;

    O inner = default_inner<O>();
    float gamma = 1e-4f;        //!< in (0, 1]
    float threshold = 1e-6f;    //!< > 0
    weight_grid weights{};      //!< binary
    std::vector<float> mean{};  //!< state: m

    static constexpr auto describe() {
        return describes("bop", "binary weights that flip where gradients insist (Bop)",
                         part("inner", &bop::inner, "for biases and the like"),
                         option("gamma", &bop::gamma, "share of a new gradient in the mean").above(0).to(1),
                         option("threshold", &bop::threshold, "of the mean for a flip").above(0));
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        validate();
        expect_same_length(w, g);
        expect_buffer(mean, w.size());
        const auto before = copy_of(w);
        weights.project(before, before);
        inner.update(w, g, step);
        weights.for_each_region(w.size(), [&](std::size_t first, std::size_t count, float) {
            kernels::zip(
                count,
                [rate = gamma, keep = 1 - gamma, bound = threshold](auto& x, auto& m, const auto& old,
                                                                    const auto& gradient) {
                    using T = std::remove_cvref_t<decltype(x)>;
                    m = multiply_add(T(keep), m, rounded(T(T(rate) * gradient)));
                    x = select(with_sign_of(old, T(1.0f)) * m >= T(bound), T(-old), old);
                },
                w.data() + first, mean.data() + first, static_cast<const float*>(before.data()) + first,
                g.data() + first);
        });
    }
    double learning_rate(std::uint64_t step) const { return inner.learning_rate(step); }
    void state(state_archive& a) {
        a(mean);
        save_or_restore(a, inner);
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
