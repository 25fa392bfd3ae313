//! `chunked_top_k`: the largest magnitudes of each chunk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <frugal/compress/selector/selection.hpp>
#include <frugal/core/error.hpp>
#include <frugal/core/loan.hpp>
#include <frugal/kernels/select.hpp>

namespace frugal {

//! The `count` largest magnitudes of every `chunk` consecutive coordinates, ties to the lowest index; of a last chunk
//! of r coordinates ceil(count r / chunk). (SparseLoCo, Sarfi et al. 2025: 64 of 4096.) O(d), within the cache.
//!
//! No part of the vector is left without messages, and indices lie evenly: `rice_indices` take log2(chunk / count) +
//! 1.5 bits each, 7.5 in place of 12 for 64 of 4096. Loses at most (1 - count / chunk) ||x||^2. Biased: pair it with
//! `error_feedback`, whose decay forgets what was kept too long.
struct chunked_top_k {
    std::size_t count = 64;
    std::size_t chunk = 4096;

    static constexpr auto describe() {
        return describes("chunked_top_k", "the largest magnitudes of each chunk",
                         option("count", &chunked_top_k::count, "of a chunk").from(1).to(largest),
                         option("chunk", &chunked_top_k::chunk, "coordinates").from(1).to(largest));
    }
    void select(std::span<const float> x, random_key, selection& chosen) const {
        const workspace<selection> part;
        chosen.indices.clear();
        for (std::size_t at = 0; at < x.size(); at += chunk) {
            const auto piece = x.subspan(at, std::min(chunk, x.size() - at));
            try {
                kernels::select_top_k(piece, of_chunk(piece.size()), part->indices);
            } catch (const nonfinite_input& e) {
                throw nonfinite_input(at + e.index);
            }
            for (const std::uint32_t i : part->indices) {
                chosen.indices.push_back(static_cast<std::uint32_t>(at) + i);
            }
        }
    }
    std::size_t count_for(std::size_t d) const { return d / chunk * of_chunk(chunk) + of_chunk(d % chunk); }
    double contraction(std::size_t d) const {
        const std::size_t n = std::min(chunk, d);  // of a shorter last chunk as large a share is sent
        return n == 0 ? 1 : static_cast<double>(of_chunk(n)) / static_cast<double>(n);
    }
    laws laws_for(std::size_t d) const { return {.contraction = contraction(d), .worst_case = 0}; }
    void validate() const {
        validate_described(*this);
        expect(count <= chunk, "chunked_top_k: at most as many coordinates are sent as a chunk has");
    }
    std::string name() const { return described_name(*this); }

private:
    static constexpr double largest = static_cast<double>(std::size_t{1} << 24);

    std::size_t of_chunk(std::size_t n) const { return (count * n + chunk - 1) / chunk; }
};

}  // namespace frugal
