//! Stopping rules. A rule is called after every round (and once before the first) as `rule(status)` and returns a
//! `stop_reason`, or a bool where true means finished. Rules combine with `||`: the first that stops decides.
//!
//! | rule                                            | stops                                                     |
//! |-------------------------------------------------|-----------------------------------------------------------|
//! | `rounds{n}`                                     | after n rounds of the algorithm                           |
//! | `early_stop{.metric = "loss", .target = 0.1}`   | once the metric has reached the target                    |
//! | `early_stop{.metric = "acc", .patience = 5, ..}`| after 5 values of the metric without a better one         |
//! | `divergence_guard{.limit = 1e8}`                | when the loss is not finite or as many times the first    |
//!
//! A run always stops by itself when a node reports that it diverged.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include <frugal/engine/status.hpp>

namespace frugal {

//! Decides after every round whether a run ends: see above. It may remember what it saw.
template <class R>
concept StopRule = std::copyable<R> && requires(R rule, const run_status& status) {
    requires std::same_as<decltype(rule(status)), stop_reason> || std::same_as<decltype(rule(status)), bool>;
};

//! Stops after `count` rounds of the algorithm.
struct rounds {
    std::uint64_t count = 0;
    stop_reason operator()(const run_status& s) const {
        return s.round() >= count ? stop_reason::finished : stop_reason::none;
    }
    std::uint64_t planned_rounds() const { return count; }
};

//! Watches the training loss (`metric = "loss"`) or a metric recorded by an observer.
struct early_stop {
    std::string metric = "loss";
    bool minimize = true;
    double target = std::numeric_limits<double>::quiet_NaN();  //!< stop once as good; NaN: no target
    std::uint64_t patience = 0;                                //!< stop after as many values without progress; 0: never
    double min_improvement = 0;  //!< progress is to be better than the best by more than this
    double best = std::numeric_limits<double>::quiet_NaN();  //!< state
    std::uint64_t without_progress = 0;                      //!< state

    stop_reason operator()(const run_status& s) {
        double value = 0;
        if (metric == "loss") {
            if (s.completed == 0 || std::isnan(s.loss)) {
                return stop_reason::none;
            }
            value = s.loss;
        } else {
            const auto* found = s.find(metric);
            if (found == nullptr || found->round != s.completed) {
                return stop_reason::none;
            }
            value = found->value;
        }
        const double sign = minimize ? 1 : -1;
        if (sign * value <= sign * target) {
            return stop_reason::early;
        }
        if (std::isnan(best) || sign * value < sign * best - min_improvement) {
            best = value;
            without_progress = 0;
        } else {
            ++without_progress;
        }
        return patience > 0 && without_progress >= patience ? stop_reason::early : stop_reason::none;
    }
    void state(state_archive& a) {
        a(best);
        a(without_progress);
    }
};

//! Ends a run as diverged whose loss is not finite, or above `limit` times the first loss (or 1, if that is less).
struct divergence_guard {
    double limit = 1e8;
    double first = std::numeric_limits<double>::quiet_NaN();  //!< state

    stop_reason operator()(const run_status& s) {
        if (s.completed == 0 || !s.reported_loss) {
            return stop_reason::none;
        }
        if (std::isnan(first)) {
            first = s.loss;
        }
        return s.loss <= limit * std::max(1.0, std::fabs(first)) && std::isfinite(s.loss) ? stop_reason::none
                                                                                          : stop_reason::diverged;
    }
    void state(state_archive& a) { a(first); }
};

//! The reason a rule gives, bools included.
template <StopRule R>
stop_reason reason_of(R& rule, const run_status& status) {
    if constexpr (std::same_as<decltype(rule(status)), bool>) {
        return rule(status) ? stop_reason::finished : stop_reason::none;
    } else {
        return rule(status);
    }
}

//! Where a rule will stop at the latest, in rounds; 0 if it does not know.
template <StopRule R>
std::uint64_t planned_rounds_of(const R& rule) {
    if constexpr (requires { rule.planned_rounds(); }) {
        return rule.planned_rounds();
    } else {
        return 0;
    }
}

//! Stops where one of two rules does; the first names the reason. What `||` of rules makes.
template <StopRule A, StopRule B>
struct either_rule {
    A first;
    B second;

    stop_reason operator()(const run_status& s) {
        const stop_reason a = reason_of(first, s), b = reason_of(second, s);  // both: rules with state see every round
        return a != stop_reason::none ? a : b;
    }
    std::uint64_t planned_rounds() const {
        const auto a = planned_rounds_of(first), b = planned_rounds_of(second);
        return a == 0 ? b : (b == 0 ? a : std::min(a, b));
    }
    void state(state_archive& a) {
        save_or_restore(a, first);
        save_or_restore(a, second);
    }
};

template <StopRule A, StopRule B>
    requires(std::is_class_v<A> && std::is_class_v<B>)
either_rule<A, B> operator||(A a, B b) {
    return {std::move(a), std::move(b)};
}

}  // namespace frugal
