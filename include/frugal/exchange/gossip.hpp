//! `gossip`: averaging with the neighbours in a graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/exchange/exchange.hpp>
#include <frugal/kernels/mix.hpp>
#include <frugal/kernels/zip.hpp>
#include <frugal/mix/mixing_matrix.hpp>
#include <frugal/mix/row.hpp>

namespace frugal {

//! x_i <- x_i + sum_j w_ij (C(s_j) - C(s_i)), s: what was begun with. With exact messages and s = x that is x <- W x;
//! if x has moved since `begin`, it is the order of Lian et al. 2017 that hides communication behind a gradient.
//!
//! The mean over all nodes stays, whatever C loses. Consensus is as exact as C: use `choco` where it is coarse. Nodes
//! of the matrix are numbers of the group. d floats of memory, none for exact messages.
template <MixingMatrix W = mixing_matrix, Compressor C = identity>
class gossip {
public:
    explicit gossip(W matrix, C codec = C())
        : matrix_(std::make_shared<const W>(std::move(matrix))), channel_(std::move(codec)) {}

    const C& compressor() const { return channel_.codec(); }
    const W& matrix() const { return *matrix_; }

    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        expect(matrix_->size() == here.size(), "gossip: the mixing matrix has another number of nodes than the group");
        find_row(here);
        leg_ = here.take_legs();
        if (row_.size() == 0) {
            return;
        }
        const peer::codec_time time(here);
        letter_ref own = here.draft();
        if constexpr (views_messages) {
            channel_.encode(here, leg_, 0, x, *own, echo);
            own_.assign(1, own);
        } else {
            sent_.resize(x.size());
            channel_.encode(here, leg_, 0, x, *own, sent_);
            if (!echo.empty()) {
                std::copy(sent_.begin(), sent_.end(), echo.begin());
            }
        }
        here.send(row_.nodes, std::move(own));
    }
    task<> end(peer here, std::span<float> x) {
        find_row(here);
        if (row_.size() == 0) {
            co_return;
        }
        const auto got = co_await here.receive(row_.nodes);
        const peer::codec_time time(here);
        if constexpr (views_messages) {
            views_.clear();
            for (const envelope& e : got) {
                channel_.open(here, leg_, e, [&](const C& c, const message& m, random_key k) {
                    views_.push_back(c.view(m, k));
                    expect_message(views_.back().size() == x.size(), "a neighbour's vector has another dimension");
                });
            }
            kernels::mix(x, channel_.codec().view(*own_[0], here.key(leg_, here.self())), views_, row_.weights);
        } else {
            borrowed_vector sum = here.borrow(x.size());
            std::fill_n(sum.span().begin(), x.size(), 0.0f);
            for (std::size_t k = 0; k < row_.size(); ++k) {
                channel_.decode_add(here, leg_, got[k], row_.weights[k], sum);
            }
            kernels::zip(
                x.size(),
                [high = row_.weight_sum, low = row_.weight_sum_rest]<class T>(T& v, const T& s, const T& own) {
                    v = v + multiply_add(T(-high), own, multiply_add(T(-low), own, s));
                },
                x.data(), std::span<const float>(sum).data(), std::as_const(sent_).data());
        }
        own_.clear();
    }
    void state(state_archive& a) {
        channel_.state(a);
        a(sent_);
        a(leg_);
        detail::state_of_letters(a, own_);
    }

private:
    static constexpr bool views_messages = requires(const C c, const message& m, random_key k) { c.view(m, k); };

    void find_row(const peer& here) {
        if (row_of_ != here.self() || row_.size() == 0) {
            row_ = mixing_row(*matrix_, here.self());
            row_of_ = here.self();
        }
    }

    std::shared_ptr<const W> matrix_;  // one for all nodes
    channel<C> channel_;
    mixing_row row_;
    std::uint32_t row_of_ = 0;
    std::uint32_t leg_ = 0;
    std::vector<letter_ref> own_;  // at most one
    std::vector<float> sent_;
    std::vector<std::span<const float>> views_;
};

}  // namespace frugal
