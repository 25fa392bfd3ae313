//! Vectors that nodes borrow for a while: what one gives back the next one gets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace frugal {

class vector_pool;

//! A borrowed vector of floats, whose values are arbitrary at first. Goes back when it is destroyed or given back.
class borrowed_vector {
public:
    borrowed_vector() = default;
    borrowed_vector(const borrowed_vector&) = delete;
    borrowed_vector& operator=(const borrowed_vector&) = delete;
    borrowed_vector(borrowed_vector&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), values_(std::move(other.values_)) {}
    borrowed_vector& operator=(borrowed_vector&& other) noexcept {
        std::swap(pool_, other.pool_);
        std::swap(values_, other.values_);
        return *this;
    }
    ~borrowed_vector() { give_back(); }

    operator std::span<float>() { return values_; }
    operator std::span<const float>() const { return values_; }
    std::span<float> span() { return values_; }
    std::size_t size() const { return values_.size(); }
    float& operator[](std::size_t i) { return values_[i]; }
    void give_back();

private:
    friend class vector_pool;
    borrowed_vector(vector_pool& pool, std::vector<float> values) : pool_(&pool), values_(std::move(values)) {}
    vector_pool* pool_ = nullptr;
    std::vector<float> values_;
};

//! Lends vectors to all nodes of a process; may be used from any thread. Keeps, of each length, as many as were ever
//! lent at once.
class vector_pool {
public:
    borrowed_vector lend(std::size_t n) {
        std::vector<float> values;
        {
            const std::lock_guard guard(mutex_);
            const auto fits = std::find_if(free_.rbegin(), free_.rend(), [&](const auto& v) { return v.size() == n; });
            if (fits != free_.rend()) {
                std::swap(*fits, free_.back());
                values = std::move(free_.back());
                free_.pop_back();
            } else {
                free_.reserve(++lent_);  // so that giving back never allocates
            }
        }
        values.resize(n);
        return borrowed_vector(*this, std::move(values));
    }

private:
    friend class borrowed_vector;
    std::mutex mutex_;
    std::vector<std::vector<float>> free_;
    std::size_t lent_ = 0;
};

inline void borrowed_vector::give_back() {
    if (pool_ != nullptr) {
        const std::lock_guard guard(pool_->mutex_);
        pool_->free_.push_back(std::move(values_));
        values_.clear();
        pool_ = nullptr;
    }
}

}  // namespace frugal
