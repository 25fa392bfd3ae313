#include <xtensor/xarray.hpp>
#include <xtensor/xbuilder.hpp>

#include <frugal/mix/tensor.hpp>
#include <frugal/mix/topologies.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("tensor: there and back", "[mix][tensor]") {
    const auto w = torus(3, 4);
    const auto dense = to_tensor(w);
    CHECK(dense(0, 1) == 0.2);
    const auto back = from_tensor(dense);
    for (std::size_t i = 0; i < w.size(); ++i) {
        for (std::size_t j = 0; j < w.size(); ++j) {
            CHECK(back.weight(i, j) == w.weight(i, j));
        }
    }
    const auto lazy = from_tensor(0.5 * (dense + xt::eye<double>(12)));  // half as eager to mix
    CHECK(lazy.weight(0, 0) == Approx(0.6));
    CHECK(lazy.weight(0, 1) == 0.1);
    CHECK_THROWS_AS(from_tensor(xt::xarray<double>::from_shape({4})), invalid_input);
    const xt::xtensor<double, 2> oblong = xt::zeros<double>({2, 3});
    CHECK_THROWS_AS(from_tensor(oblong), invalid_input);
    const xt::xtensor<double, 2> apart{{1, 0}, {0, 1}};
    CHECK_THROWS_AS(from_tensor(apart), invalid_input);
}
