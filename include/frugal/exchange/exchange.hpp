//! What an Exchange is, and what all of them share.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <frugal/compress/laws.hpp>
#include <frugal/compress/properties.hpp>
#include <frugal/concepts.hpp>
#include <frugal/exchange/blocks.hpp>
#include <frugal/exchange/combiner.hpp>
#include <frugal/node/peer.hpp>

namespace frugal {

//! Turns a vector into a mean, over all nodes of a group or over neighbours, in two halves.
//!
//! begin(here, x, echo): encodes x and sends it; echo, unless empty, becomes what the others will decode of it.
//! end(here, x): receives, and combines into x; of exchanges with neighbours, with x as it is by then. Between the
//! halves a node may compute or begin another exchange; it may end in a later round than it began in on a lane that is
//! `lasting` (see exchange/delayed.hpp). All nodes of the group must call both, in the same order on each lane.
//! state(archive): all that its method remembers between rounds.
template <class E>
concept Exchange =
    std::movable<E> && requires(E e, peer here, std::span<float> x, std::span<const float> sent, state_archive& a) {
        e.begin(here, sent, x);
        { e.end(here, x) } -> std::same_as<task<>>;
        e.state(a);
    };

//! An Exchange whose result is the same at all nodes, and is reduced where `update` can work on it: end(here, x,
//! update) calls update(first, part) for the parts of the aggregate at the nodes that hold them, before they are sent
//! on. exact(): whether all get the aggregate itself. weigh(weights): of the nodes, in the aggregate. Some have
//! fit(layout), which tells their compressors which tensors the vectors hold.
template <class E>
concept AveragingExchange = Exchange<E> && requires(E e, const E ce, peer here, std::span<float> x,
                                                    void (*update)(std::size_t, std::span<float>)) {
    { e.end(here, x, update) } -> std::same_as<task<>>;
    { ce.exact() } -> std::same_as<bool>;
    e.weigh(std::vector<float>());
};

//! Does number 0 serve the others, so that the exchange has no use for a vector of its own? Such an exchange has
//! `serves()`, as have those that wrap one.
template <class E>
constexpr bool has_server(const E& exchange) {
    if constexpr (requires { bool{exchange.serves()}; }) {
        return exchange.serves();
    } else {
        return false;
    }
}

//! What holds of the vectors of d elements that nodes send by an exchange: its `laws_for(d)`, if it corrects what its
//! compressor loses or has several, or the laws of its compressor.
template <class E>
laws laws_of_sent(const E& exchange, std::size_t d) {
    if constexpr (requires { exchange.laws_for(d); }) {
        return exchange.laws_for(d);
    } else {
        return laws_of(exchange.compressor(), d);
    }
}

//! The update of a mean that leaves it as it is.
struct no_update {
    void operator()(std::size_t, std::span<float>) const {}
};

//! Both halves of an exchange: x becomes the mean.
template <Exchange E>
task<> mean_of(E& exchange, peer here, std::span<float> x) {
    exchange.begin(here, x, std::span<float>());
    co_await exchange.end(here, x);
}
template <AveragingExchange E, class Update>
task<> mean_of(E& exchange, peer here, std::span<float> x, Update update) {
    exchange.begin(here, x, std::span<float>());
    co_await exchange.end(here, x, std::move(update));
}

namespace detail {

//! Saves or restores a node's own messages of an exchange that was begun and not yet ended.
inline void state_of_letters(state_archive& a, std::vector<letter_ref>& letters) {
    std::uint64_t count = letters.size();
    a(count);
    letter_pool restored;
    if (!a.saving()) {
        letters.clear();
    }
    for (std::uint64_t k = 0; k < count; ++k) {
        std::vector<std::byte> bytes;
        if (a.saving()) {
            bytes.assign(letters[k]->bytes().begin(), letters[k]->bytes().end());
        }
        a(bytes);
        if (!a.saving()) {
            letters.push_back(restored.take());
            letters.back()->assign(bytes);
        }
    }
}

//! An exchange whose senders agree on numbers first encodes when it ends, too late to say what it will send.
inline void expect_no_echo(std::span<const float> echo) {
    expect(echo.empty(),
           "a compressor whose senders agree on numbers cannot be used where what is lost is kept: "
           "feedback and diana need a compressor that encodes at once");
}

//! encode(b, message) for blocks [first, last), as many at once as there are threads; deliver(b, letter) in order.
template <class Encode, class Deliver>
void encode_in_order(const peer& here, std::size_t first, std::size_t last, Encode encode, Deliver deliver) {
    std::array<letter_ref, 16> drafts;
    const std::size_t width = std::clamp<std::size_t>(here.threads(), 1, drafts.size());
    for (std::size_t b = first; b < last; b += width) {
        const std::size_t n = std::min(width, last - b);
        for (std::size_t i = 0; i < n; ++i) {
            drafts[i] = here.draft();
        }
        here.parallel(n, [&](std::size_t i) { encode(b + i, *drafts[i]); });
        for (std::size_t i = 0; i < n; ++i) {
            deliver(b + i, std::move(drafts[i]));
        }
    }
}

//! out <- the aggregate of one block of all contributions: what was received and, unless null, this node's own message,
//! in order of the senders' numbers.
template <Aggregator A, Compressor C>
void combine_received(const peer& here, combiner<A>& combine, channel<C>& codec, std::uint32_t leg,
                      std::span<const envelope> got, const message* own, std::span<float> out) {
    const auto before = static_cast<std::size_t>(
        std::count_if(got.begin(), got.end(), [&](const envelope& e) { return e.from < here.self(); }));
    std::atomic<std::size_t> dropped = 0;
    combine(here, got.size() + (own != nullptr ? 1 : 0), out, [&](std::size_t i, A& part) {
        envelope e{here.self(), own};
        if (own == nullptr || i < before) {
            e = got[i];
        } else if (i > before) {
            e = got[i - 1];
        }
        dropped += combine.add(part, codec, here, leg, e, out.size()) ? 0 : 1;
    });
    if (dropped > 0) {
        here.count("messages dropped", static_cast<double>(dropped.load()));
    }
}

}  // namespace detail
}  // namespace frugal
