//! `delayed`: an exchange that ends some rounds after it began.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/exchange/exchange.hpp>

namespace frugal {

//! What begins in round t ends in round t + delay: messages have so many rounds to arrive while nodes compute. Call
//! `begin` and `end` in every round: `end` gives x the mean of the vectors of `delay` rounds ago, and leaves x in the
//! first ones. What is under way belongs to checkpoints.
//!
//! Meant for averaging exchanges of gradients or differences: a late mean is a late step, which converges for step
//! sizes of the order 1 / (L delay). Of exchanges whose `end` takes x as it is then (gossip), that is so here too: x
//! then moves by the disagreement of `delay` rounds ago, which oscillates and grows unless the weights 1 - w_ii are
//! small (1 - lambda < 2 sin(pi / (4 delay + 2)) for each eigenvalue lambda of W).
template <Exchange E>
class delayed {
public:
    delayed(const E& prototype, std::uint32_t delay) : under_way_(delay + std::size_t{1}, prototype) {
        expect(delay <= 100, "delayed: the delay must be at most 100 rounds");
    }

    std::uint64_t delay() const { return under_way_.size() - 1; }
    bool serves() const { return has_server(under_way_[0]); }
    decltype(auto) compressor() const { return under_way_[0].compressor(); }

    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        const std::uint64_t t = here.round();
        slot(t).begin(lane_of(here, t), x, echo);
    }
    task<> end(peer here, std::span<float> x) {
        if (here.round() >= delay()) {
            const std::uint64_t t = here.round() - delay();
            co_await slot(t).end(lane_of(here, t), x);
        }
    }
    void state(state_archive& a) {
        for (E& e : under_way_) {
            e.state(a);
        }
    }

private:
    E& slot(std::uint64_t t) { return under_way_[t % under_way_.size()]; }
    peer lane_of(const peer& here, std::uint64_t t) const {
        return here.lane(static_cast<std::uint32_t>(t % under_way_.size())).lasting(t);
    }

    std::vector<E> under_way_;
};

}  // namespace frugal
