//! `all_gather`: everyone hears everyone, and combines for itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/exchange/exchange.hpp>
#include <frugal/exchange/server.hpp>

namespace frugal {

//! Every node sends C(x) to all others, and aggregates what came and its own message: one latency, n - 1 messages
//! received by each. The same bits as `server` whose number 0 contributes and whose downlink is exact.
template <Compressor C = identity, Aggregator A = mean>
class all_gather {
public:
    explicit all_gather(C codec = C(), A aggregator = A(), averaging_options options = {})
        : options_(std::move(options)), channel_(std::move(codec)), combine_(std::move(aggregator), options_.how) {}

    bool exact() const { return true; }
    const C& compressor() const { return channel_.codec(); }

    //! Sets the weights of the nodes of the population in the aggregate; empty: equal.
    void weigh(std::vector<float> weights) { combine_.weigh(std::move(weights)); }
    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        if (channel_.agrees(x.size())) {
            detail::expect_no_echo(echo);
        } else {
            post(here.lane(0), x, echo);
        }
    }
    task<> end(peer here, std::span<float> x) { return end(here, x, no_update()); }
    template <class Update>
    task<> end(peer here, std::span<float> x, Update update) {
        const peer near = here.lane(0);
        const block_cut cut = cut_of(x.size());
        if (channel_.agrees(x.size())) {
            co_await channel_.agree(near, x, cut.size);
            post(near, x, std::span<float>());
        }
        for (std::uint32_t b = 0; b < cut.count(); ++b) {
            const auto got = co_await near.receive_from_others();
            const peer::codec_time time(near);
            detail::combine_received(near, combine_, channel_, first_ + b, got, &*own_[b], cut.part(x, b));
        }
        own_.clear();
        update(std::size_t{0}, x);
    }
    void state(state_archive& a) {
        channel_.state(a);
        combine_.state(a);
        a(first_);
        detail::state_of_letters(a, own_);
    }

private:
    block_cut cut_of(std::size_t d) const { return block_cut::of(d, options_.block, granule_of(channel_.codec())); }

    void post(const peer& here, std::span<const float> x, std::span<float> echo) {
        const peer::codec_time time(here);
        const block_cut cut = cut_of(x.size());
        first_ = here.take_legs(static_cast<std::uint32_t>(cut.count()));
        own_.clear();
        channel_.prepare(cut.count());
        detail::encode_in_order(
            here, 0, cut.count(),
            [&](std::size_t b, message& m) {
                channel_.encode(here, first_ + static_cast<std::uint32_t>(b), b, cut.part(x, b), m,
                                echo.empty() ? echo : cut.part(echo, b));
            },
            [&](std::size_t, letter_ref content) {
                own_.push_back(content);
                here.send_to_others(std::move(content));
            });
    }

    averaging_options options_;
    channel<C> channel_;
    combiner<A> combine_;
    std::vector<letter_ref> own_;
    std::uint32_t first_ = 0;
};

}  // namespace frugal
