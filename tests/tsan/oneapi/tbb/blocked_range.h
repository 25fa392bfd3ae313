//! A stand-in for oneTBB's header of the same name; see task_arena.h.
#pragma once

#include <cstddef>

namespace oneapi::tbb {

template <class T>
class blocked_range {
public:
    blocked_range(T begin, T end, std::size_t grain = 1) : begin_(begin), end_(end), grain_(grain) {}
    T begin() const { return begin_; }
    T end() const { return end_; }
    bool empty() const { return !(begin_ < end_); }
    std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
    std::size_t grainsize() const { return grain_; }

private:
    T begin_;
    T end_;
    std::size_t grain_;
};

}  // namespace oneapi::tbb

namespace tbb = oneapi::tbb;
