//! `choco_exchange`: averaging with neighbours by compressed differences (Koloskova, Stich, Jaggi 2019).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/compress/laws.hpp>
#include <frugal/exchange/exchange.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/linear.hpp>
#include <frugal/mix/mixing_matrix.hpp>
#include <frugal/mix/row.hpp>

namespace frugal {

//! The step size for which CHOCO-Gossip is proven to contract by 1 - rho^2 delta / 82 per round; usable ones are 10^2
//! to 10^4 times larger. rho: spectral gap; beta: ||I - W||; delta: the compressor's contraction, in (0, 1].
inline double choco_theoretical_step(double rho, double beta, double delta) {
    expect(rho > 0 && rho <= 1 && beta >= 0 && beta <= 2 && delta > 0 && delta <= 1,
           "choco_theoretical_step: needs rho in (0, 1], beta in [0, 2] and delta in (0, 1]");
    return rho * rho * delta / (16 * rho + rho * rho + 4 * beta * beta + 2 * rho * beta * beta - 8 * rho * delta);
}

//! q_i = C(x_i - h_i);  h_i += q_i;  z_i += sum_j w_ij (q_j - q_i);  x_i += gamma z_i, for any contraction C: h_i is
//! what all neighbours know of x_i, z_i = sum_j w_ij (h_j - h_i). Converges to the exact mean however coarse C is, if
//! gamma is small enough.
//!
//! Memory: d floats for h, d doubles for z, d floats for what x's rounding loses, whatever the degree; so the mean over
//! all nodes stays within rounding for any number of rounds.
template <MixingMatrix W = mixing_matrix, Compressor C = identity>
class choco_exchange {
public:
    //! consensus_step: gamma in (0, 1]; too large diverges. Throws where C is no contraction.
    choco_exchange(W matrix, C codec, float consensus_step = 0.2f)
        : matrix_(std::make_shared<const W>(std::move(matrix))), channel_(std::move(codec)), gamma_(consensus_step) {
        expect(gamma_ > 0 && gamma_ <= 1, "choco: the consensus step must be in (0, 1]");
        require_contraction(channel_.codec(), 1024, "choco");
    }

    const C& compressor() const { return channel_.codec(); }
    //! What the neighbours know of this node's vector.
    std::span<const float> known() const { return known_; }

    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        expect(echo.empty(), "choco keeps what its compressor loses by itself: give it no feedback");
        expect(matrix_->size() == here.size(), "choco: the mixing matrix has another number of nodes than the group");
        if (known_.size() != x.size()) {
            expect(known_.empty(), "choco was begun with a vector of another length: keep one exchange per vector");
            known_.resize(x.size());
            drift_.resize(x.size());
            lost_.resize(x.size());
        }
        find_row(here);
        const peer::codec_time time(here);
        leg_ = here.take_legs();
        borrowed_vector difference = here.borrow(x.size()), q = here.borrow(x.size());
        kernels::subtract(x, known_, difference);
        letter_ref content = here.draft();
        channel_.encode(here, leg_, 0, difference, *content, q);
        here.send(row_->nodes, std::move(content));
        kernels::add(known_, q, known_);
        add_to_drift(-row_->weight_sum, q);
        add_to_drift(-row_->weight_sum_rest, q);
    }
    task<> end(peer here, std::span<float> x) {
        find_row(here);
        const auto got = co_await here.receive(row_->nodes);
        const peer::codec_time time(here);
        borrowed_vector q = here.borrow(x.size());
        for (std::size_t k = 0; k < row_->size(); ++k) {
            channel_.decode(here, leg_, got[k], q);
            add_to_drift(row_->weights[k], q);
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double moved = static_cast<double>(x[i]) + static_cast<double>(lost_[i]) +
                                 rounded(static_cast<double>(gamma_) * drift_[i]);
            x[i] = static_cast<float>(moved);
            lost_[i] = static_cast<float>(moved - static_cast<double>(x[i]));
        }
    }
    void state(state_archive& a) {
        channel_.state(a);
        a(known_);
        a(drift_);
        a(lost_);
        a(leg_);
        expect_message(drift_.size() == known_.size() && lost_.size() == known_.size(), "a saved exchange is damaged");
    }

private:
    void find_row(const peer& here) {
        if (!row_) {
            row_.emplace(*matrix_, here.self());
        }
    }
    void add_to_drift(float weight, std::span<const float> q) {
        const float* const row = q.data();
        kernels::add_weighted_rows(&row, 1, &weight, 1, drift_.data(), q.size());
    }

    std::shared_ptr<const W> matrix_;  // one for all nodes
    channel<C> channel_;
    float gamma_;
    std::optional<mixing_row> row_;
    std::uint32_t leg_ = 0;
    std::vector<float> known_;
    std::vector<double> drift_;
    std::vector<float> lost_;
};

}  // namespace frugal
