//! Inputs for kernel tests: normal values of widely varying scale, with zeros of both signs and denormals among them.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <frugal/core/random.hpp>

namespace test {

inline constexpr std::size_t sizes[] = {0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 1000, 4099};

inline std::vector<float> values(std::size_t n, std::uint64_t seed) {
    const frugal::random_stream stream({.seed = seed, .purpose = frugal::purposes::user});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = std::ldexp(stream.normal(i), static_cast<int>(stream.word(i) % 8));
        switch (stream.word(i) % 32) {
            case 8:
                x[i] = 0.0f;
                break;
            case 9:
                x[i] = -0.0f;
                break;
            case 10:
                x[i] *= 1e-40f;
                break;
            default:
                break;
        }
    }
    return x;
}

}  // namespace test
