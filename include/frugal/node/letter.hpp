//! A message on its way: written once, read by every node it is addressed to, its buffer used again.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <frugal/core/message.hpp>

namespace frugal {

namespace detail {
class letter_shelf;
}

//! A message and how many hold it. Written by its sender before it is sent, only read from then on.
class letter {
public:
    message content;

private:
    friend class detail::letter_shelf;
    friend class letter_ref;
    explicit letter(std::shared_ptr<detail::letter_shelf> home) : home_(std::move(home)) {}
    std::atomic<std::size_t> holders_{0};
    std::shared_ptr<detail::letter_shelf> home_;
};

//! Shared ownership of a letter; the last one to let go returns it to the pool it came from. May cross threads.
class letter_ref {
public:
    letter_ref() = default;
    explicit letter_ref(letter& l) : letter_(&l) { l.holders_.fetch_add(1, std::memory_order_relaxed); }
    letter_ref(const letter_ref& other) : letter_(other.letter_) {
        if (letter_ != nullptr) {
            letter_->holders_.fetch_add(1, std::memory_order_relaxed);
        }
    }
    letter_ref(letter_ref&& other) noexcept : letter_(std::exchange(other.letter_, nullptr)) {}
    letter_ref& operator=(letter_ref other) noexcept {
        std::swap(letter_, other.letter_);
        return *this;
    }
    ~letter_ref();

    message& operator*() const { return letter_->content; }
    message* operator->() const { return &letter_->content; }
    explicit operator bool() const { return letter_ != nullptr; }

private:
    letter* letter_ = nullptr;
};

namespace detail {

//! Letters that wait to be used again. Kept alive by those that are out.
class letter_shelf {
public:
    letter* take(const std::shared_ptr<letter_shelf>& self) {
        letter* l = nullptr;
        lock();
        if (!free_.empty()) {
            l = free_.back();
            free_.pop_back();
        } else {
            free_.reserve(++made_);  // so that giving back never allocates
        }
        unlock();
        return l != nullptr ? l : new letter(self);
    }
    void give_back(letter* l) {
        lock();
        const bool kept = !closed_;
        if (kept) {
            free_.push_back(l);
        }
        unlock();
        if (!kept) {
            delete l;
        }
    }
    void close() {
        std::vector<letter*> waiting;
        lock();
        closed_ = true;
        waiting.swap(free_);
        unlock();
        for (letter* l : waiting) {
            delete l;
        }
    }

private:
    // Held for a few instructions, by two threads at most.
    void lock() {
        while (busy_.test_and_set(std::memory_order_acquire)) {
        }
    }
    void unlock() { busy_.clear(std::memory_order_release); }

    std::atomic_flag busy_;
    bool closed_ = false;
    std::vector<letter*> free_;
    std::size_t made_ = 0;
};

}  // namespace detail

//! The letters of one sender. Their buffers keep their capacity, so a warm sender allocates nothing. Letters may return
//! from any thread, and after the pool is gone.
class letter_pool {
public:
    letter_pool() = default;
    letter_pool(const letter_pool&) = delete;
    letter_pool& operator=(const letter_pool&) = delete;
    ~letter_pool() { shelf_->close(); }

    //! An empty letter.
    letter_ref take() {
        letter* const l = shelf_->take(shelf_);
        l->content.clear();
        return letter_ref(*l);
    }

private:
    std::shared_ptr<detail::letter_shelf> shelf_ = std::make_shared<detail::letter_shelf>();
};

inline letter_ref::~letter_ref() {
    if (letter_ != nullptr && letter_->holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        const std::shared_ptr<detail::letter_shelf> home = letter_->home_;  // outlives a letter that is deleted
        home->give_back(letter_);
    }
}

}  // namespace frugal
