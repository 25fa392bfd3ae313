// Coroutines: values, exceptions, stack, early ends, frames from an arena.
#include <algorithm>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <frugal/node/task.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

//! Suspends, for a test to resume.
struct gate {
    std::coroutine_handle<> waiting;
    auto wait() {
        struct awaiter {
            gate* g;
            bool await_ready() const { return false; }
            void await_suspend(std::coroutine_handle<> h) const { g->waiting = h; }
            void await_resume() const {}
        };
        return awaiter{this};
    }
    void open() { std::exchange(waiting, {}).resume(); }
};

task<int> number(int n) {
    co_return n;
}
task<std::unique_ptr<int>> owned(int n) {
    co_return std::make_unique<int>(n);
}
task<int> later(gate& g, int n) {
    co_await g.wait();
    co_return n;
}
task<int> failing(gate* g) {
    if (g != nullptr) {
        co_await g->wait();
    }
    throw std::runtime_error("from a task");
    co_return 0;
}

//! Where the stack is.
[[gnu::noinline]] std::uintptr_t stack() {
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}
struct depth {
    std::uintptr_t lowest = ~std::uintptr_t{0}, highest = 0;
    void note() {
        lowest = std::min(lowest, stack());
        highest = std::max(highest, stack());
    }
};
task<int> noting(depth& d) {
    d.note();
    co_return 1;
}
task<int> twice_nested(depth& d) {
    co_return co_await noting(d) + co_await noting(d);
}

template <class T>
T result_of(const task<T>& t) {
    REQUIRE(t.start());
    return t.await_resume();
}

}  // namespace

TEST_CASE("task: values, of types that can only be moved too", "[node][task]") {
    const auto sum = []() -> task<int> {
        int all = co_await number(1);
        const auto p = co_await owned(20);
        all += *p;
        all += co_await number(300) > 0 ? co_await number(300) : 0;
        co_return all;
    };
    CHECK(result_of(sum()) == 321);
}

TEST_CASE("task: a chain that suspends goes on where it was", "[node][task]") {
    gate g;
    const auto inner = [&]() -> task<int> {
        const int a = co_await later(g, 1);
        const int b = co_await later(g, 2);
        co_return a + b;
    };
    const auto outer = [&]() -> task<int> {
        int all = 0;
        for (int i = 0; i < 3; ++i) {
            all = 10 * all + co_await inner();
        }
        co_return all;
    };
    const task<int> t = outer();
    CHECK_FALSE(t.start());
    for (int i = 0; i < 6; ++i) {
        CHECK_FALSE(t.done());
        g.open();
    }
    REQUIRE(t.done());
    CHECK(t.await_resume() == 333);
}

TEST_CASE("task: exceptions pass every await, before and after suspending", "[node][task]") {
    for (const bool suspends : {false, true}) {
        gate g;
        std::vector<std::string> heard;
        const auto middle = [&]() -> task<int> {
            try {
                co_return co_await failing(suspends ? &g : nullptr);
            } catch (const std::runtime_error&) {
                heard.push_back("middle");
                throw;
            }
        };
        const auto outer = [&]() -> task<int> {
            int got = 0;
            try {
                got = co_await middle();
            } catch (const std::runtime_error& e) {
                heard.push_back(e.what());
                got = 7;
            }
            co_return got + co_await number(1);
        };
        const task<int> t = outer();
        CHECK(t.start() == !suspends);
        if (suspends) {
            g.open();
        }
        REQUIRE(t.done());
        CHECK(t.await_resume() == 8);
        CHECK(heard == std::vector<std::string>{"middle", "from a task"});
    }
    const task<int> alone = failing(nullptr);
    CHECK(alone.start());
    CHECK_THROWS_WITH(alone.await_resume(), "from a task");
}

TEST_CASE("task: a hundred thousand awaits that do not suspend need no stack", "[node][task]") {
    depth d;
    const auto loop = [&]() -> task<int> {
        int all = 0;
        for (int i = 0; i < 50000; ++i) {
            all += co_await twice_nested(d);
        }
        co_return all;
    };
    CHECK(result_of(loop()) == 100000);
    CHECK(d.highest - d.lowest < 4096);
}

TEST_CASE("task: who is destroyed while suspended destroys what it awaits and all locals", "[node][task]") {
    const auto token = std::make_shared<int>(1);
    gate g;
    const auto inner = [&](std::shared_ptr<int> mine) -> task<int> {
        const auto local = mine;
        co_return co_await later(g, *local);
    };
    const auto outer = [&](std::shared_ptr<int> mine) -> task<int> {
        std::vector<std::shared_ptr<int>> held(3, mine);
        co_return co_await inner(mine);
    };
    {
        const task<int> t = outer(token);
        CHECK_FALSE(t.start());
        CHECK(token.use_count() > 5);
    }
    CHECK(token.use_count() == 1);
    {
        const task<int> never_started = outer(token);
        CHECK(token.use_count() == 2);
    }
    CHECK(token.use_count() == 1);
    task<int> a = outer(token);
    task<int> b = std::move(a);
    a = number(3);
    CHECK(result_of(a) == 3);
}

TEST_CASE("frame_arena: gives what was given back, by size; large frames come from the heap", "[node][task]") {
    frame_arena arena;
    void* small = nullptr;
    {
        const frame_arena::scope here(arena);
        small = frame_arena::allocate(100);
        void* const other = frame_arena::allocate(100);
        CHECK(other != small);
        frame_arena::release(small);
        CHECK(frame_arena::allocate(110) == small);  // in the same unit of 64 bytes
        void* const large = frame_arena::allocate(100000);
        frame_arena::release(large);
        frame_arena::release(other);
    }
    void* const outside = frame_arena::allocate(100);
    CHECK(outside != small);
    frame_arena::release(small);  // to its arena, wherever this is
    frame_arena::release(outside);
    const frame_arena::scope again(arena);
    void* const first = frame_arena::allocate(100);
    CHECK(first == small);
    CHECK(reinterpret_cast<std::uintptr_t>(first) % alignof(std::max_align_t) == 0);
    frame_arena::release(first);
    frame_arena other_arena;
    {
        const frame_arena::scope nested(other_arena);
        void* const p = frame_arena::allocate(100);
        CHECK(p != small);
        frame_arena::release(p);
    }
    void* const p = frame_arena::allocate(100);
    CHECK(p == small);
    frame_arena::release(p);
}
