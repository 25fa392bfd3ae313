//! `task<T>`: what a program of a node is: a coroutine that is awaited once, whose frames come from its node's arena.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <utility>

namespace frugal {

//! Where the coroutine frames of one node live: free lists by size, given back to the system with the arena.
//!
//! Used by one thread at a time. A warm arena allocates nothing: a node's rounds ask for the same sizes again and
//! again.
class frame_arena {
public:
    frame_arena() = default;
    frame_arena(const frame_arena&) = delete;
    frame_arena& operator=(const frame_arena&) = delete;
    ~frame_arena() {
        for (link* list : lists_) {
            while (list != nullptr) {
                ::operator delete(std::exchange(list, list->next));
            }
        }
    }

    //! n bytes from the arena that is current on this thread, from the heap if there is none.
    static void* allocate(std::size_t n) {
        frame_arena* const arena = *current();
        const std::size_t kind = (n + sizeof(header) + unit - 1) / unit;
        void* block = nullptr;
        if (arena != nullptr && kind < kinds && arena->lists_[kind] != nullptr) {
            block = std::exchange(arena->lists_[kind], arena->lists_[kind]->next);
        } else {
            block = ::operator new(kind * unit);
        }
        return new (block) header{arena, kind} + 1;
    }
    static void release(void* frame) {
        header* const h = static_cast<header*>(frame) - 1;
        const header of = *h;
        if (of.arena != nullptr && of.kind < kinds) {
            of.arena->lists_[of.kind] = new (static_cast<void*>(h)) link{of.arena->lists_[of.kind]};
        } else {
            ::operator delete(static_cast<void*>(h));
        }
    }

    //! Makes an arena the current one of this thread for a scope.
    class scope {
    public:
        explicit scope(frame_arena& arena) : before_(std::exchange(*current(), &arena)) {}
        scope(const scope&) = delete;
        scope& operator=(const scope&) = delete;
        ~scope() { *current() = before_; }

    private:
        frame_arena* before_;
    };

private:
    static constexpr std::size_t unit = 64;
    static constexpr std::size_t kinds = 65;  // frames of up to 4 KiB are kept

    struct alignas(alignof(std::max_align_t)) header {
        frame_arena* arena;
        std::size_t kind;
    };
    struct link {
        link* next;
    };

    // Not inlined: a coroutine that is resumed on another thread must not keep the address of the first one's variable.
    [[gnu::noinline]] static frame_arena** current() {
        static thread_local frame_arena* arena = nullptr;
        return &arena;
    }

    std::array<link*, kinds> lists_{};
};

namespace detail {

struct promise_base {
    std::coroutine_handle<> continuation = std::noop_coroutine();
    std::exception_ptr failure;

    static void* operator new(std::size_t n) { return frame_arena::allocate(n); }
    static void operator delete(void* p) { frame_arena::release(p); }

    struct hand_back {
        bool await_ready() noexcept { return false; }
        template <class P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) noexcept {
            return h.promise().continuation;
        }
        void await_resume() noexcept {}
    };
    std::suspend_always initial_suspend() noexcept { return {}; }
    hand_back final_suspend() noexcept { return {}; }
    void unhandled_exception() { failure = std::current_exception(); }
};

template <class T>
struct promise_value : promise_base {
    std::optional<T> value;
    template <class V>
    void return_value(V&& v) {
        value.emplace(std::forward<V>(v));
    }
    T take() { return std::move(*value); }
};
template <>
struct promise_value<void> : promise_base {
    void return_void() {}
    void take() {}
};

}  // namespace detail

//! A coroutine that computes a T. It starts when it is awaited, on the awaiting one's stack, so that loops over tasks
//! that do not suspend need no stack; await each task exactly once. Destroying a suspended task destroys its locals,
//! those of the tasks it awaits included. Rules for writing one are in docs/write-an-algorithm.md.
template <class T = void>
class [[nodiscard]] task {
public:
    //! What the compiler asks of a coroutine.
    struct promise_type : detail::promise_value<T> {
        task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    };

    task(task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    task& operator=(task&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~task() {
        if (handle_) {
            handle_.destroy();
        }
    }

    bool await_ready() const {
        handle_.resume();
        return handle_.done();
    }
    void await_suspend(std::coroutine_handle<> caller) const { handle_.promise().continuation = caller; }
    T await_resume() const {
        if (handle_.promise().failure) {
            std::rethrow_exception(handle_.promise().failure);
        }
        return handle_.promise().take();
    }

    //! For engines: runs the outermost task to its first suspension; whether it has ended.
    bool start() const { return await_ready(); }
    bool done() const { return handle_.done(); }

private:
    explicit task(std::coroutine_handle<promise_type> h) : handle_(h) {}
    std::coroutine_handle<promise_type> handle_;
};

}  // namespace frugal
