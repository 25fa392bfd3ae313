//! What an engine for programs offers to `run`: a Session. Records of rounds as they travel between processes.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/engine/status.hpp>
#include <frugal/node/population.hpp>
#include <frugal/node/seat.hpp>

namespace frugal {

//! The nodes of a run, placed on threads and processes. All but `parallel`, `save`, `restore` and `parameters` are
//! collective.
//!
//! size(): of the population; nodes first() <= i < last() are in this process.
//! play(round, records): runs one round to its end and replaces `records` by those of all its nodes, in node order, in
//!     every process. Throws in every process where a node fails or nodes wait for ever; a node that diverged is said
//!     so in
//!     its record, and its round is incomplete.
//! agree(reason, failure): the reason of rank 0; throws in every process where one brings a failure.
//! broadcast(bytes): rank 0's; gather(blobs): each process fills those of its nodes, rank 0 then has all.
//! parallel(n, f): f(0), ..., f(n - 1) on the threads of this process.
//! save(i, out), restore(i, in): node i of this process and the messages that wait for it, between rounds.
template <class S>
concept Session =
    requires(S s, std::uint64_t round, std::vector<std::byte>& bytes, stop_reason reason, std::exception_ptr failure,
             std::vector<std::vector<std::byte>>& blobs, std::size_t i, std::span<const std::byte> in) {
        { s.size() } -> std::convertible_to<std::size_t>;
        { s.first() } -> std::convertible_to<std::size_t>;
        { s.last() } -> std::convertible_to<std::size_t>;
        { s.threads() } -> std::convertible_to<std::size_t>;
        { s.ranks() } -> std::convertible_to<std::size_t>;
        { s.rank() } -> std::convertible_to<std::size_t>;
        s.play(round, bytes);
        { s.agree(reason, failure) } -> std::same_as<stop_reason>;
        s.broadcast(bytes);
        s.gather(blobs);
        s.save(i, bytes);
        s.restore(i, in);
        { s.parameters(i) } -> std::convertible_to<std::span<const float>>;
    };

//! Appends what happened to a node: the record, and its counters by name.
inline void append_record(std::vector<std::byte>& out, const round_record& record, std::span<const counter> counters) {
    const auto put = [&](const void* p, std::size_t n) {
        const auto* const bytes = static_cast<const std::byte*>(p);
        out.insert(out.end(), bytes, bytes + n);
    };
    const std::uint64_t count = counters.size();
    put(&record, sizeof record);
    put(&count, sizeof count);
    for (const counter& c : counters) {
        const std::uint64_t length = std::strlen(c.name);
        put(&length, sizeof length);
        put(c.name, length);
        put(&c.value, sizeof c.value);
    }
}

//! Calls use(record) and count(name, value) for all that `append_record` wrote.
template <class Use, class Count>
void read_records(std::span<const std::byte> in, Use use, Count count_it) {
    const auto take = [&](void* p, std::size_t n) {
        expect_message(n <= in.size(), "the records of a round end early");
        std::memcpy(p, in.data(), n);
        in = in.subspan(n);
    };
    while (!in.empty()) {
        round_record record;
        std::uint64_t count = 0;
        take(&record, sizeof record);
        take(&count, sizeof count);
        use(record);
        for (std::uint64_t k = 0; k < count; ++k) {
            std::uint64_t length = 0;
            double value = 0;
            take(&length, sizeof length);
            expect_message(length <= in.size(), "the records of a round end early");
            std::string name(length, '\0');
            take(name.data(), length);
            take(&value, sizeof value);
            count_it(name, value);
        }
    }
}

}  // namespace frugal
