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

    static constexpr auto describe() {
        return describes("top_k", "the largest magnitudes", detail::fraction_field<top_k>(),
                         detail::count_field<top_k>());
    }
    void select(std::span<const float> x, random_key, selection& chosen) const {
        kernels::select_top_k(x, count_for(x.size()), chosen.indices);
    }
    void select_of_sum(std::span<const float> x, std::span<const float> y, random_key, selection& chosen) const {
        kernels::select_top_k_of_sum(x, y, count_for(x.size()), chosen.indices);
    }
    std::size_t count_for(std::size_t d) const { return detail::selected_count(fraction, count, d); }
    double contraction(std::size_t d) const { return static_cast<double>(count_for(d)) / static_cast<double>(d); }
    laws laws_for(std::size_t d) const { return {.contraction = contraction(d), .worst_case = 0}; }
    void validate() const { detail::check_selected_count("top_k", fraction, count); }
    std::string name() const { return described_name(*this); }
};

//! All coordinates with |x_i| >= value, be they none or all (Strom 2015). O(d). No guarantee by itself: what stays
//! below the threshold must be kept (`error_feedback`), so that it crosses it later.
struct threshold {
    float value = 0;

    static constexpr auto describe() {
        return describes("threshold", "all magnitudes of at least `value`",
                         option("value", &threshold::value, "the threshold").from(0));
    }
    void select(std::span<const float> x, random_key, selection& chosen) const {
        kernels::select_threshold(x, value, chosen.indices);
    }
    void select_of_sum(std::span<const float> x, std::span<const float> y, random_key, selection& chosen) const {
        kernels::select_threshold_of_sum(x, y, value, chosen.indices);
    }
    //! What is not sent is below the threshold, however large x is.
    static constexpr laws laws_for(std::size_t) { return {.worst_case = 0}; }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

}  // namespace frugal
