#include <frugal/compress/selector/top_k.hpp>

#include <array>

#include <frugal/compress/sparse.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("top_k: keeps the largest magnitudes, ties to the lowest index", "[compress][sparse][exact]") {
    sparse_compressor c{top_k{.fraction = 0.5}};
    CHECK(sample::round_trip(c, std::array{1.0f, -2.0f, 3.0f, 0.0f}, {}) == std::vector{0.0f, -2.0f, 3.0f, 0.0f});
    CHECK(sample::round_trip(c, std::array{1.0f, -1.0f, 1.0f, -1.0f}, {}) == std::vector{1.0f, -1.0f, 0.0f, 0.0f});
    CHECK(sample::round_trip(c, std::array{0.0f, 0.0f, 0.0f}, {}) == std::vector{0.0f, 0.0f, 0.0f});
}
