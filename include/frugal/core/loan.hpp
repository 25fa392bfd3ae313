//! Loans of scratch memory: what a function needs while it runs and nobody needs afterwards.
//!
//! Each thread keeps what was given back to it, so that a warm thread allocates nothing. A compressor then holds
//! options and nothing else, and one object serves any number of threads. Loans may be nested, also by a task that the
//! scheduler runs in the middle of another: each gets memory of its own. A loan may be given back on another thread
//! than took it, which then keeps it; where that is the rule, the takers allocate.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace frugal {
namespace detail {

//! Blocks of 2^k bytes, kept in a list for each k. Trivially destructible, so that a loan may outlive it.
struct block_pool {
    struct free_block {
        free_block* next;
    };
    static constexpr std::size_t alignment = 64;
    static constexpr unsigned smallest = 8;  // 2^8 bytes
    static constexpr unsigned kept_at_most = 32;

    std::array<free_block*, 64> blocks;
    std::array<unsigned, 64> count;
    bool closed;

    static unsigned size_class(std::size_t bytes) {
        return std::max(smallest, static_cast<unsigned>(std::bit_width(bytes == 0 ? bytes : bytes - 1)));
    }
    void* take(unsigned c) {
        if (free_block* const block = blocks[c]) {
            blocks[c] = block->next;
            --count[c];
            return block;
        }
        return ::operator new(std::size_t{1} << c, std::align_val_t{alignment});
    }
    void give(void* p, unsigned c) {
        if (closed || count[c] == kept_at_most) {
            ::operator delete(p, std::align_val_t{alignment});
            return;
        }
        blocks[c] = ::new (p) free_block{blocks[c]};
        ++count[c];
    }
    void close() {
        closed = true;
        for (free_block*& first : blocks) {
            while (first != nullptr) {
                ::operator delete(std::exchange(first, first->next), std::align_val_t{alignment});
            }
        }
    }
};

//! Not inlined, and opaque: a compiler must not keep a thread's address where a coroutine may resume on another.
[[gnu::noinline]] inline block_pool& blocks_of_this_thread() {
    thread_local constinit block_pool pool{};
    struct closer {
        block_pool* pool;
        ~closer() { pool->close(); }
    };
    thread_local const closer at_exit{&pool};
    static_cast<void>(at_exit);
    __asm__ volatile("" ::: "memory");
    return pool;
}

//! Objects of one type that wait to be used again.
template <class T>
struct object_pool {
    static constexpr std::size_t kept_at_most = 32;

    std::vector<std::unique_ptr<T>>* kept;
    bool closed;

    std::unique_ptr<T> take() {
        if (kept != nullptr && !kept->empty()) {
            std::unique_ptr<T> object = std::move(kept->back());
            kept->pop_back();
            return object;
        }
        return std::make_unique<T>();
    }
    void give(std::unique_ptr<T> object) {
        if (!closed && kept != nullptr && kept->size() < kept_at_most) {
            kept->push_back(std::move(object));
        }
    }
};

template <class T>
[[gnu::noinline]] object_pool<T>& objects_of_this_thread() {
    thread_local constinit object_pool<T> pool{};
    struct closer {
        object_pool<T>* pool;
        std::vector<std::unique_ptr<T>> kept;
        explicit closer(object_pool<T>* p) : pool(p) {
            kept.reserve(object_pool<T>::kept_at_most);
            pool->kept = &kept;
        }
        ~closer() {
            pool->closed = true;
            pool->kept = nullptr;
        }
    };
    thread_local const closer at_exit(&pool);
    static_cast<void>(at_exit);
    __asm__ volatile("" ::: "memory");
    return pool;
}

}  // namespace detail

//! n elements of memory whose values are not initialised, aligned to 64 bytes; given back when it dies. A range.
template <class T>
    requires std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>
class loan {
public:
    explicit loan(std::size_t n)
        : class_(detail::block_pool::size_class(n * sizeof(T))),
          data_(static_cast<T*>(detail::blocks_of_this_thread().take(class_))),
          size_(n) {}
    loan(loan&& other) noexcept
        : class_(other.class_), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    loan& operator=(loan&& other) noexcept {
        std::swap(class_, other.class_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~loan() {
        if (data_ != nullptr) {
            detail::blocks_of_this_thread().give(data_, class_);
        }
    }

    T* data() const { return data_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T* begin() const { return data_; }
    T* end() const { return data_ + size_; }
    T& operator[](std::size_t i) const { return data_[i]; }
    operator std::span<T>() const { return {data_, size_}; }
    operator std::span<const T>() const
        requires(!std::is_const_v<T>)
    {
        return {data_, size_};
    }

private:
    unsigned class_;
    T* data_;
    std::size_t size_;
};

//! `const auto symbols = borrow<std::uint8_t>(n);`
template <class T>
[[nodiscard]] loan<T> borrow(std::size_t n) {
    return loan<T>(n);
}

//! An object that was used before by this thread, in the state it was left in, or a new one; given back when it dies.
//! For what owns memory that should be used again, such as vectors.
template <class T>
class workspace {
public:
    workspace() : object_(detail::objects_of_this_thread<T>().take()) {}
    workspace(workspace&&) noexcept = default;
    workspace& operator=(workspace&&) = delete;
    ~workspace() {
        if (object_ != nullptr) {
            detail::objects_of_this_thread<T>().give(std::move(object_));
        }
    }

    T& operator*() const { return *object_; }
    T* operator->() const { return object_.get(); }

private:
    std::unique_ptr<T> object_;
};

}  // namespace frugal
