//! Linear least squares, with optional ridge penalty.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/kernels/linear.hpp>
#include <frugal/objective/batch.hpp>
#include <frugal/objective/scratch.hpp>

namespace frugal {

//! f(w) = mean over the batch of 1/2 (x.w - y)^2, plus l2 / 2 ||w||^2.
//!
//! Sums are in double and in the order of the batch: the same bits on every machine. Copies share the data and have
//! working memory of their own; one object serves one thread at a time.
class least_squares {
public:
    //! Throws `invalid_input` for an empty data set, or unless l2 is finite and >= 0.
    explicit least_squares(regression_dataset data, float l2 = 0) : data_(data), l2_(l2) {
        expect(!data_.empty(), "least squares needs at least one sample");
        expect(l2 >= 0 && std::isfinite(l2), "the l2 penalty of least squares must be finite and >= 0");
    }

    std::size_t dimension() const { return data_.dimension(); }
    std::size_t samples() const { return data_.size(); }
    const regression_dataset& data() const { return data_; }

    //! f(w). O(batch dimension).
    double value(std::span<const float> w, sample_indices batch) const { return loss(w, batch, nullptr); }

    //! f(w) and, in g, its gradient. O(batch dimension); allocates nothing once warm.
    //! Throws `invalid_input` for spans of other sizes and samples that do not exist.
    double value_and_gradient(std::span<const float> w, sample_indices batch, std::span<float> g) {
        detail::expect_size(g.size(), dimension(), "the gradient");
        const auto sums = sums_.get(dimension());
        const double f = loss(w, batch, sums.data());
        for (std::size_t j = 0; j < g.size(); ++j) {
            g[j] = static_cast<float>(sums[j]);
        }
        return f;
    }

    std::string name() const { return "least_squares"; }

private:
    double loss(std::span<const float> w, sample_indices batch, double* sums) const {
        detail::expect_size(w.size(), dimension(), "the parameters");
        const resolved_batch samples(batch, data_.size());
        const auto count = static_cast<double>(samples.size());
        double squares = 0;
        if (l2_ > 0) {
            squares = rounded(rounded(static_cast<double>(l2_) * kernels::dot(w.data(), w.data(), w.size())) * count);
        }
        if (sums != nullptr) {
            for (std::size_t j = 0; j < w.size(); ++j) {
                sums[j] = static_cast<double>(l2_) * static_cast<double>(w[j]);
            }
        }
        constexpr std::size_t block = 32;
        std::array<const float*, block> rows;
        std::array<float, block> weights;
        for (std::size_t k = 0; k < samples.size();) {
            std::size_t filled = 0;
            for (; filled < block && k < samples.size(); ++filled, ++k) {
                const std::size_t i = samples[k];
                rows[filled] = data_.row(i).data();
                const double residual =
                    kernels::dot(rows[filled], w.data(), w.size()) - static_cast<double>(data_.label(i));
                squares += rounded(residual * residual);
                weights[filled] = static_cast<float>(residual / count);
            }
            if (sums != nullptr) {
                kernels::add_weighted_rows(rows.data(), filled, weights.data(), 1, sums, w.size());
            }
        }
        return 0.5 * squares / count;
    }

    regression_dataset data_;
    float l2_;
    scratch<double> sums_;
};

}  // namespace frugal
