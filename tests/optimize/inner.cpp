#include <frugal/optimize/inner.hpp>

#include <vector>

#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/any_optimizer.hpp>
#include <frugal/optimize/binary_connect.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

struct without_rate {
    void update(std::span<float>, std::span<const float>, std::uint64_t) {}
};

}  // namespace

static_assert(RatedOptimizer<sgd> && RatedOptimizer<adam> && RatedOptimizer<any_optimizer>);
static_assert(LocalOptimizer<without_rate> && !RatedOptimizer<without_rate> && !RatedOptimizer<int>);
static_assert(BringsToGrid<binary_connect<>> && !BringsToGrid<sgd> && !BringsToGrid<any_optimizer>);

TEST_CASE("inner: the default is the type's own, or sgd", "[optimize][inner]") {
    CHECK(default_inner<adam>().name() == adam{}.name());
    CHECK(default_inner<any_optimizer>().name() == sgd{}.name());
}

TEST_CASE("inner: a copy of w is not w", "[optimize][inner]") {
    std::vector<float> w{1, 2};
    const auto before = copy_of(w);
    w = {3, 4};
    CHECK(before[0] == 1);
    CHECK(before[1] == 2);
}
