#include <frugal/optimize/optimizer_by_kind.hpp>

#include <vector>

#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/any_optimizer.hpp>
#include <frugal/optimize/sgd.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(LocalOptimizer<optimizer_by_kind<boolean_optimizer, adam>>);

namespace {

tensor_layout two_layers() {
    tensor_layout layout;
    layout.add("a", {2}, value_kind::boolean).add("b", {2}, value_kind::boolean).add("head", {3});
    return layout;
}
const std::vector<float> start{1, -1, 1, 1, 0.5f, 0, 2};
const std::vector<float> g{1, 1, 1, 1, 1, 2, 3};

}  // namespace

TEST_CASE("by_kind: each tensor has an optimizer of its own", "[optimize][by_kind]") {
    optimizer_by_kind o(boolean_optimizer{.learning_rate = 1}, sgd{.learning_rate = 0.5}, two_layers());
    std::vector<float> w = start;
    o.update(w, g, 0);
    CHECK(w == std::vector<float>{-1, -1, -1, -1, 0, -1, 0.5f});
    CHECK(o.booleans()[0].beta == 0.5f);
    CHECK(o.booleans()[1].beta == 0);
    CHECK(flips_of(o) == 3);
}

TEST_CASE("by_kind: chosen at run time it learns the layout through any_optimizer", "[optimize][by_kind]") {
    any_optimizer erased(
        optimizer_by_kind<any_optimizer, any_optimizer>(boolean_optimizer{.learning_rate = 1}, adam{}));
    std::vector<float> w = start, v = start;
    CHECK_THROWS_WITH(erased.update(w, g, 0), test::contains_text("fit it first"));
    erased.fit(two_layers(), w);
    optimizer_by_kind typed(boolean_optimizer{.learning_rate = 1}, adam{}, two_layers());
    for (std::uint64_t t = 0; t < 3; ++t) {
        erased.update(w, g, t);
        typed.update(v, g, t);
        CHECK(w == v);
    }
    std::vector<std::byte> bytes;
    state_archive save(bytes);
    erased.state(save);
    optimizer_by_kind other(boolean_optimizer{.learning_rate = 1}, adam{}, two_layers());
    state_archive load{std::span<const std::byte>(bytes)};
    other.state(load);
    load.finish();
    erased.update(w, g, 3);
    other.update(v, g, 3);
    CHECK(w == v);
    any_optimizer plain(sgd{});
    CHECK_NOTHROW(plain.fit(two_layers(), w));
}

TEST_CASE("by_kind: vectors that are not of the layout", "[optimize][by_kind][hostile]") {
    optimizer_by_kind o(boolean_optimizer{}, sgd{}, two_layers());
    std::vector<float> w(8, 1.0f);
    CHECK_THROWS_AS(o.update(w, w, 0), invalid_input);
    CHECK_THROWS_AS(o.update(w, g, 0), invalid_input);
}
