//! How many allocations a program has made that includes counted_allocations.hpp.
#pragma once

#include <atomic>
#include <cstddef>

namespace test {

inline std::atomic<std::size_t> allocations{0};

}  // namespace test
