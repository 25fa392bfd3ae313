//! `askew_sgd`: weights are led to a grid by constraints on their velocity (Leconte, Schechtman, Moulines 2023).
#pragma once

#include <cmath>
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
#include <frugal/optimize/schedule.hpp>
#include <frugal/quantize/rounding.hpp>
#include <frugal/quantize/weight_grid.hpp>

namespace frugal {

//! The grid's constraint psi(x) = epsilon - phi(x) >= 0 and its derivative, for x in units of the grid.
//!
//! phi(x) = (x - a)^2 (x - b)^2 between neighbours a and b, (x - c)^2 beyond the last point c: 0 on the grid,
//! continuous with its derivative. T: float, double or a batch.
template <class T>
struct grid_constraint {
    T value;
    T slope;

    template <class Values>
    grid_constraint(const Values& values, const T& x, float epsilon) {
        const T i = values.index(x);
        const T to_nearest = x - values.value(i);
        const T side = with_sign_of(to_nearest, T(1.0f));
        const T j = i + side;
        const auto beyond_end = [&](const T& yes, const T& no) {
            return select(j < T(0.0f), yes, select(j > T(values.last), yes, no));
        };
        const T to_other = x - values.value(T(beyond_end(i, j)));
        const T product = to_nearest * beyond_end(T(1.0f), to_other);
        value = T(epsilon) - rounded(T(product * product));
        slope = T(-2.0f) * (to_nearest * beyond_end(T(1.0f), T(to_other * (to_nearest + to_other))));
    }
};

//! What AskewSGD makes of a move (eq. 2.13): from w in the unit of the grid, to `move` as wanted (-u times the rate),
//! both as offsets from `origin`.
//!
//! Where the constraint holds strictly, or the move restores it fast enough (psi'(w) v >= -alpha psi(w) for the
//! velocity v = move / rate), the move; else the velocity -alpha psi / psi' of least change, its size cut to `limit`;
//! in the middle of a cell, where psi' = 0, `limit` upwards. Generic in T, without branches.
struct askew_rule {
    float epsilon;
    float alpha;
    float limit;
    float rate;  //!< of the step, times the unit of the grid

    template <class Values, class T>
    T operator()(const Values& values, const T& w, const T& origin, const T& target) const {
        const grid_constraint<T> constraint(values, w, epsilon);
        const T upwards = select(constraint.slope < T(0.0f), T(-1.0f), T(1.0f));
        const T speed = T(-alpha) * constraint.value / (upwards * constraint.slope);
        const T unit = upwards * T(rate);
        const T least = origin + rounded(T(unit * speed));
        const T pushed = origin + rounded(T(unit * select(speed > T(limit), T(limit), speed)));
        // Speed is infinite in the middle of a cell, and NaN where the constraint also just holds: then nothing is
        // less.
        const T held = select(upwards * target < upwards * least, pushed, target);
        return select(constraint.value <= T(0.0f), held, target);
    }
};

//! Where each weight may lie for a given epsilon: the parts of {x : psi(x) >= 0} around each point of the grid, which
//! meet where epsilon is not below gap^4 / 16.
struct admitted_interval {
    double low = 0;
    double high = 0;
};

//! One interval per value of the grid: up to (gap - sqrt(gap^2 - 4 sqrt(epsilon))) / 2 into a cell, sqrt(epsilon) out
//! of the grid.
inline std::vector<admitted_interval> admitted_intervals(const grid& values, double epsilon) {
    expect(epsilon >= 0, "admitted_intervals: epsilon must not be negative");
    const double root = std::sqrt(epsilon);
    const auto into = [&](std::size_t i) {
        const double gap = static_cast<double>(values[i + 1]) - static_cast<double>(values[i]);
        return gap * gap <= 4 * root ? gap / 2 : (gap - std::sqrt(gap * gap - 4 * root)) / 2;
    };
    std::vector<admitted_interval> intervals(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto c = static_cast<double>(values[i]);
        intervals[i] = {c - (i == 0 ? root : into(i - 1)), c + (i + 1 == values.size() ? root : into(i))};
    }
    return intervals;
}

//! The largest epsilon for which the intervals are disjoint is below this: gap^4 / 16 of the smallest gap.
inline double separating_epsilon(const grid& values) {
    const auto gap = static_cast<double>(values.smallest_gap());
    return gap * gap * gap * gap / 16;
}

//! Which comes first: the inner optimizer's preconditioning, or the constraint.
enum class askew_order { precondition_first, constrain_first };

//! AskewSGD (Leconte 2024, sec. 2.3, Algorithm 2): a step of the inner optimizer whose velocity is projected, weight by
//! weight, onto {v : psi'(w) v >= -alpha psi(w)} where psi(w) <= 0 (see askew_rule).
//!
//! Gradients are those at w, which is never rounded: violations of psi >= 0 die out like (1 - rate alpha)^t, and as
//! epsilon is annealed towards 0 the weights approach the grid; use the model at `weights.project(w)`. Starts from
//! epsilon = 1, which leaves weights of a binary grid alone within [-2, 2]; `delayed_decay` is the published annealing.
//! With epsilon beyond gap^4 / 16 weights may cross from one point to another, below it they stay. Guarantee: for fixed
//! epsilon below that, bounded gradients and square-summable rates w converges to KKT points of min f over psi >= 0
//! (Theorem 5; the text asks for Lipschitz gradients, its proof for bounded ones).
//!
//! order: with `precondition_first` u is what the inner optimizer (Adam) makes of g, and the constraint has the last
//! word; with `constrain_first` the inner optimizer is given -v. rate alpha < 1 keeps the push from overshooting.
//! State: the inner optimizer's. O(d), two passes and a copy of w.
template <RatedOptimizer O = sgd>
struct askew_sgd {
    static constexpr bool differentiates_on_grid = false;

    weight_grid weights{};
    O inner = default_inner<O>();
    float alpha = 0.5f;  //!< > 0
    float limit = 1;     //!< > 0, of the speed in the grid's unit
    schedule epsilon = 1;
    askew_order order = askew_order::precondition_first;

    static constexpr auto describe() {
        return describes("askew_sgd", "weights led to a grid by constraints on their velocity (AskewSGD)",
                         part("weights", &askew_sgd::weights, "the values of weights"),
                         part("inner", &askew_sgd::inner, "what makes steps of gradients"),
                         option("alpha", &askew_sgd::alpha, "how fast violations die out").above(0),
                         option("limit", &askew_sgd::limit, "of the speed of a push").above(0),
                         option("epsilon", &askew_sgd::epsilon, "slack, a number or a schedule"),
                         option("order", &askew_sgd::order, "which has the last word is second")
                             .one_of("precondition_first", "constrain_first"));
    }
    void update(std::span<float> w, std::span<const float> g, std::uint64_t step) {
        validate();
        expect_same_length(w, g);
        if (order == askew_order::precondition_first) {
            const auto before = copy_of(w);
            inner.update(w, g, step);
            constrain(before, w, step, static_cast<float>(learning_rate(step)), [](const auto& x) { return x; });
        } else {
            const auto direction = borrow<float>(w.size());
            kernels::zip(w.size(), [](auto& v, const auto& from) { v = -from; }, direction.data(), g.data());
            constrain(w, direction, step, 1, []<class T>(const T&) { return T(0.0f); });
            kernels::zip(w.size(), [](auto& v) { v = -v; }, direction.data());
            inner.update(w, direction, step);
        }
    }
    double learning_rate(std::uint64_t step) const { return inner.learning_rate(step); }
    void state(state_archive& a) { save_or_restore(a, inner); }
    void validate() const { validate_described(*this); }
    std::string name() const { return described_name(*this); }

private:
    //! target = the rule's, for all weights on the grid; origin(w) is what targets are offsets from.
    template <class Origin>
    void constrain(std::span<const float> w, std::span<float> target, std::uint64_t step, float rate, Origin origin) {
        weights.values().visit([&](const auto& values) {
            weights.for_each_region(w.size(), [&](std::size_t first, std::size_t count, float unit) {
                const askew_rule rule{static_cast<float>(epsilon(step)), alpha, limit, rate * unit};
                kernels::zip(
                    count,
                    [&values, origin, rule, inverse = 1 / unit](auto& to, const auto& from) {
                        using T = std::remove_cvref_t<decltype(to)>;
                        to = rule(values, rounded(T(from * T(inverse))), origin(from), T(to));
                    },
                    target.data() + first, w.data() + first);
            });
        });
    }
};

}  // namespace frugal
