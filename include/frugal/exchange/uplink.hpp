//! `uplink<C, A>`: what the exchanges over a whole group share: vectors go out block by block, and are combined.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/exchange/exchange.hpp>

namespace frugal {

//! Settings of the exchanges that average over a whole group.
struct averaging_options {
    std::size_t block = 0;           //!< elements of a message; 0: the whole vector (of `sharded`: a node's part)
    bool contributes = false;        //!< of `server`: has number 0 a vector of its own to be averaged?
    bool downlink_feedback = false;  //!< what an answer's compressor loses is added to the next answer
    combination how{};
};

//! Encodes the blocks of a node's vector under consecutive legs, keeps those that stay with the node, and combines what
//! comes for a block with the node's own. route(encode) says which blocks go where: it calls encode(first, last,
//! deliver) for runs of blocks, and deliver(b, letter) sends a letter or gives it to `keep`.
//!
//! Senders that must agree on numbers first encode when the exchange ends, the others when it begins.
template <Compressor C, Aggregator A>
class uplink {
public:
    uplink(C codec, A aggregator, combination how)
        : channel_(std::move(codec)), combine_(std::move(aggregator), std::move(how)) {}

    const C& compressor() const { return channel_.codec(); }
    //! What this node encodes its vectors with, or the first block of them.
    C& sender() { return channel_.sender(); }
    const A& aggregator() const { return combine_.aggregator(); }
    void fit(const tensor_layout& layout) { channel_.fit(layout); }
    void weigh(std::vector<float> weights) { combine_.weigh(std::move(weights)); }
    block_cut cut(std::size_t d, std::size_t block) const { return block_cut::of(d, block, granule_of(compressor())); }

    template <class Route>
    void begin(const peer& here, std::span<const float> x, std::span<float> echo, const block_cut& cut, Route route) {
        if (channel_.agrees(x.size())) {
            detail::expect_no_echo(echo);
        } else {
            post(here, x, echo, cut, route);
        }
    }
    //! Before anything is received.
    template <class Route>
    task<> agree(peer here, std::span<const float> x, block_cut cut, Route route) {
        if (channel_.agrees(x.size())) {
            co_await channel_.agree(here, x, cut.size);
            post(here, x, std::span<float>(), cut, route);
        }
    }
    void keep(letter_ref content) { own_.push_back(std::move(content)); }

    //! part <- the aggregate of block b: of what was received and of the k-th letter kept, if there is one.
    void combine(const peer& here, std::size_t b, std::size_t k, std::span<const envelope> got, std::span<float> part) {
        detail::combine_received(here, combine_, channel_, first_ + static_cast<std::uint32_t>(b), got,
                                 k < own_.size() ? &*own_[k] : nullptr, part);
    }
    //! After all blocks were combined.
    void finish() { own_.clear(); }

    void state(state_archive& a) {
        channel_.state(a);
        combine_.state(a);
        a(first_);
        detail::state_of_letters(a, own_);
    }

private:
    template <class Route>
    void post(const peer& here, std::span<const float> x, std::span<float> echo, const block_cut& cut, Route route) {
        const peer::codec_time time(here);
        first_ = here.take_legs(static_cast<std::uint32_t>(cut.count()));
        own_.clear();
        route([&](std::size_t first, std::size_t last, auto deliver) {
            channel_.prepare(cut.count());
            detail::encode_in_order(
                here, first, last,
                [&](std::size_t b, message& m) {
                    channel_.encode(here, first_ + static_cast<std::uint32_t>(b), b, cut.part(x, b), m,
                                    echo.empty() ? echo : cut.part(echo, b));
                },
                deliver);
        });
    }

    channel<C> channel_;
    combiner<A> combine_;
    std::vector<letter_ref> own_;
    std::uint32_t first_ = 0;
};

}  // namespace frugal
