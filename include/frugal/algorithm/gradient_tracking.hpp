//! Gradient tracking: decentralized training that is exact on different objectives (Nedic, Olshevsky, Shi 2017).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/algorithm/decentralized.hpp>
#include <frugal/exchange/gossip.hpp>
#include <frugal/kernels/elementwise.hpp>

namespace frugal {

//! x <- W (x - eta y);  y <- W y + g(x) - g(x before): y follows the mean gradient. Both exchanges are under way at
//! once.
template <class Step, Exchange E>
class gradient_tracking_node {
public:
    gradient_tracking_node(Step step, const E& exchange, std::vector<float> initial)
        : step_(std::move(step)), of_x_(exchange), of_y_(exchange), x_(std::move(initial)) {}

    task<> round(peer here) {
        borrowed_vector g = here.borrow(x_.size());
        report(here, step_.gradient(x_, here.round(), g));
        last_.resize(x_.size());
        tracker_.resize(x_.size());
        kernels::add(tracker_, g, tracker_);
        kernels::subtract(tracker_, last_, tracker_);
        std::ranges::copy(g.span(), last_.begin());
        g.give_back();
        step_.apply(x_, tracker_, here.round());
        of_x_.begin(here.lane(0), x_);
        of_y_.begin(here.lane(1), tracker_);
        co_await of_x_.end(here.lane(0), x_);
        co_await of_y_.end(here.lane(1), tracker_);
    }
    std::span<const float> parameters() const { return x_; }
    void state(state_archive& a) {
        state_of_model(a, x_);
        a(tracker_);
        a(last_);
        of_x_.state(a);
        of_y_.state(a);
        step_.state(a);
    }

private:
    Step step_;
    E of_x_;
    E of_y_;
    std::vector<float> x_;
    std::vector<float> tracker_;
    std::vector<float> last_;
};

//! Nodes on the graph of `w`, one per row; deterministic gradients (`full_batch`) converge to the minimum of the mean
//! objective however much the objectives differ. objective, batches: as for `synchronous`.
template <MixingMatrix W, class F, class B, LocalOptimizer O, Compressor C = identity>
auto gradient_tracking(std::uint64_t seed, const W& w, const F& objective, const std::vector<float>& initial,
                       const B& batches, O optimizer, C compressor = C()) {
    const auto step_of = steps_of(objective, batches, std::move(optimizer), initial.size());
    const gossip exchange(w, std::move(compressor));
    using node = gradient_tracking_node<decltype(step_of(0)), gossip<W, C>>;
    return population<node>(
        w.size(), seed, [=](std::uint32_t i) { return node(step_of(i), exchange, initial); }, digest_of(initial));
}

}  // namespace frugal
