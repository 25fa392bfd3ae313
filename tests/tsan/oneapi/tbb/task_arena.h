//! A stand-in for the part of oneTBB that frugal uses, for the thread sanitizer only.
//!
//! The distribution's libtbb is not instrumented, so the sanitizer would report every hand-over inside it, and
//! suppressing those reports would hide the races of our own loop bodies, whose stacks all begin in libtbb. Here every
//! parallel loop runs on fresh std::threads, which the sanitizer understands, and nothing orders their iterations.
#pragma once

#include <algorithm>
#include <utility>

namespace oneapi::tbb {
namespace stand_in {

//! How many threads a loop started from this thread uses; 1 inside a loop. At least 4, to look for races on any
//! machine.
inline thread_local int concurrency = 4;

struct with_concurrency {
    explicit with_concurrency(int n) : before(std::exchange(concurrency, n)) {}
    with_concurrency(const with_concurrency&) = delete;
    with_concurrency& operator=(const with_concurrency&) = delete;
    ~with_concurrency() { concurrency = before; }
    int before;
};

}  // namespace stand_in

class task_arena {
public:
    static constexpr int automatic = -1;
    explicit task_arena(int max_concurrency = automatic, unsigned = 1) { initialize(max_concurrency); }
    void initialize(int max_concurrency = automatic, unsigned = 1) {
        threads_ = max_concurrency == automatic ? 4 : std::max(1, max_concurrency);
    }
    int max_concurrency() const { return threads_; }
    template <class F>
    decltype(auto) execute(F&& f) {
        const stand_in::with_concurrency inside(threads_);
        return std::forward<F>(f)();
    }

private:
    int threads_ = 4;
};

namespace this_task_arena {

inline int max_concurrency() {
    return stand_in::concurrency;
}
template <class F>
decltype(auto) isolate(F&& f) {
    return std::forward<F>(f)();
}

}  // namespace this_task_arena
}  // namespace oneapi::tbb

namespace tbb = oneapi::tbb;
