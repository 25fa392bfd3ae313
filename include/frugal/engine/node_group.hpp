//! The nodes of one process: what every engine needs to step them in parallel and to deliver between them.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <frugal/engine/node.hpp>

namespace frugal::detail {

//! What happened to one node in one superstep. Trivially copyable: it travels between ranks as bytes.
struct node_record {
    traffic sent;
    traffic received;
    node_report report;
    double step_seconds = 0;
};

//! Nodes first <= i < last of `nodes`, their outboxes (two generations, so that inboxes can point into the older one)
//! and their inboxes.
template <Node N>
class node_group {
public:
    node_group(std::span<N> nodes, std::size_t first, std::size_t last, std::size_t threads)
        : nodes_(nodes),
          first_(first),
          last_(last),
          threads_(threads > 0 ? threads : default_threads()),
          arena_(static_cast<int>(threads_)),
          generations_{std::vector<outbox>(last - first), std::vector<outbox>(last - first)},
          inboxes_(last - first),
          records_(last - first),
          failures_(last - first) {}

    std::size_t first() const { return first_; }
    std::size_t last() const { return last_; }
    std::size_t size() const { return nodes_.size(); }
    std::size_t threads() const { return threads_; }
    N& node(std::size_t i) { return nodes_[i]; }
    bool owns(std::size_t i) const { return first_ <= i && i < last_; }
    node_record& record(std::size_t i) { return records_[i - first_]; }
    std::span<const node_record> records() const { return records_; }

    //! Steps all nodes. Exceptions are kept: see `failed`.
    void step(std::uint64_t superstep) {
        generation_ ^= 1u;
        arena_.execute([&] {
            // Isolation keeps a node that waits for parallel work of its own from starting another node's step
            // meanwhile.
            oneapi::tbb::parallel_for(
                oneapi::tbb::blocked_range<std::size_t>(first_, last_, 1),
                [&](const oneapi::tbb::blocked_range<std::size_t>& range) {
                    for (std::size_t i = range.begin(); i < range.end(); ++i) {
                        oneapi::tbb::this_task_arena::isolate([&] { step_one(i, superstep); });
                    }
                },
                oneapi::tbb::simple_partitioner());
        });
    }
    //! f(k) for all k < n, in parallel.
    template <class F>
    void parallel(std::size_t n, F f) {
        arena_.execute([&] { oneapi::tbb::parallel_for(std::size_t{0}, n, f); });
    }
    //! The first node whose step threw; size() if none did.
    std::size_t failed() const {
        for (std::size_t k = 0; k < failures_.size(); ++k) {
            if (failures_[k]) {
                return first_ + k;
            }
        }
        return nodes_.size();
    }
    std::exception_ptr failure(std::size_t node) const { return failures_[node - first_]; }

    //! What node i posted in the last superstep.
    const outbox& posted(std::size_t i) const { return generations_[generation_][i - first_]; }
    outbox& posted(std::size_t i) { return generations_[generation_][i - first_]; }

    void clear_inboxes() {
        for (auto& box : inboxes_) {
            box.clear();
        }
        for (auto& r : records_) {
            r.sent = {};
            r.received = {};
        }
    }
    //! Throws unless what the nodes of this process posted can be delivered.
    void check_posts() const {
        for (std::size_t i = first_; i < last_; ++i) {
            for (const auto& post : posted(i).posted()) {
                expect(!post.content.empty(), [&] {
                    return "node " + std::to_string(i) +
                           " posted a message without content: compress into it before the step ends";
                });
                for (const std::uint32_t to : post.destinations) {
                    expect(to < nodes_.size(), [&] {
                        return "node " + std::to_string(i) + " posted a message to node " + std::to_string(to) +
                               " of " + std::to_string(nodes_.size());
                    });
                }
            }
        }
    }
    //! Counts what node i sent and delivers it to the nodes of this process.
    void deliver_from(std::size_t i) {
        for (const auto& post : posted(i).posted()) {
            if (!post.destinations.empty()) {
                record(i).sent += traffic{1, post.content.payload_bits(), post.content.bytes().size()};
            }
            for (const std::uint32_t to : post.destinations) {
                if (owns(to)) {
                    deliver(static_cast<std::uint32_t>(i), to, post.content);
                }
            }
        }
    }
    //! Puts a message into the inbox of a node of this process. Call by increasing source.
    void deliver(std::uint32_t from, std::uint32_t to, const message& content) {
        inboxes_[to - first_].push_back({from, &content});
        record(to).received += traffic{1, content.payload_bits(), content.bytes().size()};
    }

    //! Appends the state of node i and the messages it posted in the last superstep.
    void save(std::size_t i, std::vector<std::byte>& out) {
        state_archive a(out);
        nodes_[i].state(a);
        std::uint64_t count = posted(i).posted().size();
        a(count);
        for (const auto& post : posted(i).posted()) {
            std::vector<std::uint32_t> destinations = post.destinations;
            std::vector<std::byte> bytes(post.content.bytes().begin(), post.content.bytes().end());
            a(destinations);
            a(bytes);
        }
    }
    //! The reverse, of node i of this process: messages come back as posted in the last superstep.
    void restore(std::size_t i, std::span<const std::byte> in) {
        state_archive a(in);
        nodes_[i].state(a);
        outbox& box = posted(i);
        box.clear();
        std::uint64_t count = 0;
        a(count);
        for (std::uint64_t k = 0; k < count; ++k) {
            std::vector<std::uint32_t> destinations;
            std::vector<std::byte> bytes;
            a(destinations);
            a(bytes);
            for (const std::uint32_t to : destinations) {
                expect_message(to < nodes_.size(), "a saved message is addressed to a node that does not exist");
            }
            box.post(destinations).assign(bytes);
        }
        a.finish();
    }

private:
    static std::size_t default_threads() {
        return static_cast<std::size_t>(std::max(1, oneapi::tbb::this_task_arena::max_concurrency()));
    }

    void step_one(std::size_t i, std::uint64_t superstep) {
        const std::size_t k = i - first_;
        const auto begin = std::chrono::steady_clock::now();
        outbox& out = generations_[generation_][k];
        out.clear();
        failures_[k] = nullptr;
        try {
            nodes_[i].step(superstep, inbox(inboxes_[k]), out);
            records_[k].report = report_of(nodes_[i]);
        } catch (...) {
            failures_[k] = std::current_exception();
        }
        records_[k].step_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }

    std::span<N> nodes_;
    std::size_t first_;
    std::size_t last_;
    std::size_t threads_;
    oneapi::tbb::task_arena arena_;
    std::array<std::vector<outbox>, 2> generations_;
    unsigned generation_ = 0;
    std::vector<std::vector<envelope>> inboxes_;
    std::vector<node_record> records_;
    std::vector<std::exception_ptr> failures_;
};

}  // namespace frugal::detail
