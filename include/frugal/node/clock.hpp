//! `event_clock`: all that an asynchronous participant sees of the world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include <frugal/concepts.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/random.hpp>
#include <frugal/node/letter.hpp>

namespace frugal {

//! What happened: a message of another node, or a timer of one's own (from = the node itself, content = nullptr).
struct event {
    std::uint32_t from = 0;
    std::uint64_t tag = 0;             //!< what `send` or `after` was given
    const message* content = nullptr;  //!< valid during the call
};

//! What an event engine does for its nodes; see `event_clock`.
class timekeeper {
public:
    virtual letter_ref draft() = 0;
    virtual void send(std::uint32_t from, std::uint32_t to, std::uint64_t tag, letter_ref content) = 0;
    virtual void after(std::uint32_t node, double delay, std::uint64_t tag) = 0;
    virtual void busy(std::uint32_t node, double seconds) = 0;
    virtual double step(std::uint32_t node) = 0;
    virtual std::uint64_t next_key(std::uint32_t node) = 0;
    virtual void report(std::uint32_t node, double loss, double samples) = 0;
    virtual void count(std::uint32_t node, const char* name, double value) = 0;
    virtual void complete_round() = 0;

    double now = 0;
    std::uint64_t seed = 0;
    std::uint32_t nodes = 0;

protected:
    timekeeper() = default;
    timekeeper(const timekeeper&) = delete;
    timekeeper& operator=(const timekeeper&) = delete;
    ~timekeeper() = default;
};

//! Given to a Reactor for the time of a call.
class event_clock {
public:
    event_clock(timekeeper& keeper, std::uint32_t self) : keeper_(&keeper), self_(self) {}

    double now() const { return keeper_->now; }  //!< simulated seconds
    std::uint32_t self() const { return self_; }
    std::uint32_t size() const { return keeper_->nodes; }
    std::uint64_t seed() const { return keeper_->seed; }

    //! Computing takes time: what is sent or set from here on begins so much later.
    void busy(double seconds) { keeper_->busy(self_, seconds); }
    //! The same for one local step of this node, by the engine's speed law.
    double step() { return keeper_->step(self_); }
    //! A message to be filled and sent; it arrives after the network's delay.
    letter_ref draft() { return keeper_->draft(); }
    void send(std::uint32_t to, letter_ref content, std::uint64_t tag = 0) {
        expect(to < size() && to != self_, "an event's message must go to another node of the run");
        expect(!content->empty(), "an event's message must have content");
        keeper_->send(self_, to, tag, std::move(content));
    }
    //! A timer: `on` is called with from = self and this tag, so many seconds after now (and after what keeps it busy).
    void after(double delay, std::uint64_t tag = 0) {
        expect(delay >= 0 && delay - delay == 0, "a timer's delay must be finite and not negative");
        keeper_->after(self_, delay, tag);
    }

    //! A key of its own for every message this node encodes.
    random_key next_key() { return {seed(), self_, keeper_->next_key(self_), purposes::message}; }
    //! The key under which an event's message was encoded; throws unless its sender wrote it.
    random_key key_of(const event& e) const {
        const random_key key = e.content->key(seed());
        expect_message(key.node == e.from && key.purpose == purposes::message,
                       "a message belongs to another sender or purpose than it arrived from");
        return key;
    }

    void report(double loss, double samples) { keeper_->report(self_, loss, samples); }
    void count(const char* name, double value = 1) { keeper_->count(self_, name, value); }
    //! One unit of progress, such as an update of the server's model: what stopping rules and observers call a round.
    void complete_round() { keeper_->complete_round(); }

private:
    timekeeper* keeper_;
    std::uint32_t self_;
};

//! An asynchronous participant: never suspended, its state in members, so that a run can be saved between any two
//! events.
template <class N>
concept Reactor = std::move_constructible<N> && requires(N n, event_clock& c, const event& e, state_archive& a) {
    n.begin(c);
    n.on(e, c);
    n.state(a);
};

}  // namespace frugal
