//! `server`: number 0 of the group collects from all others, combines, and answers all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/exchange/downlink.hpp>
#include <frugal/exchange/uplink.hpp>

namespace frugal {

//! Uplink: every node but number 0 sends C_up(x) to it. Downlink: it sends C_down(aggregate) to all, once where the
//! network can. Number 0 applies to itself what the others decode, so all end with the same bits.
//! Memory: number 0 holds a vector of the aggregator's (four of them for 8 contributions and more).
template <Compressor Up = identity, Compressor Down = identity, Aggregator A = mean>
class server {
public:
    explicit server(Up up = Up(), Down down = Down(), A aggregator = A(), averaging_options options = {})
        : block_(options.block),
          contributes_(options.contributes),
          up_(std::move(up), std::move(aggregator), std::move(options.how)),
          down_(std::move(down), options.downlink_feedback) {}

    bool serves() const { return !contributes_; }
    bool exact() const { return down_.exact(); }
    const A& aggregator() const { return up_.aggregator(); }
    const Up& compressor() const { return up_.compressor(); }
    //! What this node encodes its vectors with, or the first block of them.
    Up& sender() { return up_.sender(); }

    void fit(const tensor_layout& layout) {
        up_.fit(layout);
        down_.fit(layout);
    }
    //! Sets the weights of the nodes of the population in the aggregate; empty: equal.
    void weigh(std::vector<float> weights) { up_.weigh(std::move(weights)); }
    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        const peer up = here.lane(0);
        const block_cut cut = up_.cut(x.size(), block_);
        up_.begin(up, x, echo, cut, route(up, cut));
    }
    task<> end(peer here, std::span<float> x) { return end(here, x, no_update()); }
    template <class Update>
    task<> end(peer here, std::span<float> x, Update update) {
        co_await gather(here.lane(0), x);
        if (here.self() == 0) {
            update(std::size_t{0}, x);
        }
        co_await spread(here, x);
    }
    //! At number 0: x <- the aggregate of all contributions. Elsewhere x is sent and left as it is.
    task<> collect(peer here, std::span<float> x) {
        begin(here, x);
        co_await gather(here.lane(0), x);
    }
    //! x <- number 0's x, as its downlink compressor gives it.
    task<> spread(peer here, std::span<float> x) {
        const peer down = here.lane(1);
        const block_cut cut = block_cut::of(x.size(), block_, granule_of(down_.codec().codec()));
        const std::uint32_t first = down.take_legs(static_cast<std::uint32_t>(cut.count()));
        if (here.self() != 0) {
            for (std::uint32_t b = 0; b < cut.count(); ++b) {
                const auto got = co_await down.receive(0);
                const peer::codec_time time(down);
                down_.decode(down, first + b, got[0], cut.part(x, b));
            }
            co_return;
        }
        const peer::codec_time time(down);
        down_.prepare(down, x.size(), cut.count());
        detail::encode_in_order(
            down, 0, cut.count(),
            [&](std::size_t b, message& m) {
                down_.encode(down, first + static_cast<std::uint32_t>(b), b, cut.first(b), cut.part(x, b), m);
            },
            [&](std::size_t, letter_ref content) { down.send_to_others(std::move(content)); });
    }
    void state(state_archive& a) {
        up_.state(a);
        down_.state(a);
    }

private:
    //! All blocks go to number 0.
    auto route(const peer& up, const block_cut& cut) {
        return [this, up, count = cut.count()](auto encode) {
            if (up.self() == 0 && !contributes_) {
                return;
            }
            encode(std::size_t{0}, count, [&](std::size_t, letter_ref content) {
                up.self() == 0 ? up_.keep(std::move(content)) : up.send(0, std::move(content));
            });
        };
    }
    task<> gather(peer up, std::span<float> x) {
        const block_cut cut = up_.cut(x.size(), block_);
        const auto to_server = route(up, cut);
        co_await up_.agree(up, x, cut, to_server);
        if (up.self() != 0) {
            co_return;
        }
        for (std::size_t b = 0; b < cut.count(); ++b) {
            const auto got = co_await up.receive_from_others();
            const peer::codec_time time(up);
            up_.combine(up, b, b, got, cut.part(x, b));
        }
        up_.finish();
    }

    std::size_t block_;
    bool contributes_;
    uplink<Up, A> up_;
    downlink<Down> down_;
};

}  // namespace frugal
