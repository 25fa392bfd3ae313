//! The patches of an image that a convolution sees.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <frugal/core/unfolding.hpp>
#include <frugal/model/layer.hpp>

namespace frugal {

constexpr unfolding unfolding_of(sample_shape input, std::size_t kernel, std::size_t stride, std::size_t padding) {
    return {input.channels, input.rows, input.columns, kernel, stride, padding};
}

//! Throws `invalid_input`, naming `layer`, where patches do not fit the image or cannot be counted.
inline void expect_patches(const unfolding& u, std::string_view layer) {
    checked_shape({u.channels, u.rows, u.columns}, layer);
    checked_shape({u.kernel, u.stride}, layer);
    expect(u.padding < u.kernel, [&] {
        return "the padding of a " + std::string(layer) + " must be less than its kernel, " + std::to_string(u.kernel) +
               ", not " + std::to_string(u.padding);
    });
    expect(u.valid(), [&] {
        return "a " + std::string(layer) + " with a kernel of " + std::to_string(u.kernel) +
               " needs an image that large, not " + std::to_string(u.rows) + " x " + std::to_string(u.columns);
    });
    checked_shape({u.patch(), u.places()}, std::string(layer) + "'s unfolded image");
}

}  // namespace frugal
