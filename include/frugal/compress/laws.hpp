//! The laws of a compressor in one spelling, for templates and for what is chosen at run time; and how algorithms ask.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include <frugal/concepts.hpp>

namespace frugal {

//! What holds for every x of d elements. Expectations are over the draws of the key. An empty bound is not known.
struct laws {
    //! E C(x) = x.
    bool unbiased = false;
    //! E||C(x) - x||^2 <= variance ||x||^2; known of unbiased compressors only.
    std::optional<double> variance = {};
    //! E||C(x) - x||^2 <= (1 - contraction) ||x||^2, in (0, 1]. Of an unbiased compressor 1 - variance, where above 0.
    std::optional<double> contraction = {};
    //! Messages of one key decode to vectors whose sum is what the sum of their inputs decodes to.
    bool linear = false;
    //! How far a coordinate that is sent can be off in any draw, relative to max |x_i|, where the largest coordinates
    //! are sent. Below 1, what error feedback keeps back stays bounded, although the variance may be any; from 1 on
    //! (TernGrad; QSGD in its original form) it may grow without bound.
    std::optional<double> worst_case = {};
    //! E||C(x) - x||^2 <= peak_variance times the sum over the granules of max x_i^2; of unbiased compressors only.
    //! After a rotation that is far less than `variance` says (compress/transformed.hpp).
    std::optional<double> peak_variance = {};
    //! E||C(x) - x||^2 <= ||x||^2 - mean_contraction times the sum over the granules of ||x||_1^2 / size: what sign
    //! does on vectors that are as flat as a rotation makes them.
    std::optional<double> mean_contraction = {};
    //! Biased, but what messages lose is added to later ones and stays bounded (error feedback).
    bool corrected = false;

    friend constexpr bool operator==(const laws&, const laws&) = default;
};

//! Does what error feedback keeps back stay bounded, in the mean (a contraction) or in every draw?
constexpr bool bounds_residual(const laws& l) {
    return l.contraction.has_value() || (l.worst_case && *l.worst_case < 1);
}

//! May vectors that are averaged round after round be compressed so? A single message is right in the mean, or later
//! ones make good what it lost.
constexpr bool averages(const laws& l) {
    return l.unbiased || l.corrected;
}

//! The laws that follow from a variance: of an unbiased compressor itself, of another as a loss.
constexpr laws laws_from_variance(bool unbiased, double variance) {
    laws result{.unbiased = unbiased};
    if (unbiased) {
        result.variance = variance;
    }
    if (variance < 1) {
        result.contraction = 1 - variance;
    }
    return result;
}

//! What holds of both: of a compressor that is sometimes one and sometimes the other.
inline laws common_laws(const laws& a, const laws& b) {
    laws result{.unbiased = a.unbiased && b.unbiased, .linear = a.linear && b.linear};
    result.corrected = !result.unbiased && averages(a) && averages(b);
    if (result.unbiased && a.variance && b.variance) {
        result.variance = std::max(*a.variance, *b.variance);
    }
    if (a.contraction && b.contraction) {
        result.contraction = std::min(*a.contraction, *b.contraction);
    }
    if (a.worst_case && b.worst_case) {
        result.worst_case = std::max(*a.worst_case, *b.worst_case);
    }
    if (a.peak_variance && b.peak_variance) {
        result.peak_variance = std::max(*a.peak_variance, *b.peak_variance);
    }
    if (a.mean_contraction && b.mean_contraction) {
        result.mean_contraction = std::min(*a.mean_contraction, *b.mean_contraction);
    }
    return result;
}

//! The laws of a compressor (or a selector) on vectors of d elements: its `laws_for(d)`, or what follows from
//! `C::unbiased`, `variance(d)` and `contraction(d)`, as far as it has them.
template <class C>
laws laws_of(const C& c, [[maybe_unused]] std::size_t d) {
    if constexpr (requires { c.laws_for(d); }) {
        return c.laws_for(d);
    } else {
        laws result;
        if constexpr (requires { bool{C::unbiased}; }) {
            result.unbiased = C::unbiased;
        }
        if constexpr (requires { double(c.variance(d)); }) {
            result = laws_from_variance(result.unbiased, c.variance(d));
        }
        if constexpr (requires { double(c.contraction(d)); }) {
            if (const double contraction = c.contraction(d); contraction > 0) {
                result.contraction = contraction;
            }
        }
        return result;
    }
}

namespace detail {

template <class C>
std::string lacks_law(const char* algorithm, const C& c, const std::string& law, const char* instead) {
    return std::string(algorithm) + " needs " + law + ", which " + c.name() + " is not known to be: " + instead;
}

}  // namespace detail

//! Throws `invalid_input` unless C is a contraction on vectors of d elements; otherwise returns its contraction.
template <class C>
double require_contraction(const C& c, std::size_t d, const char* algorithm) {
    const laws l = laws_of(c, d);
    expect(l.contraction.has_value(), [&] {
        return detail::lacks_law(algorithm, c, "a contraction",
                                 l.unbiased ? "wrap it in contractive(...), or give it more levels"
                                            : "take top_k, sign, or an unbiased compressor in contractive(...)");
    });
    return *l.contraction;
}

//! Throws `invalid_input` unless C is unbiased on vectors of d elements; otherwise returns its laws.
template <class C>
laws require_unbiased(const C& c, std::size_t d, const char* algorithm) {
    const laws l = laws_of(c, d);
    expect(l.unbiased, [&] {
        return detail::lacks_law(algorithm, c, "an unbiased compressor",
                                 "take dithered, stochastic, random_k, or wrap this one in error_feedback(...)");
    });
    return l;
}

//! Throws `invalid_input` unless what error feedback around C keeps back stays bounded on vectors of d elements.
template <class C>
void require_bounded_residual(const C& c, std::size_t d, const char* algorithm) {
    expect(bounds_residual(laws_of(c, d)), [&] {
        return detail::lacks_law(
            algorithm, c, "a compressor that error feedback can correct",
            "take a contraction (top_k, sign), dithered rounding under max_norm, or contractive(...)");
    });
}

}  // namespace frugal
