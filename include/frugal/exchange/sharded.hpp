//! `sharded`: reduce-scatter, then all-gather, both compressed, block by block.
#pragma once

#include <concepts>
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

//! Every node owns a part of the vector: it receives C_up of that part from all others, combines, and sends
//! C_down(aggregate) to all. No node sends or receives more than 2 (n - 1) / n of a vector, and no link is idle.
//!
//! Blocks are in flight while others are worked on; 64 Ki elements keep them in the cache. With the same blocks, the
//! same bits as `server` whose number 0 contributes, if each aggregates coordinatewise.
template <Compressor Up = identity, Compressor Down = Up, Aggregator A = mean>
class sharded {
public:
    sharded()
        requires std::default_initializable<Up>
        : sharded(Up()) {}
    //! One compressor for both directions.
    explicit sharded(Up both)
        requires std::same_as<Up, Down>
        : sharded(both, both) {}
    sharded(Up up, Down down, A aggregator = A(), averaging_options options = {.block = 65536})
        : block_(options.block),
          up_(std::move(up), std::move(aggregator), std::move(options.how)),
          down_(std::move(down), options.downlink_feedback) {
        static_assert(is_coordinatewise<A>,
                      "sharded: the parts of a vector are aggregated apart, which this Aggregator does not allow");
    }

    bool exact() const { return down_.exact(); }
    const Up& compressor() const { return up_.compressor(); }

    void fit(const tensor_layout& layout) {
        up_.fit(layout);
        down_.fit(layout);
    }
    //! Sets the weights of the nodes of the population in the aggregate; empty: equal.
    void weigh(std::vector<float> weights) { up_.weigh(std::move(weights)); }
    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        const peer up = here.lane(0);
        const block_cut cut = cut_of(x.size(), up.size());
        up_.begin(up, x, echo, cut, route(up, cut));
    }
    task<> end(peer here, std::span<float> x) { return end(here, x, no_update()); }
    template <class Update>
    task<> end(peer here, std::span<float> x, Update update) {
        const peer up = here.lane(0), down = here.lane(1);
        const block_cut cut = cut_of(x.size(), here.size());
        const auto to_owners = route(up, cut);
        co_await up_.agree(up, x, cut, to_owners);
        const std::size_t mine = cut.first_of(here.self(), here.size()),
                          others = cut.first_of(here.self() + 1, here.size());
        const std::uint32_t first = down.take_legs(static_cast<std::uint32_t>(cut.count()));
        down_.prepare(down, cut.first(others) - cut.first(mine), others - mine);
        for (std::size_t b = mine; b < others; ++b) {
            const auto got = co_await up.receive_from_others();
            const peer::codec_time time(here);
            const std::span<float> part = cut.part(x, b);
            up_.combine(up, b, b - mine, got, part);
            update(cut.first(b), part);
            letter_ref content = down.draft();
            down_.encode(down, first + static_cast<std::uint32_t>(b), b - mine, cut.first(b) - cut.first(mine), part,
                         *content);
            down.send_to_others(std::move(content));
        }
        up_.finish();
        for (std::uint32_t owner = 0; owner < here.size(); ++owner) {
            const std::size_t last = cut.first_of(owner + 1, here.size());
            for (std::size_t b = cut.first_of(owner, here.size()); b < last && owner != here.self(); ++b) {
                const auto got = co_await down.receive(owner);
                const peer::codec_time time(here);
                down_.decode(down, first + static_cast<std::uint32_t>(b), got[0], cut.part(x, b));
            }
        }
    }
    void state(state_archive& a) {
        up_.state(a);
        down_.state(a);
    }

private:
    block_cut cut_of(std::size_t d, std::size_t n) const { return up_.cut(d, block_ > 0 ? block_ : (d + n - 1) / n); }
    //! Each block goes to its owner; everyone begins with another one.
    auto route(const peer& up, const block_cut& cut) {
        return [this, up, cut](auto encode) {
            const std::uint32_t n = up.size();
            for (std::uint32_t step = 1; step <= n; ++step) {
                const std::uint32_t to = (up.self() + step) % n;
                encode(cut.first_of(to, n), cut.first_of(to + 1, n), [&](std::size_t, letter_ref content) {
                    to == up.self() ? up_.keep(std::move(content)) : up.send(to, std::move(content));
                });
            }
        };
    }

    std::size_t block_;
    uplink<Up, A> up_;
    downlink<Down> down_;
};

template <Compressor C>
sharded(C) -> sharded<C, C, mean>;

}  // namespace frugal
