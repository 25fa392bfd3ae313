//! `top_k` and `threshold`: the largest magnitudes.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include <frugal/compress/selector/selection.hpp>
#include <frugal/kernels/select.hpp>

namespace frugal {

//! The k largest magnitudes, ties to the lowest index; k = min(d, count) or max(1, floor(fraction d)). O(d).
//! Loses at most (1 - k / d) ||x||^2. Biased: pair it with `error_feedback`.
struct top_k {
    double fraction = 0;    //!< of the coordinates, in (0, 1]; or
    std::size_t count = 0;  //!< how many

    void select(std::span<const float> x, random_key, selection& chosen) const {
        kernels::select_top_k(x, count_for(x.size()), chosen.indices);
    }
    std::size_t count_for(std::size_t d) const { return detail::selected_count(fraction, count, d); }
    double contraction(std::size_t d) const { return static_cast<double>(count_for(d)) / static_cast<double>(d); }
    laws laws_for(std::size_t d) const { return {.contraction = contraction(d), .worst_case = 0}; }
    void validate() const { detail::check_selected_count("top_k", fraction, count); }
    std::string name() const { return expression("top_k", {detail::selected_count_argument(fraction, count)}); }
};

//! All coordinates with |x_i| >= value, be they none or all (Strom 2015). O(d). No guarantee by itself: what stays
//! below
//! the threshold must be kept (`error_feedback`), so that it crosses it later.
struct threshold {
    float value = 0;

    void select(std::span<const float> x, random_key, selection& chosen) const {
        kernels::select_threshold(x, value, chosen.indices);
    }
    //! What is not sent is below the threshold, however large x is.
    static constexpr laws laws_for(std::size_t) { return {.worst_case = 0}; }
    void validate() const {
        expect(value >= 0 && is_finite(value), "threshold: the value must be finite and must not be negative");
    }
    std::string name() const { return expression("threshold", {{"value", value}}); }
};

}  // namespace frugal
