//! `all_gather`: everyone hears everyone, and combines for itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/exchange/uplink.hpp>

namespace frugal {

//! Every node sends C(x) to all others, and aggregates what came and its own message: one latency, n - 1 messages
//! received by each. The same bits as `server` whose number 0 contributes and whose downlink is exact.
template <Compressor C = identity, Aggregator A = mean>
class all_gather {
public:
    explicit all_gather(C codec = C(), A aggregator = A(), averaging_options options = {})
        : block_(options.block), up_(std::move(codec), std::move(aggregator), std::move(options.how)) {}

    bool exact() const { return true; }
    const C& compressor() const { return up_.compressor(); }
    //! What this node encodes its vectors with, or the first block of them.
    C& sender() { return up_.sender(); }

    void fit(const tensor_layout& layout) { up_.fit(layout); }
    //! Sets the weights of the nodes of the population in the aggregate; empty: equal.
    void weigh(std::vector<float> weights) { up_.weigh(std::move(weights)); }
    void begin(peer here, std::span<const float> x, std::span<float> echo = {}) {
        const peer near = here.lane(0);
        const block_cut cut = up_.cut(x.size(), block_);
        up_.begin(near, x, echo, cut, route(near, cut));
    }
    task<> end(peer here, std::span<float> x) { return end(here, x, no_update()); }
    template <class Update>
    task<> end(peer here, std::span<float> x, Update update) {
        const peer near = here.lane(0);
        const block_cut cut = up_.cut(x.size(), block_);
        const auto to_all = route(near, cut);
        co_await up_.agree(near, x, cut, to_all);
        for (std::size_t b = 0; b < cut.count(); ++b) {
            const auto got = co_await near.receive_from_others();
            const peer::codec_time time(near);
            up_.combine(near, b, b, got, cut.part(x, b));
        }
        up_.finish();
        update(std::size_t{0}, x);
    }
    void state(state_archive& a) { up_.state(a); }

private:
    //! All blocks go to everyone, and stay here, too.
    auto route(const peer& near, const block_cut& cut) {
        return [this, near, count = cut.count()](auto encode) {
            encode(std::size_t{0}, count, [&](std::size_t, letter_ref content) {
                up_.keep(content);
                near.send_to_others(std::move(content));
            });
        };
    }

    std::size_t block_;
    uplink<C, A> up_;
};

}  // namespace frugal
