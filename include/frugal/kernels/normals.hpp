//! Standard normal numbers of a stream in bulk: four from each Philox block.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include <frugal/core/random.hpp>
#include <frugal/kernels/philox.hpp>

namespace frugal::kernels {

//! out[i] = stream.normal(i), to the bit. O(n).
inline void fill_normal(const random_stream& stream, std::span<float> out) {
    constexpr std::size_t lanes = random_stream::lanes;
    constexpr std::size_t group = random_stream::group;
    std::uint32_t words[group];
    float normals[group];
    for (std::size_t first = 0; first < out.size(); first += group) {
        random_words(stream, first, group, words);
        for (std::size_t pair = 0; pair < group; pair += 2 * lanes) {
            for (std::size_t i = pair; i < pair + lanes; ++i) {
                const float radius = std::sqrt(-2.0f * exact_log(unit_from_word(words[i])));
                const auto turn = exact_sine_cosine_of_turns(centered_from_word(words[i + lanes]));
                normals[i] = rounded(radius * turn.cosine);
                normals[i + lanes] = rounded(radius * turn.sine);
            }
        }
        const std::size_t n = out.size() - first < group ? out.size() - first : group;
        for (std::size_t i = 0; i < n; ++i) {
            out[first + i] = normals[i];
        }
    }
}

}  // namespace frugal::kernels
