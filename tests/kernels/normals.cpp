#include <frugal/kernels/normals.hpp>

#include <algorithm>
#include <vector>

#include "architectures.hpp"
#include "catch.hpp"

using namespace frugal;

TEST_CASE("fill_normal: the same bits as the stream, element by element", "[kernels][exact]") {
    const random_stream stream({.seed = 3, .round = 9});
    for (const std::size_t n : {0u, 1u, 31u, 32u, 33u, 63u, 64u, 65u, 200u, 20000u}) {
        std::vector<float> expected(n);
        for (std::size_t i = 0; i < n; ++i) {
            expected[i] = stream.normal(i);
        }
        test::for_each_architecture([&](auto arch) {
            std::vector<float> x(n);
            kernels::fill_normal<decltype(arch)>(stream, x);
            INFO(decltype(arch)::name() << ", n = " << n);
            CHECK(std::mismatch(x.begin(), x.end(), expected.begin()).first == x.end());
        });
    }
}
