//! `power_sgd`: low-rank gradients by one step of the power method, averaged between its halves (Vogels et al. 2019).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/exchange/exchange.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/low_rank.hpp>

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
        kernels::multiply_by_columns(residual_, cols_, q_, rank_, p_);
        of_p_.begin(here.lane(0), p_);
    }
    task<> end(peer here, std::span<float> x) {
        co_await of_p_.end(here.lane(0), p_);
        kernels::orthonormalize(p_, rank_);
        kernels::multiply_transposed_by_columns(residual_, cols_, p_, rank_, q_);
        own_q_ = q_;
        co_await mean_of(of_q_, here.lane(1), q_);
        const peer::codec_time time(here);
        std::ranges::fill(x, 0.0f);
        kernels::add_outer_product(1, p_, q_, rank_, cols_, x);
        kernels::add_outer_product(-1, p_, own_q_, rank_, cols_, residual_);
    }
    void state(state_archive& a) {
        of_p_.state(a);
        of_q_.state(a);
        a(residual_);
        a(q_);
        a(p_);
    }

private:
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
