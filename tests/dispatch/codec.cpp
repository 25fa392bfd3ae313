#include "codec.hpp"

#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>

namespace {

std::string round_trip(std::span<const float> x, std::uint64_t round, std::span<float> y) {
    using namespace frugal;
    sparse_compressor c{top_k{.fraction = 0.25f}, scalar_compressor{dithered{.levels = 3}}};
    message m;
    c.compress(x, {.seed = 1, .round = round}, m);
    c.decompress(m, {.seed = 1, .round = round}, y);
    return std::string(default_arch::name());
}

void refuse() {
    throw frugal::invalid_input("refused");
}

}  // namespace

FRUGAL_LEVEL_TABLE(level_codec, {&round_trip, &refuse})
