//! The exceptions of the library: everything it throws on purpose derives from `frugal::error`.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace frugal {

//! Base of every error the library reports. `what()` is one sentence: what was wrong, what was expected, what to do.
struct error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

//! The caller passed something that the function does not accept (sizes, ranges, non-finite values, key reuse).
struct invalid_input : error {
    using error::error;
};

//! A vector holds a number that is infinite or NaN. Wrappers that pass on a part or a rearrangement of a vector name
//! the element by its place in what they were given.
struct nonfinite_input : invalid_input {
    explicit nonfinite_input(std::size_t place)
        : invalid_input("input element " + std::to_string(place) + " is not finite: check the gradient for divergence"),
          index(place) {}
    std::size_t index;  //!< of the first such element
};

//! Bytes that are not a message this receiver can decode: truncated, altered, or written by another composition.
struct malformed_message : error {
    using error::error;
};

//! Throws `invalid_input(text)` unless `condition` holds. The text is only built on failure when it is a callable.
template <class Text>
constexpr void expect(bool condition, const Text& text) {
    if (!condition) [[unlikely]] {
        if constexpr (requires { text(); }) {
            throw invalid_input(text());
        } else {
            throw invalid_input(text);
        }
    }
}

//! Throws `malformed_message(text)` unless `condition` holds; the twin of `expect` for received bytes.
template <class Text>
constexpr void expect_message(bool condition, const Text& text) {
    if (!condition) [[unlikely]] {
        if constexpr (requires { text(); }) {
            throw malformed_message(text());
        } else {
            throw malformed_message(text);
        }
    }
}

}  // namespace frugal
