#include "codec.hpp"

#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/quantize/dithered.hpp>

// In refuse.cpp, another file of this level.
void expect_not_empty(std::span<const float> x);

namespace {

// Made before any function here is called, by kernels of this level.
const std::vector<float> loaded(100, -2.0f);
const float largest_loaded = frugal::kernels::max_abs(loaded);

float constructed() {
    return largest_loaded;
}

std::string round_trip(std::span<const float> x, std::uint64_t round, std::span<float> y) {
    using namespace frugal;
    sparse_compressor c{top_k{.fraction = 0.25f}, scalar_compressor{dithered{.levels = 3}}};
    expect_not_empty(x);
    message m;
    c.compress(x, {.seed = 1, .round = round}, m);
    c.decompress(m, {.seed = 1, .round = round}, y);
    return std::string(default_arch::name());
}

void refuse_empty() {
    std::vector<float> none;
    round_trip(none, 0, none);
}

}  // namespace

FRUGAL_LEVEL_TABLE(level_codec, {&round_trip, &refuse_empty, &constructed})
