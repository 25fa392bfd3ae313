//! Saving and restoring the state of compressors, optimizers and nodes: one function describes both directions.
//!
//! A component with state has `void state(state_archive& a) { a(momentum_); a(steps_); }`. The archive either writes
//! those values or replaces them. Bytes that do not fit what is being restored give `malformed_message`; nothing is
//! allocated on the word of the bytes alone. Deliberately not a general serialization library: a flat list of numbers
//! and number vectors, usable through a type-erased (virtual) interface and safe on hostile input.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/core/random.hpp>

namespace frugal {

//! Numbers, which have no padding and of which every bit pattern is a value: bytes from outside can be copied into
//! them. (A bool, an enumeration or a pointer made of arbitrary bytes is undefined behaviour, so those are no such
//! type.)
template <class T>
concept archivable_number =
    (std::is_arithmetic_v<T> && !std::same_as<T, bool> && !std::same_as<T, long double>) || std::same_as<T, std::byte>;

//! Where the values of a component go, or come from: `a(v)` for a number, a truth value, a key, anything with a `state`
//! function, and vectors, arrays and optionals of these. Restoring throws `malformed_message` where bytes do not fit.
class state_archive {
public:
    //! Saves: what `a(value)` is given is appended to `out`.
    explicit state_archive(std::vector<std::byte>& out) : out_(&out) {}
    //! Restores: `a(value)` replaces value by the next one in `in`.
    explicit state_archive(std::span<const std::byte> in) : in_(in) {}

    bool saving() const { return out_ != nullptr; }

    template <archivable_number T>
    void operator()(T& value) {
        transfer(&value, sizeof value);
    }
    void operator()(bool& value) {
        std::uint8_t byte = value ? 1 : 0;
        transfer(&byte, 1);
        expect_message(byte <= 1, "a saved state holds a truth value that is neither 0 nor 1: it was altered");
        value = byte == 1;
    }
    void operator()(random_key& key) {
        (*this)(key.seed);
        (*this)(key.node);
        (*this)(key.round);
        (*this)(key.purpose);
    }
    template <class T>
    void operator()(std::optional<T>& value) {
        bool present = value.has_value();
        (*this)(present);
        if (!present) {
            value.reset();
            return;
        }
        if (!value) {
            value.emplace();
        }
        (*this)(*value);
    }
    template <class T, std::size_t n>
    void operator()(std::array<T, n>& values) {
        for (T& value : values) {
            (*this)(value);
        }
    }
    //! A vector of numbers: restored to the length it was saved with.
    template <archivable_number T>
    void operator()(std::vector<T>& values) {
        std::uint64_t n = values.size();
        transfer(&n, sizeof n);
        if (!saving()) {
            expect_message(n <= in_.size() / sizeof(T), "a saved state is shorter than the vector it announces");
            values.resize(static_cast<std::size_t>(n));
        }
        transfer(values.data(), values.size() * sizeof(T));
    }
    //! A vector of anything else: its length is a setting of what is being restored, and must be the saved one.
    template <class T>
    void operator()(std::vector<T>& values) {
        std::uint64_t n = values.size();
        transfer(&n, sizeof n);
        expect_message(n == values.size(), "a saved state has another number of parts than what is being restored");
        for (T& value : values) {
            (*this)(value);
        }
    }
    //! Any component that describes its own state.
    template <class T>
        requires requires(T& c, state_archive& a) { c.state(a); }
    void operator()(T& component) {
        component.state(*this);
    }

    //! After restoring: throws unless everything was consumed.
    void finish() const {
        expect_message(saving() || in_.empty(), "a saved state is longer than what is being restored: other settings?");
    }

private:
    void transfer(void* p, std::size_t n) {
        if (n == 0) {
            return;
        }
        if (saving()) {
            const std::size_t at = out_->size();
            out_->resize(at + n);
            std::memcpy(out_->data() + at, p, n);
        } else {
            expect_message(n <= in_.size(), "a saved state ends early: it belongs to other settings or was truncated");
            std::memcpy(p, in_.data(), n);
            in_ = in_.subspan(n);
        }
    }

    std::vector<std::byte>* out_ = nullptr;
    std::span<const std::byte> in_;
};

//! `a(component)` for components with state; nothing for those without. Of an optional: of what it holds.
template <class T>
void save_or_restore(state_archive& a, T& component);

template <class T>
void save_or_restore(state_archive& a, std::optional<T>& component) {
    if (component) {
        save_or_restore(a, *component);
    }
}

template <class T>
void save_or_restore(state_archive& a, T& component) {
    if constexpr (requires { component.state(a); }) {
        component.state(a);
    }
}

}  // namespace frugal
