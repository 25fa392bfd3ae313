#include <frugal/mix/any_mixing_matrix.hpp>

#include <algorithm>

#include <frugal/mix/topologies.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(MixingMatrix<any_mixing_matrix>);

TEST_CASE("any_mixing_matrix: is what it holds", "[mix][exact]") {
    const auto w = torus(3, 2);
    const any_mixing_matrix any = w;
    const any_mixing_matrix copy = any;
    CHECK(copy.size() == w.size());
    CHECK(copy.name() == w.name());
    CHECK(copy.spectral_gap() == w.spectral_gap());
    for (std::size_t i = 0; i < w.size(); ++i) {
        CHECK(std::ranges::equal(copy.neighbors(i), w.neighbors(i)));
    }
    CHECK(any_mixing_matrix{}.size() == 1);
}
