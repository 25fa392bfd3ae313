// A program of its own, because it counts every allocation.
#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/contractive.hpp>

#include <atomic>
#include <cstdlib>
#include <new>

#include "catch.hpp"
#include "compositions.hpp"

namespace {

std::atomic<std::size_t> allocations{0};

//! Not inlined, nor is `release`: GCC would take malloc and free for the two halves of a mismatched pair.
[[gnu::noinline]] void* counted(std::size_t size, std::size_t alignment) {
    ++allocations;
    void* const p = alignment <= alignof(std::max_align_t)
                        ? std::malloc(size == 0 ? 1 : size)
                        : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (p == nullptr) {
        throw std::bad_alloc();
    }
    return p;
}

[[gnu::noinline]] void release(void* p) { std::free(p); }

std::vector<float> normal_vector(std::size_t n, std::uint64_t seed) {
    const frugal::random_stream stream({.seed = seed});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

//! Allocations in ten messages after sixty of the same kind.
std::size_t allocations_once_warm(frugal::any_compressor& c, std::size_t n) {
    const auto x = normal_vector(n, n);
    std::vector<float> y(n);
    std::vector<float> sum(n);
    frugal::message m;
    std::uint64_t round = 0;
    const auto exchange = [&] {
        const frugal::random_key key{.seed = 1, .node = 0, .round = ++round};
        c.compress(x, key, m);
        c.decompress(m, key, x, y);
        c.decompress_add(m, key, 0.5f, sum);
    };
    for (int i = 0; i < 60; ++i) {
        exchange();
    }
    const std::size_t before = allocations;
    for (int i = 0; i < 10; ++i) {
        exchange();
    }
    return allocations - before;
}

}  // namespace

void* operator new(std::size_t size) {
    return counted(size, 0);
}
void* operator new[](std::size_t size) {
    return counted(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return counted(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept {
    release(p);
}
void operator delete[](void* p) noexcept {
    release(p);
}
void operator delete(void* p, std::size_t) noexcept {
    release(p);
}
void operator delete[](void* p, std::size_t) noexcept {
    release(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    release(p);
}
void operator delete[](void* p, std::align_val_t) noexcept {
    release(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    release(p);
}
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept {
    release(p);
}

TEST_CASE("allocation: the counter counts", "[allocation]") {
    const std::size_t before = allocations;
    const auto p = std::make_unique<int>(1);
    CHECK(allocations == before + 1);
}

TEST_CASE("allocation: compressors allocate nothing once warm", "[allocation]") {
    auto all = test::all_compositions();
    using namespace frugal;
    all.push_back(contractive{sparse_compressor{random_k{.fraction = 0.1}}});
    all.push_back(stovoq{.dimension = 8, .codewords = 256});
    for (any_compressor& prototype : all) {
        for (const std::size_t n : {33u, 1000u}) {
            any_compressor c = prototype;
            INFO(c.name() << " on " << n << " coordinates");
            CHECK(allocations_once_warm(c, n) == 0);
        }
    }
}
