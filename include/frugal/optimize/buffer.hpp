//! What optimizers check of the vectors they are given.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <frugal/core/error.hpp>

namespace frugal {

//! An optimizer's buffer on first use is zero; later it must keep its length.
inline void expect_buffer(std::vector<float>& buffer, std::size_t d) {
    if (buffer.size() != d) {
        expect(buffer.empty(), "an optimizer was used for vectors of different length: keep one optimizer per model");
        buffer.assign(d, 0.0f);
    }
}

inline void expect_same_length(std::span<const float> w, std::span<const float> g) {
    expect(w.size() == g.size(), "an optimizer was given parameters and a gradient of different length");
}

}  // namespace frugal
