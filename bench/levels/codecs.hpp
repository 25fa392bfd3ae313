//! What bench/levels/codecs.cpp offers, compiled for each level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/dispatch.hpp>

struct level_codecs {
    //! The one of bench/codecs.hpp that has this name.
    frugal::any_compressor (*make)(std::string_view variant);
    //! frugal::kernels::select_top_k.
    std::size_t (*top_k)(std::span<const float> x, std::size_t k, std::vector<std::uint32_t>& indices);
};
FRUGAL_DISPATCHED(level_codecs)
