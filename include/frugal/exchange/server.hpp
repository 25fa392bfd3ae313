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
#include <frugal/exchange/exchange.hpp>

namespace frugal {

//! Settings of the exchanges that average over a whole group.
struct averaging_options {
    std::size_t block = 0;           //!< elements of a message; 0: the whole vector (of `sharded`: a node's part)
    bool contributes = false;        //!< of `server`: has number 0 a vector of its own to be averaged?
    bool downlink_feedback = false;  //!< what an answer's compressor loses is added to the next answer
    combination how{};
};

//! Uplink: every node but number 0 sends C_up(x) to it. Downlink: it sends C_down(aggregate) to all, once where the
//! network can. Number 0 applies to itself what the others decode, so all end with the same bits.
//! Memory: number 0 holds a vector of the aggregator's (four of them for 8 contributions and more).
template <Compressor Up = identity, Compressor Down = identity, Aggregator A = mean>
class server {
public:
    explicit server(Up up = Up(), Down down = Down(), A aggregator = A(), averaging_options options = {})
        : options_(std::move(options)),
          up_(std::move(up)),
          down_(std::move(down), options_.downlink_feedback),
          combine_(std::move(aggregator), options_.how) {}

    bool serves() const { return !options_.contributes; }
    bool exact() const { return down_.exact(); }
    const A& aggregator() const { return combine_.aggregator(); }
    const Up& compressor() const { return up_.codec(); }

    //! Sets the weights of the nodes of the population in the aggregate; empty: equal.
    void weigh(std::vector<float> weights) { combine_.weigh(std::move(weights)); }
    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        if (up_.agrees(x.size())) {
            detail::expect_no_echo(echo);
        } else {
            post(here.lane(0), x, echo);
        }
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
        const block_cut cut = block_cut::of(x.size(), options_.block, granule_of(down_.codec().codec()));
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
        combine_.state(a);
        a(first_);
        detail::state_of_letters(a, own_);
    }

private:
    block_cut cut_of(std::size_t d) const { return block_cut::of(d, options_.block, granule_of(up_.codec())); }

    void post(const peer& up, std::span<const float> x, std::span<float> echo) {
        const peer::codec_time time(up);
        const block_cut cut = cut_of(x.size());
        first_ = up.take_legs(static_cast<std::uint32_t>(cut.count()));
        own_.clear();
        if (up.self() == 0 && !options_.contributes) {
            return;
        }
        up_.prepare(cut.count());
        detail::encode_in_order(
            up, 0, cut.count(),
            [&](std::size_t b, message& m) {
                up_.encode(up, first_ + static_cast<std::uint32_t>(b), b, cut.part(x, b), m,
                           echo.empty() ? echo : cut.part(echo, b));
            },
            [&](std::size_t, letter_ref content) {
                if (up.self() == 0) {
                    own_.push_back(std::move(content));
                } else {
                    up.send(0, std::move(content));
                }
            });
    }
    task<> gather(peer up, std::span<float> x) {
        const block_cut cut = cut_of(x.size());
        if (up_.agrees(x.size())) {
            co_await up_.agree(up, x, cut.size);
            post(up, x, std::span<float>());
        }
        if (up.self() != 0) {
            co_return;
        }
        for (std::uint32_t b = 0; b < cut.count(); ++b) {
            const auto got = co_await up.receive_from_others();
            const peer::codec_time time(up);
            detail::combine_received(up, combine_, up_, first_ + b, got, own_.empty() ? nullptr : &*own_[b],
                                     cut.part(x, b));
        }
        own_.clear();
    }

    averaging_options options_;
    channel<Up> up_;
    downlink<Down> down_;
    combiner<A> combine_;
    std::vector<letter_ref> own_;
    std::uint32_t first_ = 0;
};

}  // namespace frugal
