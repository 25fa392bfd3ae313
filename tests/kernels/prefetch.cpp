#include <frugal/kernels/prefetch.hpp>

#include <cstddef>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("prefetch_ahead: asking for memory that is not there, or not ours, changes nothing", "[kernels][prefetch]") {
    std::vector<float> x(100'000, 1.0f);
    for (std::size_t i = 0; i < x.size(); i += kernels::prefetch_step) {
        kernels::prefetch_ahead(x.data(), i);
        kernels::prefetch_ahead<true>(x.data(), i);
        kernels::prefetch_ahead(nullptr, i);
        kernels::prefetch_ahead<true>(nullptr, i);
    }
    CHECK(x == std::vector<float>(100'000, 1.0f));
}
