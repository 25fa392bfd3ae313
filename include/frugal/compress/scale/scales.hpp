//! Scales: the one number by which a message (or bucket) is normalised.
//!
//! | scale                  | value             | choose it when                                                    |
//! |------------------------|-------------------|-------------------------------------------------------------------|
//! | max_norm{}             | max |x_i|         | the error must be bounded per coordinate (DQSG, TernGrad)         |
//! | l2_norm{}              | ||x||_2           | QSGD's original form; sparse for few levels                       |
//! | mean_abs{}             | ||x||_1 / d       | sign compression                                                  |
//! | fixed{kappa}           | kappa times range | all senders must share one step: its `kappa` is the step itself   |
//! | shared_norm{}          | max over senders  | all senders must share one step, agreed on anew each round        |
//! | bucketed{scale, size}  | scale per bucket  | magnitudes vary along the vector (layers); costs 32 / size bits   |
//! Scales of 8 bits for small buckets: block_scales.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/kernels/norms.hpp>

namespace frugal {
namespace detail {

//! Passes a finite norm on; otherwise names the element that spoiled it.
template <std::floating_point T>
float checked_norm(T value, std::span<const float> x) {
    const auto norm = static_cast<float>(value);
    if (!is_finite(norm)) [[unlikely]] {
        kernels::expect_all_finite(x);
        throw invalid_input("the norm of the input exceeds the range of float: scale it down");
    }
    return norm;
}

}  // namespace detail

//! max |x_i|: no coordinate clips. One pass.
struct max_norm {
    static constexpr auto describe() { return describes("max_norm", "max |x_i|: bounds the error of a coordinate"); }
    static constexpr norm_kind kind = norm_kind::max;
    float measure(std::span<const float> x) const { return detail::checked_norm(kernels::max_abs(x), x); }
    //! The same norm from pieces of x; not finite where x is not.
    class accumulator {
    public:
        void add(std::span<const float> piece) {
            const float m = kernels::max_abs(piece);
            if (largest_ < m || m != m) {  // NaN stays
                largest_ = m;
            }
        }
        double result(std::size_t) const { return double(largest_); }

    private:
        float largest_ = 0;
    };
    std::string name() const { return described_name(*this); }
};

//! ||x||_2, summed in double. One pass; throws `invalid_input` where it exceeds the range of float.
struct l2_norm {
    static constexpr auto describe() { return describes("l2_norm", "the Euclidean norm (QSGD's original form)"); }
    static constexpr norm_kind kind = norm_kind::l2;
    float measure(std::span<const float> x) const {
        return detail::checked_norm(std::sqrt(kernels::sum_squares(x)), x);
    }
    //! The same norm from pieces of x, each but the last of a multiple of 16 elements; not finite where x is not.
    class accumulator {
    public:
        void add(std::span<const float> piece) { sum_.add(piece); }
        double result(std::size_t) const { return std::sqrt(sum_.result()); }

    private:
        kernels::lane_sum<kernels::square> sum_;
    };
    std::string name() const { return described_name(*this); }
};

//! ||x||_1 / d, for quantizers that ignore their scale (sign). Coordinates may exceed it. One pass.
struct mean_abs {
    static constexpr auto describe() { return describes("mean_abs", "the mean of |x_i|, for sign"); }
    static constexpr norm_kind kind = norm_kind::mean_abs;
    static constexpr bool bounds = false;
    float measure(std::span<const float> x) const {
        return detail::checked_norm(of_sum(kernels::sum_abs(x), x.size()), x);
    }
    //! The same norm from pieces of x, each but the last of a multiple of 16 elements; not finite where x is not.
    class accumulator {
    public:
        void add(std::span<const float> piece) { sum_.add(piece); }
        double result(std::size_t n) const { return of_sum(sum_.result(), n); }

    private:
        kernels::lane_sum<kernels::absolute_value> sum_;
    };
    std::string name() const { return described_name(*this); }

private:
    static double of_sum(double sum, std::size_t n) { return n == 0 ? 0.0 : sum / static_cast<double>(n); }
};

//! The step itself, agreed beforehand: input beyond step * range clips (and is biased there); 0 for a vector of zeros.
struct fixed {
    float kappa = 1;

    static constexpr auto describe() {
        return describes("fixed", "a step agreed beforehand; beyond it elements clip",
                         option("kappa", &fixed::kappa, "the step").above(0));
    }
    static constexpr bool bounds = false;
    float measure(std::span<const float> x) const {
        return detail::checked_norm(kernels::max_abs(x), x) == 0 ? 0 : kappa;  // zeros are sent as zeros
    }
    float step(float measured, float) const { return measured; }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

//! One norm for all senders, agreed on before each round (the scaler sharing of TernGrad, Wen et al. 2017): messages
//! then are multiples of one step and may be added as integers.
//!
//! Every sender offers `share(x)`, its max-norm; `agree` is given the largest (see compress/agreement.hpp, which also
//! says whom that trusts). Only senders need it: the step travels in the message as always.
struct shared_norm {
    float norm = 0;

    static constexpr auto describe() {
        return describes("shared_norm", "the largest max-norm of all senders, agreed on for each message");
    }
    static constexpr norm_kind kind = norm_kind::shared_max;
    float share(std::span<const float> x) const { return max_norm{}.measure(x); }
    void agree(float largest) {
        shared_norm{largest}.validate();
        norm = largest;
    }
    float measure(std::span<const float> x) const {
        const float own = share(x);
        expect(own <= norm,
               "an element exceeds the shared norm: agree on the largest max-norm of all senders before this round");
        return own == 0 ? 0 : norm;
    }
    void validate() const { expect(norm >= 0 && is_finite(norm), "shared_norm: norm must be finite and not negative"); }
    std::string name() const { return described_name(*this); }
};

//! Do senders have to agree on this scale before each message?
template <class S>
concept AgreeingScale = Scale<S> && requires(S s, const S cs, std::span<const float> x, float largest) {
    { cs.share(x) } -> std::same_as<float>;
    s.agree(largest);
};

namespace detail {

template <Scale S>
bool agrees([[maybe_unused]] const S& scale) {
    if constexpr (requires { scale.agrees(); }) {
        return scale.agrees();
    } else {
        return AgreeingScale<S>;
    }
}

}  // namespace detail

//! Does no |x_i| exceed measure(x)? What a norm says of itself; true unless it says otherwise.
template <class S>
inline constexpr bool bounds_elements = true;
template <class S>
    requires requires { S::bounds; }
inline constexpr bool bounds_elements<S> = S::bounds;

namespace detail {

//! Can some S be measured in pieces?
template <class S>
inline constexpr bool may_measure_pieces =
    requires { typename S::accumulator; } || requires(const S s) { s.measures_pieces(); };

//! Can this one?
template <class S>
bool measures_pieces([[maybe_unused]] const S& scale) {
    if constexpr (requires { scale.measures_pieces(); }) {
        return scale.measures_pieces();
    } else {
        return may_measure_pieces<S>;
    }
}

//! The norm, unchecked, of n elements of which `produce(add)` passes all pieces to `add`.
template <class S, class Produce>
double measure_pieces(const S& scale, std::size_t n, Produce produce) {
    if constexpr (requires { typename S::accumulator; }) {
        typename S::accumulator norm;
        produce([&](std::span<const float> piece) { norm.add(piece); });
        return norm.result(n);
    } else {
        return scale.measure_pieces(n, produce);
    }
}

//! Writes a step for each bucket; a scale that has few bits for them may make them larger.
template <class S>
void write_steps([[maybe_unused]] const S& scale, std::span<float> steps, payload_writer& w) {
    if constexpr (requires { scale.write_steps(steps, w); }) {
        scale.write_steps(steps, w);
    } else {
        for (const float step : steps) {
            w.number(step);
        }
    }
}

template <class S>
void read_steps([[maybe_unused]] const S& scale, payload_reader& r, std::span<float> steps) {
    if constexpr (requires { scale.read_steps(r, steps); }) {
        scale.read_steps(r, steps);
    } else {
        for (float& step : steps) {
            step = r.number();
        }
    }
}

//! How many times the norm over the range a step may be.
template <class S>
double slack_of([[maybe_unused]] const S& scale) {
    if constexpr (requires { double(scale.slack()); }) {
        return scale.slack();
    } else {
        return 1;
    }
}

//! What every S measures, in each bucket; other where options decide.
template <class S>
inline constexpr norm_kind static_kind = norm_kind::other;
template <class S>
    requires requires { norm_kind{S::kind}; }
inline constexpr norm_kind static_kind<S> = S::kind;

//! The same of a scale whose options decide it.
template <class S>
bool bounds_elements_of(const S& scale) {
    if constexpr (requires { scale.bounds_elements(); }) {
        return scale.bounds_elements();
    } else {
        return bounds_elements<S>;
    }
}

template <class S>
constexpr norm_kind kind_of(const S& scale) {
    if constexpr (requires { scale.measures(); }) {
        return scale.measures();
    } else {
        return static_kind<S>;
    }
}

}  // namespace detail

//! The scale a quantizer gets unless told: the max-norm; the mean magnitude for one whose index ignores the scale, for
//! which it is the constant of least error.
template <class Q>
using default_scale = std::conditional_t<is_scale_free<Q>, mean_abs, max_norm>;

//! One scale per `size` consecutive coordinates.
template <Scale S>
struct bucketed {
    S scale{};
    std::size_t size = 4096;

    static constexpr auto describe() {
        return describes(
            "bucketed", "a scale for each bucket of consecutive coordinates",
            part("scale", &bucketed::scale, "the scale of a bucket"),
            part("size", &bucketed::size, "coordinates per bucket").from(1).to(static_cast<double>(1ull << 48)));
    }
    static constexpr bool bounds = bounds_elements<S>;
    float measure(std::span<const float> x) const { return scale.measure(x); }
    std::size_t bucket_size() const { return size; }
    float step(float measured, float range) const
        requires requires(const S s) { s.step(measured, range); }
    {
        return scale.step(measured, range);
    }
    bool bounds_elements() const
        requires requires(const S s) { s.bounds_elements(); }
    {
        return scale.bounds_elements();
    }
    static constexpr norm_kind kind = detail::static_kind<S>;
    norm_kind measures() const { return detail::kind_of(scale); }
    //! Whether senders must agree on the scale: of one chosen at run time, what it says.
    bool agrees() const { return detail::agrees(scale); }
    //! One number for all buckets.
    float share(std::span<const float> x) const
        requires AgreeingScale<S>
    {
        return scale.share(x);
    }
    void agree(float largest)
        requires AgreeingScale<S>
    {
        scale.agree(largest);
    }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }
};

template <Scale S>
bucketed(S, std::size_t) -> bucketed<S>;

namespace detail {

//! Is the relative variance of every Q under every scale of this kind known?
template <class Q, norm_kind kind>
inline constexpr bool has_relative_variance =
    ((kind == norm_kind::max || kind == norm_kind::l2) && requires(const Q q) { double(q.step_variance()); }) ||
    (kind == norm_kind::max && requires(const Q q, std::size_t n) { double(q.max_norm_variance(n)); }) ||
    (kind == norm_kind::l2 && requires(const Q q, std::size_t n) { double(q.l2_norm_variance(n)); });

}  // namespace detail

//! The largest E||C(x) - x||^2 / ||x||^2 over x of n elements for quantizer q under a scale that measures `kind`, where
//! it is finite and known.
template <class Q>
std::optional<double> relative_variance([[maybe_unused]] const Q& q, norm_kind kind, [[maybe_unused]] std::size_t n) {
    if (kind != norm_kind::max && kind != norm_kind::l2) {
        return {};
    }
    if constexpr (requires { double(q.max_norm_variance(n)); }) {
        if (kind == norm_kind::max) {
            return q.max_norm_variance(n);
        }
    }
    if constexpr (requires { double(q.l2_norm_variance(n)); }) {
        if (kind == norm_kind::l2) {
            return q.l2_norm_variance(n);
        }
    }
    if constexpr (requires { double(q.step_variance()); }) {
        return static_cast<double>(n) * q.step_variance() / (double(range_of(q)) * double(range_of(q)));
    }
    return {};
}

//! The smallest 1 - E||C(x) - x||^2 / ||x||^2 over x of n elements, where it is positive and known.
template <class Q>
std::optional<double> relative_contraction([[maybe_unused]] const Q& q, [[maybe_unused]] norm_kind kind,
                                           [[maybe_unused]] std::size_t n) {
    if constexpr (requires { double(q.mean_abs_contraction(n)); }) {
        if (kind == norm_kind::mean_abs) {
            return q.mean_abs_contraction(n);
        }
    }
    return {};
}

//! E||C(x) - x||^2 / max x_i^2 over x of n elements under the max-norm, at most, where it is known.
template <class Q>
std::optional<double> peak_variance([[maybe_unused]] const Q& q, [[maybe_unused]] norm_kind kind,
                                    [[maybe_unused]] std::size_t n) {
    if constexpr (decodes_with_dither<Q> && requires { double(q.max_norm_variance(n)); }) {
        if (kind == norm_kind::max) {  // independent of x
            return q.max_norm_variance(n);
        }
    } else if constexpr (requires { double(q.step_variance()); }) {
        if (kind == norm_kind::max) {
            return static_cast<double>(n) * q.step_variance() / (double(range_of(q)) * double(range_of(q)));
        }
    }
    return {};
}

//! The largest error of a coordinate relative to the largest magnitude (of all senders, where the norm is shared).
template <class Q>
std::optional<double> relative_worst_case([[maybe_unused]] const Q& q, norm_kind kind, std::size_t n) {
    if constexpr (requires { double(q.largest_error()); }) {
        const double error = q.largest_error() / double(range_of(q));
        if (kind == norm_kind::max || kind == norm_kind::shared_max) {
            return error;
        }
        if (kind == norm_kind::l2) {
            return error * std::sqrt(static_cast<double>(n));
        }
    }
    return {};
}

}  // namespace frugal
