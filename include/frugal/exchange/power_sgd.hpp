//! `power_sgd`: low-rank gradients by one step of the power method, averaged between its halves (Vogels et al. 2019).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/exchange/exchange.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/linear.hpp>

namespace frugal {

//! M = x + r as rows x cols;  P = mean(M Q);  orthonormal columns of P;  Q = mean(M^T P);  x <- P Q^T, r <- M - P
//! Q_own^T.
//!
//! A compressor cannot await, so this is an exchange of two: (rows + cols) rank numbers instead of rows cols. Q is kept
//! from round to round (warm start), and drawn from common randomness at first. The inner exchanges should be exact.
//! Memory: a residual of rows cols floats. O(rows cols rank) a round.
template <Exchange E>
class power_sgd {
public:
    power_sgd(const E& inner, std::size_t rows, std::size_t cols, std::size_t rank)
        : rows_(rows), cols_(cols), rank_(rank), of_p_(inner), of_q_(inner) {
        expect(!has_server(inner), "power_sgd: every node contributes, so take an exchange without a server");
        expect(rank > 0 && rank <= rows && rank <= cols, "power_sgd: the rank must be from 1 to the smaller side");
    }

    decltype(auto) compressor() const { return of_p_.compressor(); }

    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        expect(echo.empty(), "power_sgd keeps its residual by itself: give it no feedback");
        expect(x.size() == rows_ * cols_, "power_sgd: the vector is no matrix of the rows and columns given");
        if (q_.empty()) {
            const random_stream stream = here.common_randomness(purposes::initialize);
            residual_.resize(x.size());
            q_.resize(cols_ * rank_);
            for (std::size_t i = 0; i < q_.size(); ++i) {
                q_[i] = stream.normal(i);
            }
        }
        const peer::codec_time time(here);
        kernels::add(residual_, x, residual_);
        p_.resize(rows_ * rank_);
        for (std::size_t k = 0; k < rank_; ++k) {
            for (std::size_t i = 0; i < rows_; ++i) {
                p_[k * rows_ + i] =
                    static_cast<float>(kernels::dot(residual_.data() + i * cols_, q_.data() + k * cols_, cols_));
            }
        }
        of_p_.begin(here.lane(0), p_);
    }
    task<> end(peer here, std::span<float> x) {
        co_await of_p_.end(here.lane(0), p_);
        orthonormalize();
        multiply_transposed();
        own_q_ = q_;
        co_await mean_of(of_q_, here.lane(1), q_);
        const peer::codec_time time(here);
        for (std::size_t i = 0; i < rows_; ++i) {
            const std::span<float> row = x.subspan(i * cols_, cols_),
                                   rest = std::span(residual_).subspan(i * cols_, cols_);
            std::fill(row.begin(), row.end(), 0.0f);
            for (std::size_t k = 0; k < rank_; ++k) {
                kernels::axpy(p_[k * rows_ + i], std::span(q_).subspan(k * cols_, cols_), row);
                kernels::axpy(-p_[k * rows_ + i], std::span(own_q_).subspan(k * cols_, cols_), rest);
            }
        }
    }
    void state(state_archive& a) {
        of_p_.state(a);
        of_q_.state(a);
        a(residual_);
        a(q_);
        a(p_);
    }

private:
    //! Gram and Schmidt, columns of P in order. A column that is none of its own becomes 0.
    void orthonormalize() {
        for (std::size_t k = 0; k < rank_; ++k) {
            float* const column = p_.data() + k * rows_;
            const double before = kernels::dot(column, column, rows_);
            for (std::size_t j = 0; j < k; ++j) {
                const float* const other = p_.data() + j * rows_;
                const auto along = static_cast<float>(kernels::dot(column, other, rows_));
                kernels::axpy(-along, std::span(other, rows_), std::span(column, rows_));
            }
            const double squared = kernels::dot(column, column, rows_);
            const auto factor = squared > 1e-12 * before ? static_cast<float>(1 / std::sqrt(squared)) : 0.0f;
            kernels::scale(factor, std::span<const float>(column, rows_), std::span(column, rows_));
        }
    }
    void multiply_transposed() {
        for (std::size_t k = 0; k < rank_; ++k) {
            const std::span<float> column = std::span(q_).subspan(k * cols_, cols_);
            std::fill(column.begin(), column.end(), 0.0f);
            for (std::size_t i = 0; i < rows_; ++i) {
                kernels::axpy(p_[k * rows_ + i], std::span<const float>(residual_).subspan(i * cols_, cols_), column);
            }
        }
    }

    std::size_t rows_;
    std::size_t cols_;
    std::size_t rank_;
    E of_p_;
    E of_q_;
    std::vector<float> residual_;
    std::vector<float> p_;      // rank columns of `rows` numbers, one after the other
    std::vector<float> q_;      // rank columns of `cols` numbers
    std::vector<float> own_q_;  // before it was averaged
};

}  // namespace frugal
