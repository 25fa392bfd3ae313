//! Working memory of an objective: aligned, grows on demand, never copied.
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace frugal {

//! An array of numbers without initial values, aligned to a cache line. A copy starts empty: copying an objective for
//! another node or thread shares its data and gets working memory of its own.
template <class T>
    requires std::is_trivially_copyable_v<T>
class scratch {
public:
    static constexpr std::align_val_t alignment{64};

    scratch() = default;
    scratch(const scratch&) noexcept {}
    scratch(scratch&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
    scratch& operator=(const scratch&) noexcept { return *this; }
    scratch& operator=(scratch&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~scratch() { ::operator delete(data_, alignment); }

    //! n elements of any value; allocates only if more are asked for than ever before, and then forgets the values.
    std::span<T> get(std::size_t n) {
        if (n > capacity_) {
            ::operator delete(std::exchange(data_, nullptr), alignment);
            capacity_ = 0;
            data_ = static_cast<T*>(::operator new(n * sizeof(T), alignment));
            capacity_ = n;
        }
        return {data_, n};
    }

private:
    T* data_ = nullptr;
    std::size_t capacity_ = 0;
};

}  // namespace frugal
