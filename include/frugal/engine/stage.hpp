//! `stage`: the nodes of one process at work: runs their programs in parallel and delivers between them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <frugal/node/peer.hpp>
#include <frugal/node/seat.hpp>

namespace frugal {

//! Carries messages to nodes of other processes.
class transport {
public:
    //! x <- the sum over all processes.
    virtual void reduce(std::span<float> x) = 0;
    //! Sends a message of node `source` to nodes elsewhere.
    virtual void send(std::uint32_t source, std::uint64_t round, const seat::departure& d,
                      std::span<const std::uint32_t> destinations) = 0;

protected:
    transport() = default;
    transport(const transport&) = default;
    transport& operator=(const transport&) = default;
    ~transport() = default;
};

//! Nodes run until they wait; then what they sent is delivered, in node order; then those run that have what they
//! waited for. Between the steps nobody runs, so nothing here is locked, and results do not depend on the number of
//! threads.
class stage final : public host {
public:
    //! Runs nodes first <= i < last; others are reached by `elsewhere`.
    stage(std::size_t first, std::size_t last, std::size_t threads, transport* elsewhere = nullptr)
        : first_(first),
          last_(last),
          threads_(threads > 0 ? threads : default_threads()),
          arena_(static_cast<int>(threads_)),
          elsewhere_(elsewhere) {}

    std::size_t first() const { return first_; }
    std::size_t last() const { return last_; }
    std::size_t threads() const override { return threads_; }
    static std::size_t default_threads() {
        return static_cast<std::size_t>(oneapi::tbb::this_task_arena::max_concurrency());
    }

    //! Begins a round of `group`, the increasing numbers of all who take part. make(node, peer) gives a node's task.
    template <class Make>
    void open(std::uint64_t round, std::span<const std::uint32_t> group, Make make) {
        const auto begin = std::lower_bound(group.begin(), group.end(), first_);
        const auto end = std::lower_bound(begin, group.end(), last_);
        local_ = std::span(begin, end);
        while (seats_.size() < local_.size()) {
            seats_.push_back(std::make_unique<seat>());
            seats_.back()->at = this;
        }
        tasks_.resize(std::max(tasks_.size(), local_.size()));
        failures_.assign(local_.size(), nullptr);
        ready_.clear();
        for (std::size_t k = 0; k < local_.size(); ++k) {
            ready_.push_back(static_cast<std::uint32_t>(k));
            seats_[k]->begin(local_[k], round);
        }
        unfinished_ = local_.size();
        resume([&](std::size_t k) {
            tasks_[k].emplace(make(local_[k], peer(*seats_[k], group)));
            tasks_[k]->start();
        });
    }
    //! Delivers, and runs who can go on; false if nobody can.
    bool step() {
        deliver();
        if (ready_.empty()) {
            return false;
        }
        resume([&](std::size_t k) { std::exchange(seats_[k]->waiting, {}).resume(); });
        return true;
    }
    //! Hands over what was sent in the last step, as `step` does first.
    void deliver() {
        for (const std::uint32_t k : ran_) {
            deliver_from(*seats_[k]);
        }
        ran_.clear();
        std::sort(ready_.begin(), ready_.end());
    }
    //! A message has come from elsewhere for a node of this process.
    void receive(std::uint32_t to, std::uint32_t lane, mailbox::arrival a) {
        const auto k = seat_of(to);
        expect_message(k < local_.size(), "a message is for a node that does not take part in this round");
        put(k, lane, std::move(a));
    }
    std::size_t unfinished() const { return unfinished_; }

    //! How the first node failed, by number; that one diverged counts only where none failed otherwise. Null if none
    //! did.
    std::exception_ptr failure() const {
        std::exception_ptr diverged;
        for (std::size_t k = 0; k < failures_.size(); ++k) {
            if (failures_[k] && !seats_[k]->record.diverged) {
                return failures_[k];
            }
            if (failures_[k] && !diverged) {
                diverged = failures_[k];
            }
        }
        return diverged;
    }
    //! Who waits for whom, for an error message.
    std::string waiting() const {
        for (std::size_t k = 0; k < local_.size(); ++k) {
            const mailbox& inbox = seats_[k]->inbox;
            if (tasks_[k] && inbox.waiting()) {
                return "node " + std::to_string(local_[k]) + " waits on lane " + std::to_string(inbox.awaited_lane()) +
                       " for node " + std::to_string(inbox.missing_source());
            }
        }
        return {};
    }
    //! Ends the round: throws if messages were left over. `failed`: drops what is left of it instead.
    void close(bool failed, bool everyone) {
        for (std::size_t k = 0; k < local_.size(); ++k) {
            seat& s = *seats_[k];
            tasks_[k].reset();
            s.waiting = {};
            if (failed) {
                s.outbox.clear();
                s.destinations.clear();
                s.inbox.clear();
                continue;
            }
            s.inbox.release();
            s.record.network_seconds = std::max(s.now, s.link_out);
            s.inbox.for_undelivered(false, [&](std::uint32_t lane, const mailbox::arrival& a) {
                throw error("node " + std::to_string(s.node) + " never received a message that node " +
                            std::to_string(a.source) + " sent it on lane " + std::to_string(lane) + " in round " +
                            std::to_string(s.round) + ": receive it, or use a lasting lane");
            });
            if (!everyone) {
                s.inbox.for_undelivered(true, [&](std::uint32_t, const mailbox::arrival&) {
                    throw invalid_input(
                        "messages that arrive in a later round need every node in every round, not a sampled cohort");
                });
            }
        }
        ran_.clear();
        ready_.clear();
    }
    std::span<const std::uint32_t> participants() const { return local_; }
    seat& seat_at(std::size_t k) { return *seats_[k]; }

    //! For checkpoints: the seat of a node between rounds of everyone; null if it has none yet.
    seat* find_seat(std::size_t node) {
        const std::size_t k = node - first_;
        return k < seats_.size() ? seats_[k].get() : nullptr;
    }
    seat& make_seat(std::size_t node) {
        while (seats_.size() <= node - first_) {
            seats_.push_back(std::make_unique<seat>());
            seats_.back()->at = this;
        }
        return *seats_[node - first_];
    }
    //! f(0), ..., f(n - 1) between rounds.
    template <class F>
    void work(std::size_t n, const F& f) {
        arena_.execute([&] { parallel(n, f); });
    }
    bool reduce(std::span<float> x) override {
        const bool alone = elsewhere_ != nullptr && threads_ == 1 && local_.size() == 1 && one_node_each_;
        if (alone) {
            elsewhere_->reduce(x);
        }
        return alone;
    }
    //! Does every process have exactly one node, at work in every round?
    void set_one_node_each(bool yes) { one_node_each_ = yes; }
    void sent(seat& s) override {
        if (elsewhere_ != nullptr && threads_ == 1) {
            depart(s, s.outbox.back());  // while this node works on
        }
    }

private:
    void parallel_for(std::size_t n, void (*f)(const void*, std::size_t), const void* call) override {
        if (n == 1 || threads_ == 1) {
            for (std::size_t i = 0; i < n; ++i) {
                f(call, i);
            }
            return;
        }
        oneapi::tbb::parallel_for(std::size_t{0}, n, [&](std::size_t i) { f(call, i); });
    }

    //! Runs `go(k)` for all seats that are ready, whose frames then come from their arenas. Exceptions are kept.
    template <class Go>
    void resume(Go go) {
        std::swap(ran_, ready_);
        ready_.clear();
        const auto one = [&](std::size_t i) {
            const std::size_t k = ran_[i];
            seat& s = *seats_[k];
            const frame_arena::scope frames(s.frames);
            const auto begin = std::chrono::steady_clock::now();
            try {
                go(k);
                if (tasks_[k]->done()) {
                    tasks_[k]->await_resume();
                    tasks_[k].reset();
                }
            } catch (const divergence&) {
                s.record.diverged = true;
                failures_[k] = std::current_exception();
            } catch (...) {
                failures_[k] = std::current_exception();
            }
            s.record.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        };
        if (threads_ == 1 || ran_.size() == 1) {
            for (std::size_t i = 0; i < ran_.size(); ++i) {
                threads_ == 1 ? one(i) : arena_.execute([&] { one(i); });
            }
        } else {
            arena_.execute([&] {
                const std::size_t grain = std::max<std::size_t>(1, ran_.size() / (threads_ * 64));
                // Isolation keeps a node that waits for parallel work of its own from running another one meanwhile.
                oneapi::tbb::parallel_for(
                    oneapi::tbb::blocked_range<std::size_t>(0, ran_.size(), grain),
                    [&](const oneapi::tbb::blocked_range<std::size_t>& range) {
                        for (std::size_t i = range.begin(); i < range.end(); ++i) {
                            oneapi::tbb::this_task_arena::isolate([&] { one(i); });
                        }
                    },
                    oneapi::tbb::simple_partitioner());
            });
        }
        for (const std::uint32_t k : ran_) {
            if (!tasks_[k] || failures_[k]) {
                --unfinished_;
            }
        }
    }
    void deliver_from(seat& s) {
        for (seat::departure& d : s.outbox) {
            if (elsewhere_ != nullptr && threads_ != 1) {
                depart(s, d);
            }
            for (std::size_t i = d.first; i < d.last; ++i) {
                const std::uint32_t to = s.destinations[i];
                if (first_ <= to && to < last_) {
                    put(seat_of(to), d.lane, {s.node, d.content, d.time});
                }
            }
        }
        s.outbox.clear();
        s.destinations.clear();
    }
    void depart(seat& s, const seat::departure& d) {
        remote_.clear();
        for (std::size_t i = d.first; i < d.last; ++i) {
            if (s.destinations[i] < first_ || s.destinations[i] >= last_) {
                remote_.push_back(s.destinations[i]);
            }
        }
        if (!remote_.empty()) {
            elsewhere_->send(s.node, s.round, d, remote_);
        }
    }
    void put(std::size_t k, std::uint32_t lane, mailbox::arrival a) {
        if (seats_[k]->inbox.put(lane, std::move(a)) && seats_[k]->waiting) {
            ready_.push_back(static_cast<std::uint32_t>(k));
        }
    }
    std::size_t seat_of(std::uint32_t node) const {
        if (local_.empty()) {
            return 0;
        }
        const std::size_t k = node - local_[0];
        if (k < local_.size() && local_[k] == node) {
            return k;
        }
        const auto found = std::lower_bound(local_.begin(), local_.end(), node);
        return found != local_.end() && *found == node ? static_cast<std::size_t>(found - local_.begin())
                                                       : local_.size();
    }

    std::size_t first_;
    std::size_t last_;
    std::size_t threads_;
    oneapi::tbb::task_arena arena_;
    transport* elsewhere_;
    std::span<const std::uint32_t> local_;
    std::vector<std::unique_ptr<seat>> seats_;
    std::vector<std::optional<task<>>> tasks_;
    std::vector<std::exception_ptr> failures_;
    std::vector<std::uint32_t> ready_;
    std::vector<std::uint32_t> ran_;
    std::vector<std::uint32_t> remote_;
    std::size_t unfinished_ = 0;
    bool one_node_each_ = false;
};

}  // namespace frugal
