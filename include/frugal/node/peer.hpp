//! `peer`: all that a node sees of the world while it works on a round.
#pragma once

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/core/error.hpp>
#include <frugal/node/seat.hpp>
#include <frugal/node/task.hpp>

namespace frugal {

//! A node met numbers that are not finite and cannot go on: thrown by exchanges, it ends the run as diverged.
struct divergence : error {
    using error::error;
};

//! A small value: pass it by value, it is valid for the round it was given for.
//!
//! Nodes are known by numbers 0 <= i < size() in the group that this peer is narrowed to; keys and the wire use the
//! numbers of the whole population. A lane is a conversation: messages of one source on one lane keep their order, and
//! lanes never meet. What is sent in a round must be received in it, unless its lane is `lasting`.
class peer {
public:
    //! For engines: the node of a seat among `group`, the increasing numbers of all that take part in the round.
    peer(seat& s, std::span<const std::uint32_t> group) : seat_(&s), group_(group), round_(s.round) {
        self_ = position_of(s.node);
        expect(self_ < size(), "a node works in a round of which it is no participant");
    }

    std::uint32_t self() const { return self_; }
    std::uint32_t size() const { return static_cast<std::uint32_t>(group_.size()); }
    std::uint64_t round() const { return round_; }
    //! Number i's number in the whole population.
    std::uint32_t global(std::uint32_t i) const { return group_[i]; }
    std::uint64_t seed() const { return seat_->at->seed; }

    //! The same node among a part of the population: `group` holds numbers of the whole population, increasing, its own
    //! among them, and must outlive the peer.
    peer among(std::span<const std::uint32_t> group) const {
        peer narrowed = *this;
        narrowed.group_ = group;
        narrowed.self_ = narrowed.position_of(seat_->node);
        expect(narrowed.self_ < group.size(), "peer: a node can be narrowed only to a group it belongs to");
        return narrowed;
    }
    //! Conversation k of this one, k < 127. Three levels deep only where the first is below 7.
    peer lane(std::uint32_t k) const {
        const std::uint32_t inner = lane_ * 128 + k + 1;
        expect(k < 127 && inner < 1u << 17, "peer: lanes are nested too deeply, or numbered above 126");
        peer named = *this;
        named.lane_ = inner;
        named.keep_if_lasting();
        return named;
    }
    //! The same conversation, whose messages may be received in a later round than they were sent in: `begun` is the
    //! round whose messages are meant.
    peer lasting(std::uint64_t begun) const {
        peer later = *this;
        later.round_ = begun;
        later.lasting_ = true;
        later.keep_if_lasting();
        return later;
    }

    //! A message to be filled and sent; its buffer is used again.
    letter_ref draft() const { return seat_->letters.take(); }
    //! Sends to numbers of the group. To several, a message leaves once.
    void send(std::uint32_t to, letter_ref content) const { send(std::span(&to, 1), std::move(content)); }
    void send(std::span<const std::uint32_t> to, letter_ref content) const {
        begin_departure();
        for (const std::uint32_t i : to) {
            add_destination(i);
        }
        end_departure(std::move(content));
    }
    void send_to_others(letter_ref content) const {
        begin_departure();
        for (std::uint32_t i = 0; i < size(); ++i) {
            if (i != self_) {
                add_destination(i);
            }
        }
        end_departure(std::move(content));
    }

    class arrivals;
    //! The next message on this lane of each of `from`, increasing numbers of the group: `co_await here.receive(from)`
    //! is a span of envelopes in that order, valid until this node's next await.
    arrivals receive(std::span<const std::uint32_t> from) const;
    arrivals receive(std::uint32_t from) const;
    arrivals receive_from_others() const;

    //! n fresh numbers of messages on this lane and round: the key of each is `key(number, self())`. The same at all
    //! nodes if all take as many.
    std::uint32_t take_legs(std::uint32_t n = 1) const {
        const std::uint32_t first = seat_->take_legs(lane_, n);
        expect(std::uint64_t{first} + n <= legs_per_lane,
               "a node gives keys to more than 2^14 messages on one lane in a round: use lanes, or larger blocks");
        return first;
    }
    //! The key of message number `leg` that `sender`, a number of the group, sends on this lane in this round.
    random_key key(std::uint32_t leg, std::uint32_t sender) const {
        return {seed(), group_[sender], round_, 0x80000000u | lane_ << 14 | leg};
    }
    //! Randomness that all nodes share: equal for all that ask with the same lane, round and purpose.
    random_stream common_randomness(std::uint32_t purpose) const {
        return random_stream(random_key{seed(), 0xFFFFFFFFu, round_, lane_}.for_purpose(purpose));
    }

    //! A vector for as long as it is needed; give it back before awaiting, where many nodes share a process.
    borrowed_vector borrow(std::size_t n) const { return seat_->at->vectors.lend(n); }
    //! f(0), ..., f(n - 1) on the engine's threads, in any order.
    template <class F>
    void parallel(std::size_t n, F f) const {
        seat_->at->parallel(n, f);
    }
    std::size_t threads() const { return seat_->at->threads(); }

    //! x <- the sum over all nodes, by the engine's own reduction of floats, if it has one; false if not. The order of
    //! the additions, and so the bits, are the engine's. The group must be everyone.
    bool reduce(std::span<float> x) const { return seat_->at->reduce(x); }

    //! A training loss, the mean over so many samples.
    void report(double loss, double samples) const {
        seat_->record.loss += loss * samples;
        seat_->record.samples += samples;
        seat_->record.has_loss = true;
    }
    //! Adds to a number of the run's report; `name` is a literal.
    void count(const char* name, double value = 1) const { seat_->count(name, value); }
    //! Lets simulated time pass.
    void busy(double seconds) const { seat_->now += seconds; }

    //! Counts the time of a scope as compressing or decompressing.
    class codec_time {
    public:
        explicit codec_time(const peer& here)
            : record_(&here.seat_->record), begin_(std::chrono::steady_clock::now()) {}
        codec_time(const codec_time&) = delete;
        codec_time& operator=(const codec_time&) = delete;
        ~codec_time() {
            record_->codec_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
        }

    private:
        round_record* record_;
        std::chrono::steady_clock::time_point begin_;
    };

    //! For error messages: "node 3, round 7, lane 2".
    std::string place() const {
        return "node " + std::to_string(seat_->node) + ", round " + std::to_string(round_) + ", lane " +
               std::to_string(lane_);
    }

private:
    static constexpr std::uint32_t legs_per_lane = 1u << 14;

    void keep_if_lasting() const {
        if (lasting_) {
            seat_->inbox.keep(lane_);
        }
    }
    std::uint32_t position_of(std::uint32_t node) const {
        if (node < group_.size() && group_[node] == node) {
            return node;
        }
        const auto found = std::lower_bound(group_.begin(), group_.end(), node);
        return found != group_.end() && *found == node ? static_cast<std::uint32_t>(found - group_.begin()) : size();
    }
    void begin_departure() const {
        auto& d = seat_->outbox.emplace_back();
        d.lane = lane_;
        d.first = seat_->destinations.size();
    }
    void add_destination(std::uint32_t i) const {
        expect(i < size() && i != self_, [&] {
            return place() + ": a message is for number " + std::to_string(i) + " of a group of " +
                   std::to_string(size()) + (i == self_ ? ", which is the sender" : "");
        });
        seat_->destinations.push_back(group_[i]);
    }
    void end_departure(letter_ref content) const {
        auto& d = seat_->outbox.back();
        expect(!content->empty(), [&] { return place() + ": a message without content was sent"; });
        d.last = seat_->destinations.size();
        if (d.first == d.last) {
            seat_->outbox.pop_back();
            return;
        }
        seat_->record.sent.count(*content);
        seat_->link_out =
            std::max(seat_->link_out, seat_->now) + seat_->at->network.transmission(content->bytes().size());
        d.time = seat_->link_out;
        d.content = std::move(content);
        seat_->at->sent(*seat_);
    }
    void add_source(std::vector<std::uint32_t>& sources, std::uint32_t i) const {
        expect(i < size() && i != self_ && (sources.empty() || sources.back() < group_[i]), [&] {
            return place() + ": messages are awaited of number " + std::to_string(i) + " of a group of " +
                   std::to_string(size()) + "; the numbers must be increasing, and not the receiver's own";
        });
        sources.push_back(group_[i]);
    }
    std::span<const envelope> take() const {
        const network_model& network = seat_->at->network;
        seat_->envelopes.clear();
        seat_->transmissions.clear();
        for (const mailbox::arrival& a : seat_->inbox.take()) {
            seat_->envelopes.push_back({position_of(a.source), &*a.content});
            seat_->record.received.count(*a.content);
            seat_->transmissions.emplace_back(a.time, network.transmission(a.content->bytes().size()));
        }
        std::sort(seat_->transmissions.begin(), seat_->transmissions.end());
        for (const auto& [left, occupied] : seat_->transmissions) {
            seat_->link_in = std::max(seat_->link_in + occupied, left + network.latency);
        }
        seat_->now = std::max(seat_->now, seat_->link_in);
        return seat_->envelopes;
    }

    seat* seat_;
    std::span<const std::uint32_t> group_;
    std::uint32_t self_ = 0;
    std::uint32_t lane_ = 0;
    std::uint64_t round_;
    bool lasting_ = false;
};

//! What `peer::receive` gives to `co_await`.
class peer::arrivals {
public:
    explicit arrivals(const peer& here) : here_(here) {}
    bool await_ready() const { return here_.seat_->inbox.complete(); }
    void await_suspend(std::coroutine_handle<> h) const { here_.seat_->waiting = h; }
    std::span<const envelope> await_resume() const { return here_.take(); }

private:
    peer here_;
};

inline peer::arrivals peer::receive(std::span<const std::uint32_t> from) const {
    auto& sources = seat_->inbox.await(lane_);
    for (const std::uint32_t i : from) {
        add_source(sources, i);
    }
    return arrivals(*this);
}
inline peer::arrivals peer::receive(std::uint32_t from) const {
    return receive(std::span(&from, 1));
}
inline peer::arrivals peer::receive_from_others() const {
    auto& sources = seat_->inbox.await(lane_);
    for (std::uint32_t i = 0; i < size(); ++i) {
        if (i != self_) {
            add_source(sources, i);
        }
    }
    return arrivals(*this);
}

}  // namespace frugal
