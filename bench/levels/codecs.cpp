#include "codecs.hpp"

#include <frugal/kernels/select.hpp>
#include "../codecs.hpp"

namespace {

frugal::any_compressor make(std::string_view variant) {
    frugal::any_compressor found;
    bench::for_each_codec_of_levels([&](std::string_view name, auto make_codec) {
        if (name == variant) {
            found = make_codec();
        }
    });
    return found;
}

std::size_t top_k(std::span<const float> x, std::size_t k, std::vector<std::uint32_t>& indices) {
    return frugal::kernels::select_top_k(x, k, indices);
}

}  // namespace

FRUGAL_LEVEL_TABLE(level_codecs, {&make, &top_k})
