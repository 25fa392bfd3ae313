//! Prefetching for loops that read memory in order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace frugal::kernels {

//! Floats between two calls of `prefetch_ahead` in a loop over a vector.
inline constexpr std::size_t prefetch_step = 64;

//! Asks for 256 bytes that a loop which has come to element i of a vector will need 16 KiB later: a line from each of
//! four pages. A hardware prefetcher follows a stream to the end of its page only, but several at a time; with four in
//! flight one core reads memory about 1.6 times as fast as from one. i: a multiple of prefetch_step. Memory past the
//! end of the vector may be asked for; that has no effect.
template <bool ForWriting = false>
inline void prefetch_ahead(const void* vector, std::size_t i) {
    constexpr std::uintptr_t page = 4096;
    constexpr std::uintptr_t block = 4 * page;
    constexpr std::uintptr_t line = 64;
    const std::uintptr_t at = i * sizeof(float);
    const std::uintptr_t next = reinterpret_cast<std::uintptr_t>(vector) + at / block * block + block;
    const std::uintptr_t offset = at % block / (4 * line) * line;
    for (std::uintptr_t k = 0; k < 4; ++k) {
        __builtin_prefetch(reinterpret_cast<const void*>(next + k * page + offset), ForWriting ? 1 : 0);
    }
}

}  // namespace frugal::kernels
