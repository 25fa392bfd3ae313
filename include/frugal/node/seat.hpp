//! The engine's side of a `peer`: what a node at work occupies, and what every engine offers to all its nodes.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <frugal/core/random.hpp>
#include <frugal/core/state.hpp>
#include <frugal/node/letter.hpp>
#include <frugal/node/mailbox.hpp>
#include <frugal/node/network.hpp>
#include <frugal/node/task.hpp>
#include <frugal/node/vector_pool.hpp>

namespace frugal {

//! Messages counted. A message sent to several nodes is sent once and received several times.
struct traffic {
    std::uint64_t messages = 0;
    std::uint64_t payload_bits = 0;  //!< the algorithms' own cost, what papers count
    std::uint64_t wire_bytes = 0;    //!< what travels: header, padding and checksum included

    traffic& operator+=(const traffic& t) {
        messages += t.messages;
        payload_bits += t.payload_bits;
        wire_bytes += t.wire_bytes;
        return *this;
    }
    void count(const message& m) { *this += traffic{1, m.payload_bits(), m.bytes().size()}; }
    void state(state_archive& a) {
        a(messages);
        a(payload_bits);
        a(wire_bytes);
    }
    friend constexpr bool operator==(const traffic&, const traffic&) = default;
};

//! What happened to one node in one round. Trivially copyable: it travels between ranks as bytes.
struct round_record {
    std::uint32_t node = 0;
    bool has_loss = false;
    bool diverged = false;  //!< it met numbers that are not finite and cannot go on: the run stops
    double loss = 0;        //!< the sum over its samples
    double samples = 0;
    traffic sent;
    traffic received;
    double codec_seconds = 0;    //!< spent compressing and decompressing
    double seconds = 0;          //!< spent in all
    double network_seconds = 0;  //!< simulated: when its round ended, had all computing been free
};

//! A number that an algorithm counts under a name, such as messages dropped or channel uses.
struct counter {
    const char* name;
    double value;
};

inline void add_to(std::vector<counter>& counters, const char* name, double value) {
    for (counter& c : counters) {
        if (std::string_view(c.name) == name) {
            c.value += value;
            return;
        }
    }
    counters.push_back({name, value});
}

struct seat;

//! What an engine offers to the nodes at work in its process.
class host {
public:
    network_model network{};
    std::uint64_t seed = 0;
    vector_pool vectors;

    //! f(0), ..., f(n - 1), in any order, on as many threads as the engine has.
    template <class F>
    void parallel(std::size_t n, const F& f) {
        parallel_for(n, [](const void* call, std::size_t i) { (*static_cast<const F*>(call))(i); }, &f);
    }
    virtual std::size_t threads() const = 0;
    //! x <- the sum over all nodes of the run, if the engine can add up floats by itself: where every process has one
    //! node and one thread. Called by all nodes at once. False, with x as it was, if it cannot.
    virtual bool reduce(std::span<float> x) = 0;
    //! A message was put into the outbox of `s`, from the thread that runs its node.
    virtual void sent(seat& s) = 0;

protected:
    host() = default;
    host(const host&) = delete;
    host& operator=(const host&) = delete;
    ~host() = default;
    virtual void parallel_for(std::size_t n, void (*f)(const void*, std::size_t), const void* call) = 0;
};

//! Everything an engine keeps for a node while a round lasts.
struct seat {
    //! A message that has been sent, and the part of `destinations` that it goes to.
    struct departure {
        std::uint32_t lane = 0;
        letter_ref content;
        double time = 0;        // when its last bit has left, in simulated seconds
        std::size_t first = 0;  // of `destinations`
        std::size_t last = 0;
    };

    host* at = nullptr;
    std::uint32_t node = 0;
    std::uint64_t round = 0;
    mailbox inbox;
    std::coroutine_handle<> waiting;
    std::vector<departure> outbox;
    std::vector<std::uint32_t> destinations;
    std::vector<envelope> envelopes;
    std::vector<std::pair<double, double>> transmissions;  // when they left, how long they occupy a link
    letter_pool letters;
    frame_arena frames;
    round_record record;
    std::vector<counter> counters;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> legs;  // per lane: messages already given a key
    double now = 0;                                             // simulated seconds of this node's round
    double link_out = 0;                                        // when its link is free to send
    double link_in = 0;                                         // when its link is free to receive

    void begin(std::uint32_t who, std::uint64_t r) {
        node = who;
        round = r;
        record = {};
        record.node = who;
        counters.clear();
        legs.clear();
        now = link_out = link_in = 0;
    }
    //! The first of n numbers under which messages on this lane get their keys: none is given twice in a round.
    std::uint32_t take_legs(std::uint32_t lane, std::uint32_t n) {
        for (auto& [l, used] : legs) {
            if (l == lane) {
                return std::exchange(used, used + n);
            }
        }
        legs.emplace_back(lane, n);
        return 0;
    }
    void count(const char* name, double value) { add_to(counters, name, value); }
};

}  // namespace frugal
