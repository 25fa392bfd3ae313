//! `schedule`: the learning rate as a function of the step, a small value held by each optimizer.
//!
//! | which one                              | rate at step t = 0, 1, ...                           | when                  |
//! |----------------------------------------|------------------------------------------------------|-----------------------|
//! | schedule(rate), or just a number       | rate                                                 | tests, theory         |
//! | step_decay(rate, factor, every)        | rate factor^floor(t / every)                         | 0.9 in every epoch    |
//! | milestone_decay(rate, factor, steps)   | rate factor^(milestones <= t)                        | a tenth at 50 and 75 %|
//! | delayed_decay(rate, factor, start, every) | rate before `start`, then a step decay        | annealing             |
//! | inverse_sqrt_decay(rate, scale)        | rate sqrt(scale / (scale + t))                       | convex theory         |
//! | cosine_decay(rate, final_rate, total)  | half a cosine from rate to final_rate                | fixed budgets         |
//! | any.warm_up(from, steps)               | linear from `from` to the rate at t = steps, then it | large batches         |
//!
//! Rates are double, need no libm function that differs between machines, and so have the same bits everywhere.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/describe.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/expression.hpp>
#include <frugal/core/random.hpp>

namespace frugal {

//! A learning rate as a function of the step: any of the table above, chosen at run time.
class schedule {
public:
    static constexpr std::size_t max_milestones = 8;

    //! Constant. Implicit, so that `sgd{.learning_rate = 0.1}` reads as it should. Throws unless 0 <= rate < infinity.
    constexpr schedule(double rate = 0.01) : rate_(rate) {
        expect(rate >= 0 && rate - rate == 0, "a learning rate must be finite and not negative");
    }

    friend constexpr schedule step_decay(double rate, double factor, std::uint64_t every);
    friend constexpr schedule milestone_decay(double rate, double factor, std::span<const std::uint64_t> steps);
    friend constexpr schedule delayed_decay(double rate, double factor, std::uint64_t start, std::uint64_t every);
    friend constexpr schedule inverse_sqrt_decay(double rate, double scale);
    friend constexpr schedule cosine_decay(double rate, double final_rate, std::uint64_t total);

    //! The same schedule behind `steps` steps of linear growth that start at rate `from`.
    constexpr schedule warm_up(double from, std::uint64_t steps) const {
        expect(from >= 0 && from - from == 0, "a warm-up must start at a finite rate that is not negative");
        schedule s = *this;
        s.warm_from_ = from;
        s.warm_steps_ = steps;
        return s;
    }

    //! The rate at step t. O(log t).
    double operator()(std::uint64_t t) const {
        const double rate = after_warm_up(t);
        if (t >= warm_steps_) {
            return rate;
        }
        const double target = after_warm_up(warm_steps_);
        return multiply_add((target - warm_from_) / static_cast<double>(warm_steps_), static_cast<double>(t),
                            warm_from_);
    }

    //! Its expression: a plain number if constant.
    std::string name() const {
        std::string text = shape_name();
        if (warm_steps_ > 0) {
            text =
                composition("warm_up", {text, "from=" + number_text(warm_from_), "steps=" + number_text(warm_steps_)});
        }
        return text;
    }

private:
    enum class shape : std::uint8_t { constant, step, milestone, delayed, inverse_sqrt, cosine };

    //! factor^n by squaring: products only, so no rounding depends on the machine.
    static constexpr double power(double factor, std::uint64_t n) {
        double result = 1;
        for (; n > 0; n >>= 1) {
            if ((n & 1u) != 0) {
                result *= factor;
            }
            factor *= factor;
        }
        return result;
    }

    //! sin^2(pi u / 2) for u in [0, 1/2], right but for a few roundings.
    static constexpr double squared_sine_of_quarter_turns(double u) {
        const double x = rounded(u * 1.5707963267948966);
        const double z = rounded(x * x);
        double s = 1.0 / 272.0;
        for (int k = 14; k >= 2; k -= 2) {  // sin(x) / x = 1 - z / 6 (1 - z / 20 (1 - ...))
            s = (1 - rounded(z * s)) / (k * (k + 1));
        }
        const double sine = rounded(x * (1 - rounded(z * s)));
        return sine * sine;
    }

    double after_warm_up(std::uint64_t t) const {
        switch (shape_) {
            case shape::step:
                return rate_ * power(factor_, t / period_);
            case shape::milestone: {
                std::uint64_t passed = 0;
                while (passed < milestone_count_ && milestones_[passed] <= t) {
                    ++passed;
                }
                return rate_ * power(factor_, passed);
            }
            case shape::delayed: {
                const std::uint64_t start = milestones_[0];
                return t < start ? rate_ : rate_ * power(factor_, std::max<std::uint64_t>(1, (t - start) / period_));
            }
            case shape::inverse_sqrt:
                return rate_ * std::sqrt(factor_ / (factor_ + static_cast<double>(t)));
            case shape::cosine: {
                if (t >= period_) {
                    return factor_;
                }
                // (1 + cos(pi t / total)) / 2 = sin^2(pi (total - t) / (2 total)): no cancellation near the end.
                const auto total = static_cast<double>(period_);
                const std::uint64_t left = period_ - t;
                const double height = left <= t ? squared_sine_of_quarter_turns(static_cast<double>(left) / total)
                                                : 1 - squared_sine_of_quarter_turns(static_cast<double>(t) / total);
                return multiply_add(rate_ - factor_, height, factor_);
            }
            default:
                return rate_;
        }
    }

    std::string shape_name() const {
        switch (shape_) {
            case shape::step:
                return composition("step_decay", {"rate=" + number_text(rate_), "factor=" + number_text(factor_),
                                                  "every=" + number_text(period_)});
            case shape::milestone: {
                std::string text = "milestone_decay(rate=" + number_text(rate_) + ",factor=" + number_text(factor_);
                for (std::size_t i = 0; i < milestone_count_; ++i) {
                    text += ',' + number_text(milestones_[i]);
                }
                return text + ')';
            }
            case shape::delayed:
                return composition("delayed_decay",
                                   {"rate=" + number_text(rate_), "factor=" + number_text(factor_),
                                    "start=" + number_text(milestones_[0]), "every=" + number_text(period_)});
            case shape::inverse_sqrt:
                return expression("inverse_sqrt_decay", {{"rate", rate_}, {"scale", factor_}});
            case shape::cosine:
                return composition("cosine_decay", {"rate=" + number_text(rate_), "final_rate=" + number_text(factor_),
                                                    "total=" + number_text(period_)});
            default:
                return number_text(rate_);
        }
    }

    shape shape_ = shape::constant;
    double rate_ = 0;
    double factor_ = 1;  // decay factor, scale or final rate
    std::uint64_t period_ = 1;
    std::array<std::uint64_t, max_milestones> milestones_{};
    std::size_t milestone_count_ = 0;
    double warm_from_ = 0;
    std::uint64_t warm_steps_ = 0;
};

//! Multiplies the rate by `factor` every `every` steps. Throws for factor outside (0, 1] or every = 0.
constexpr schedule step_decay(double rate, double factor, std::uint64_t every) {
    expect(factor > 0 && factor <= 1, "step_decay: the factor must be in (0, 1]");
    expect(every > 0, "step_decay: the period must be at least one step");
    schedule s(rate);
    s.shape_ = schedule::shape::step;
    s.factor_ = factor;
    s.period_ = every;
    return s;
}

//! Multiplies the rate by `factor` at each of the (increasing, at most 8) steps.
constexpr schedule milestone_decay(double rate, double factor, std::span<const std::uint64_t> steps) {
    expect(factor > 0 && factor <= 1, "milestone_decay: the factor must be in (0, 1]");
    expect(steps.size() <= schedule::max_milestones, "milestone_decay: at most 8 milestones");
    schedule s(rate);
    s.shape_ = schedule::shape::milestone;
    s.factor_ = factor;
    for (const std::uint64_t step : steps) {
        expect(s.milestone_count_ == 0 || s.milestones_[s.milestone_count_ - 1] < step,
               "milestone_decay: milestones must increase");
        s.milestones_[s.milestone_count_++] = step;
    }
    return s;
}

//! The usual image schedule: a tenth at 50 % and again at 75 % of `total` steps.
constexpr schedule half_and_three_quarters_decay(double rate, std::uint64_t total, double factor = 0.1) {
    expect(total >= 4, "half_and_three_quarters_decay: needs at least 4 steps");
    const std::array<std::uint64_t, 2> steps{total / 2, total / 4 * 3 + total % 4 * 3 / 4};
    return milestone_decay(rate, factor, steps);
}

//! rate at t < start, then rate factor^max(1, floor((t - start) / every)): the annealing of Leconte 2024, sec. 2.3, is
//! delayed_decay(1, 0.88, 50 epochs, 1 epoch). Throws for factor outside (0, 1] or every = 0.
constexpr schedule delayed_decay(double rate, double factor, std::uint64_t start, std::uint64_t every) {
    schedule s = step_decay(rate, factor, every);
    s.shape_ = schedule::shape::delayed;
    s.milestones_[0] = start;
    return s;
}

//! rate sqrt(scale / (scale + t)). Throws for scale <= 0.
constexpr schedule inverse_sqrt_decay(double rate, double scale = 1) {
    expect(scale > 0 && scale - scale == 0, "inverse_sqrt_decay: the scale must be positive and finite");
    schedule s(rate);
    s.shape_ = schedule::shape::inverse_sqrt;
    s.factor_ = scale;
    return s;
}

//! final + (rate - final) (1 + cos(pi t / total)) / 2 up to `total`, final after it (Loshchilov, Hutter 2017).
constexpr schedule cosine_decay(double rate, double final_rate, std::uint64_t total) {
    expect(final_rate >= 0 && final_rate - final_rate == 0,
           "cosine_decay: the final rate must be finite and not negative");
    expect(total > 0, "cosine_decay: the total must be at least one step");
    schedule s(rate);
    s.shape_ = schedule::shape::cosine;
    s.factor_ = final_rate;
    s.period_ = total;
    return s;
}

//! What their names and arguments are.
inline constexpr auto step_decay_description = describes_function(
    "step_decay", "rate * factor^floor(round / every)", step_decay, argument<double>("rate", "the first rate").from(0),
    argument<double>("factor", "per period").above(0).to(1),
    argument<std::uint64_t>("every", "rounds per period").from(1));
inline constexpr auto milestone_decay_description = describes_function(
    "milestone_decay", "rate * factor^(milestones that have passed)",
    [](double rate, double factor, const std::vector<std::uint64_t>& steps) {
        return milestone_decay(rate, factor, steps);
    },
    argument<double>("rate", "the first rate").from(0), argument<double>("factor", "per milestone").above(0).to(1),
    arguments_left<std::uint64_t>("steps", "the milestones, increasing, at most 8"));
inline constexpr auto delayed_decay_description = describes_function(
    "delayed_decay", "rate, from `start` on rate * factor^max(1, floor((round - start) / every))", delayed_decay,
    argument<double>("rate", "the first rate").from(0), argument<double>("factor", "per period").above(0).to(1),
    argument<std::uint64_t>("start", "rounds before it decays"),
    argument<std::uint64_t>("every", "rounds per period").from(1));
inline constexpr auto inverse_sqrt_decay_description = describes_function(
    "inverse_sqrt_decay", "rate * sqrt(scale / (scale + round))", inverse_sqrt_decay,
    argument<double>("rate", "the first rate").from(0),
    argument<double>("scale", "rounds until the rate has fallen by 1/sqrt(2)").above(0).otherwise("1"));
inline constexpr auto cosine_decay_description = describes_function(
    "cosine_decay", "half a cosine from rate to final_rate", cosine_decay,
    argument<double>("rate", "the first rate").from(0), argument<double>("final_rate", "from `total` on").from(0),
    argument<std::uint64_t>("total", "rounds").from(1));
inline constexpr auto warm_up_description = describes_function(
    "warm_up", "linear growth, then another schedule",
    [](const schedule& after, double from, std::uint64_t steps) { return after.warm_up(from, steps); },
    argument<schedule>("schedule", "what follows"), argument<double>("from", "the first rate").from(0),
    argument<std::uint64_t>("steps", "rounds of growth"));

}  // namespace frugal
