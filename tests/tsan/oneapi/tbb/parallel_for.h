//! A stand-in for oneTBB's header of the same name; see task_arena.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/task_arena.h>

namespace oneapi::tbb {

struct simple_partitioner {};
struct auto_partitioner {};
struct static_partitioner {};

namespace stand_in {

//! Calls f(chunk) for every chunk below n. Chunks are dealt in turn, so that every thread has some, however short they
//! are.
template <class F>
void for_each_chunk(std::size_t n, const F& f) {
    const std::size_t count = std::min(n, static_cast<std::size_t>(concurrency));
    std::exception_ptr failure;
    std::mutex failure_mutex;
    const auto work = [&](std::size_t thread) {
        const with_concurrency inside(1);
        for (std::size_t i = thread; i < n; i += count) {
            try {
                f(i);
            } catch (...) {
                const std::scoped_lock lock(failure_mutex);
                failure = failure ? failure : std::current_exception();
            }
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t t = 1; t < count; ++t) {
        threads.emplace_back(work, t);
    }
    work(0);
    for (std::thread& t : threads) {
        t.join();
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace stand_in

template <class T, class F, class Partitioner = auto_partitioner>
void parallel_for(const blocked_range<T>& range, const F& f, const Partitioner& = {}) {
    const std::size_t grain = std::max<std::size_t>(1, range.grainsize());
    const std::size_t n = range.empty() ? 0 : range.size();
    stand_in::for_each_chunk((n + grain - 1) / grain, [&](std::size_t i) {
        const T first = range.begin() + static_cast<T>(i * grain);
        f(blocked_range<T>(first, first + static_cast<T>(std::min(grain, n - i * grain)), grain));
    });
}

template <class Index, class F, class Partitioner = auto_partitioner>
    requires std::is_integral_v<Index>
void parallel_for(Index first, Index last, const F& f, const Partitioner& = {}) {
    stand_in::for_each_chunk(last > first ? static_cast<std::size_t>(last - first) : 0,
                             [&](std::size_t i) { f(first + static_cast<Index>(i)); });
}

}  // namespace oneapi::tbb
