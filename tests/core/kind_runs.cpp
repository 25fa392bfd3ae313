#include <frugal/core/kind_runs.hpp>

#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("kind_runs: takes the tensors of a kind out and puts them back", "[core][kind_runs]") {
    tensor_layout layout;
    layout.add("a", {2}, value_kind::boolean).add("b", {1}).add("c", {2}, value_kind::boolean);
    layout.add("d", {1}, value_kind::boolean).add("e", {2});
    const kind_runs truth(layout, value_kind::boolean), real(layout, value_kind::real);
    CHECK(truth.size() == 5);
    CHECK(real.size() == 3);
    const std::vector<float> x{0, 1, 2, 3, 4, 5, 6, 7};
    std::vector<float> t(5), r(3), y(8);
    truth.gather(x, t);
    real.gather(x, r);
    CHECK(t == std::vector<float>{0, 1, 3, 4, 5});
    CHECK(r == std::vector<float>{2, 6, 7});
    truth.scatter(t, y);
    CHECK(y == std::vector<float>{0, 1, 0, 3, 4, 5, 0, 0});
    real.scatter(r, y);
    CHECK(y == x);
}

TEST_CASE("kind_runs: no element of a kind, and vectors that do not fit", "[core][kind_runs][hostile]") {
    const kind_runs none(tensor_layout::flat(4), value_kind::boolean);
    std::vector<float> x(4), empty;
    CHECK(none.size() == 0);
    CHECK_NOTHROW(none.gather(x, empty));
    CHECK_THROWS_AS(none.gather(std::vector<float>(3), empty), invalid_input);
    CHECK_THROWS_AS(none.scatter(std::vector<float>(1), x), invalid_input);
}
