//! `minimax_mean`: the unbiased linear estimate of least worst-case error from vectors of unequal accuracy.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <frugal/aggregate/contribution.hpp>
#include <frugal/concepts.hpp>
#include <frugal/core/describe.hpp>
#include <frugal/core/exact.hpp>
#include <frugal/core/loan.hpp>

namespace frugal {

//! result = sum of y_i / v_i over sum of 1 / v_i, v_i = E||y_i - y*||^2 (Abdi 2020, lemma 2). Its error is 1 /
//! precision().
//!
//! Updated vector by vector: precision += 1/v;  estimate += (y - estimate) / (v precision). In double, so that it
//! agrees with the formula for all at once. O(d) memory. Terms are taken in the order of the calls.
class minimax_mean {
public:
    static constexpr bool coordinatewise = true;
    static constexpr auto describe() {
        return describes("minimax_mean", "weights by what messages say of their error: least worst-case error",
                         option("signal_variance", &minimax_mean::signal_variance_,
                                "of what senders compress; 0: only compression errs")
                             .from(0));
    }
    std::string name() const { return described_name(*this); }

    //! signal_variance: E||x_i - y*||^2 of what the senders compress, the same for all (0: only compression errs).
    explicit minimax_mean(double signal_variance = 0) : signal_variance_(signal_variance) { validate_described(*this); }

    void reset(std::size_t d) {
        estimate_.assign(d, 0.0);
        precision_ = 0;
        exact_ = 0;
    }
    //! weight: 1 / v, in any unit that is the same for all.
    void add(std::span<const float> y, float weight) {
        expect_weight(weight);
        combine(y, double(weight));
    }
    //! A message whose compressor knows the error it made (subtractive dither): v = (signal_variance + that error) /
    //! weight. Of any other: v = 1 / weight. Where v = 0 (a zero vector, without signal variance) the message is the
    //! truth, and the result is the mean of all such messages. Throws `invalid_input` for a message that only side
    //! information decodes. A refused message leaves no trace.
    template <Compressor C>
    void add(const C& compressor, const message& m, random_key k, float weight) {
        expect_weight(weight);
        expect_decodable_alone(compressor, k);
        const auto decoded = borrow<float>(estimate_.size());
        compressor.decompress(m, k, decoded);
        std::optional<double> error;
        if constexpr (requires { error = compressor.expected_error(m); }) {
            error = compressor.expected_error(m);
        }
        combine(decoded, error && weight > 0 ? double(weight) / (signal_variance_ + *error) : double(weight));
    }
    //! Takes in what another of the same dimension was given.
    void merge(const minimax_mean& other) {
        expect(other.estimate_.size() == estimate_.size(),
               "minimax_mean: only estimates of one dimension can be merged");
        join(other.estimate_, other.precision_, other.exact_);
    }
    void result(std::span<float> out) const {
        expect(out.size() == estimate_.size(),
               "minimax_mean: the output's length differs from the dimension given to reset");
        expect(precision_ > 0, "minimax_mean: nothing was added since reset");
        std::transform(estimate_.begin(), estimate_.end(), out.begin(), [](double e) { return static_cast<float>(e); });
    }

    std::span<const double> estimate() const { return estimate_; }
    //! gamma, the sum of 1 / v: the estimate's mean squared error is 1 / gamma.
    double precision() const { return precision_; }

private:
    void combine(std::span<const float> y, double precision) {
        expect(y.size() == estimate_.size(),
               "minimax_mean: a vector's length differs from the dimension given to reset");
        join(y, precision, is_finite(precision) ? 0 : 1);
    }
    //! y: an estimate of that precision, the mean of `exact` vectors without error if there are any.
    template <class Vector>
    void join(const Vector& y, double precision, std::uint64_t exact) {
        precision_ += precision;
        exact_ += exact;
        double share = precision > 0 ? precision / precision_ : 0;
        if (exact_ > 0) {
            share = static_cast<double>(exact) / static_cast<double>(exact_);
        }
        for (std::size_t i = 0; i < estimate_.size(); ++i) {
            estimate_[i] = multiply_add(share, double(y[i]) - estimate_[i], estimate_[i]);
        }
    }

    double signal_variance_;
    double precision_ = 0;
    std::uint64_t exact_ = 0;
    std::vector<double> estimate_;
};

}  // namespace frugal
