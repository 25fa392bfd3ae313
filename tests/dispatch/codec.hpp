//! What the dispatched source of this test offers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <frugal/dispatch.hpp>

struct level_codec {
    //! Encodes x, decodes it again into y; returns the name of the instruction set that the kernels use.
    std::string (*round_trip)(std::span<const float> x, std::uint64_t round, std::span<float> y);
    void (*refuse)();        // throws frugal::invalid_input, from the second file
    float (*constructed)();  // 2, if global objects were constructed
};
FRUGAL_DISPATCHED(level_codec)
