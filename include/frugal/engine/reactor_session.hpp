//! `reactor_session`: a run of reactors, event by event.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <frugal/core/state.hpp>
#include <frugal/engine/session.hpp>
#include <frugal/node/clock.hpp>
#include <frugal/node/population.hpp>
#include <frugal/node/speed.hpp>

namespace frugal {

//! See Session.
template <Reactor N>
class reactor_session final : public timekeeper {
public:
    reactor_session(population<N>& members, const network_model& network, const speed_law& speed,
                    std::uint64_t events_per_round)
        : nodes_(members), network_(network), speed_(speed), events_per_round_(events_per_round) {
        timekeeper::nodes = static_cast<std::uint32_t>(members.size());
        seed = members.seed();
        nodes_.build(0, members.size());
        seats_.resize(members.size());
    }
    reactor_session(const reactor_session&) = delete;
    reactor_session& operator=(const reactor_session&) = delete;

    std::size_t size() const { return nodes_.size(); }
    std::size_t first() const { return 0; }
    std::size_t last() const { return nodes_.size(); }
    std::size_t threads() const { return 1; }
    std::size_t ranks() const { return 1; }
    std::size_t rank() const { return 0; }

    void play(std::uint64_t round, std::vector<std::byte>& records) {
        const double began = now;
        for (std::uint32_t i = 0; i < timekeeper::nodes; ++i) {
            seats_[i].record = {};
            seats_[i].record.node = i;
            seats_[i].counters.clear();
        }
        completed_ = false;
        try {
            for (; !begun_; begun_ = true) {
                for (std::uint32_t i = 0; i < timekeeper::nodes; ++i) {
                    with_clock(i, [&](event_clock& c) { nodes_[i].begin(c); });
                }
            }
            for (std::uint64_t n = 0; !completed_; ++n) {
                if (queue_.empty()) {
                    throw error("round " + std::to_string(round) +
                                " cannot end: no event is left, and no node completed it");
                }
                happen();
                completed_ = events_per_round_ > 0 ? n + 1 == events_per_round_ : completed_;
            }
        } catch (const divergence&) {
            seats_[running_].record.diverged = true;
        }
        records.clear();
        for (auto& s : seats_) {
            s.record.network_seconds = now - began;
            append_record(records, s.record, s.counters);
        }
    }
    stop_reason agree(stop_reason reason, std::exception_ptr failure) {
        if (failure) {
            std::rethrow_exception(failure);
        }
        return reason;
    }
    void broadcast(std::vector<std::byte>&) {}
    void gather(std::vector<std::vector<std::byte>>&) {}
    void parallel(std::size_t n, const std::function<void(std::size_t)>& f) {
        for (std::size_t i = 0; i < n; ++i) {
            f(i);
        }
    }
    std::span<const float> parameters(std::size_t i) { return parameters_of(nodes_[i]); }

    //! A node's state, its clocks, and the events that wait for it.
    void save(std::size_t i, std::vector<std::byte>& out) {
        state_archive a(out);
        std::uint64_t count = 0;
        for (const scheduled& e : queue_) {
            count += e.to == i ? 1 : 0;
        }
        state(a, i);
        a(count);
        for (scheduled& e : queue_) {
            if (e.to == i) {
                transfer(a, e);
            }
        }
    }
    void restore(std::size_t i, std::span<const std::byte> in) {
        if (i == 0) {
            queue_.clear();
        }
        state_archive a(in);
        std::uint64_t count = 0;
        state(a, i);
        a(count);
        for (std::uint64_t k = 0; k < count; ++k) {
            scheduled e;
            e.to = static_cast<std::uint32_t>(i);
            transfer(a, e);
            expect_message(e.from < timekeeper::nodes, "a checkpoint holds an event of a node that does not exist");
            push(std::move(e));
        }
        a.finish();
    }

private:
    struct scheduled {
        double time = 0;
        std::uint32_t from = 0;
        std::uint64_t sequence = 0;
        std::uint32_t to = 0;
        std::uint64_t tag = 0;
        letter_ref content{};
        bool received = false;                                           // has its receiver's link taken it in?
        friend bool operator<(const scheduled& a, const scheduled& b) {  // the heap's top is the earliest
            return std::tie(b.time, b.from, b.sequence) < std::tie(a.time, a.from, a.sequence);
        }
    };
    struct place {
        round_record record;
        std::vector<counter> counters;
        std::uint64_t sequence = 0;
        std::uint64_t steps = 0;
        std::uint64_t keys = 0;
        double free = 0;      // when what it computes is done
        double link_out = 0;  // when its link is free to send
        double link_in = 0;   // when its link is free to receive
    };

    letter_ref draft() override { return letters_.take(); }
    void send(std::uint32_t from, std::uint32_t to, std::uint64_t tag, letter_ref content) override {
        place& s = seats_[from];
        s.record.sent.count(*content);
        s.link_out = std::max({s.link_out, s.free, now}) + network_.transmission(content->bytes().size());
        push(scheduled{s.link_out + network_.latency, from, s.sequence++, to, tag, std::move(content), false});
    }
    void after(std::uint32_t node, double delay, std::uint64_t tag) override {
        place& s = seats_[node];
        push(scheduled{std::max(s.free, now) + delay, node, s.sequence++, node, tag, letter_ref(), true});
    }
    void busy(std::uint32_t node, double seconds) override {
        seats_[node].free = std::max(seats_[node].free, now) + seconds;
    }
    double step(std::uint32_t node) override {
        const double seconds = speed_.seconds(seed, node, seats_[node].steps++);
        busy(node, seconds);
        return seconds;
    }
    std::uint64_t next_key(std::uint32_t node) override { return seats_[node].keys++; }
    void report(std::uint32_t node, double loss, double samples) override {
        if (loss - loss != 0) {
            throw divergence("node " + std::to_string(node) + ": the training loss is not finite");
        }
        round_record& r = seats_[node].record;
        r.loss += loss * samples;
        r.samples += samples;
        r.has_loss = true;
    }
    void count(std::uint32_t node, const char* name, double value) override {
        add_to(seats_[node].counters, name, value);
    }
    void complete_round() override { completed_ = true; }

    void push(scheduled e) {
        queue_.push_back(std::move(e));
        std::push_heap(queue_.begin(), queue_.end());
    }
    void happen() {
        std::pop_heap(queue_.begin(), queue_.end());
        scheduled e = std::move(queue_.back());
        queue_.pop_back();
        now = e.time;
        place& s = seats_[e.to];
        if (!e.received) {
            s.link_in = std::max(s.link_in + network_.transmission(e.content->bytes().size()), now);
            e.received = true;
            if (s.link_in > now) {
                e.time = s.link_in;
                push(std::move(e));
                return;
            }
        }
        if (e.content) {
            s.record.received.count(*e.content);
        }
        with_clock(
            e.to, [&](event_clock& c) { nodes_[e.to].on(event{e.from, e.tag, e.content ? &*e.content : nullptr}, c); });
    }
    template <class F>
    void with_clock(std::uint32_t i, F f) {
        event_clock c(*this, i);
        running_ = i;
        const auto begin = std::chrono::steady_clock::now();
        f(c);
        seats_[i].record.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    void state(state_archive& a, std::size_t i) {
        place& s = seats_[i];
        nodes_[i].state(a);
        a(s.sequence);
        a(s.steps);
        a(s.keys);
        a(s.free);
        a(s.link_out);
        a(s.link_in);
        a(now);
        a(begun_);
    }
    void transfer(state_archive& a, scheduled& e) {
        a(e.time);
        a(e.from);
        a(e.sequence);
        a(e.tag);
        a(e.received);
        std::vector<std::byte> bytes;
        if (a.saving() && e.content) {
            bytes.assign(e.content->bytes().begin(), e.content->bytes().end());
        }
        a(bytes);
        if (!a.saving() && !bytes.empty()) {
            e.content = letters_.take();
            e.content->assign(bytes);
        }
    }

    population<N>& nodes_;
    network_model network_;
    speed_law speed_;
    std::uint64_t events_per_round_;
    letter_pool letters_;
    std::vector<place> seats_;
    std::vector<scheduled> queue_;
    std::uint32_t running_ = 0;
    bool begun_ = false;
    bool completed_ = false;
};

}  // namespace frugal
