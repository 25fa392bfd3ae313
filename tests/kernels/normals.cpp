#include <frugal/kernels/normals.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("fill_normal: the same bits as the stream, element by element", "[kernels][exact]") {
    const random_stream stream({.seed = 3, .round = 9});
    for (const std::size_t n : {0u, 1u, 31u, 32u, 33u, 63u, 64u, 65u, 200u}) {
        std::vector<float> x(n);
        kernels::fill_normal(stream, x);
        for (std::size_t i = 0; i < n; ++i) {
            CHECK(x[i] == stream.normal(i));
        }
    }
}
