//! Counts every allocation of the program. Include it in one source of a program only: it replaces operator new.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

#include "allocation_count.hpp"

namespace test {

//! Not inlined, nor is `release`: GCC would take malloc and free for the two halves of a mismatched pair.
[[gnu::noinline]] inline void* allocate(std::size_t size, std::size_t alignment) {
    ++allocations;
    void* const p = std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
    if (p == nullptr) {
        throw std::bad_alloc();
    }
    return p;
}
[[gnu::noinline]] inline void release(void* p) {
    std::free(p);
}

}  // namespace test

void* operator new(std::size_t size) {
    return test::allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return test::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept {
    test::release(p);
}
void operator delete(void* p, std::size_t) noexcept {
    test::release(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    test::release(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    test::release(p);
}
