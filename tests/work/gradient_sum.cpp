#include <frugal/work/gradient_sum.hpp>

#include <vector>

#include <frugal/data/batch_source.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/sgd.hpp>
#include <frugal/work/gradient_step.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

//! The gradient of step t is t + 1 everywhere.
struct counting_step {
    std::size_t dimension() const { return 2; }
    work_report gradient(std::span<const float>, std::uint64_t t, std::span<float> g) {
        g[0] = g[1] = float(t + 1);
        return {double(t), double(t + 1)};
    }
    void state(state_archive&) {}
};

}  // namespace

static_assert(GradientWork<gradient_sum<counting_step>>);

TEST_CASE("gradient_sum: adds the gradients of the round's steps at one point", "[work][gradient_sum]") {
    const std::vector<float> x(2);
    std::vector<float> g(2);
    gradient_sum sum(counting_step{}, {.count = 3});
    const work_report seen = sum.gradient(x, 2, g);  // steps 6, 7, 8
    CHECK(g == std::vector<float>{24, 24});
    CHECK(seen.samples == 24);
    CHECK(seen.loss == Approx((6 * 7 + 7 * 8 + 8 * 9) / 24.0));
    gradient_sum mean(counting_step{}, {.count = 4}, 0.25f);
    mean.gradient(x, 0, g);
    CHECK(g == std::vector<float>{2.5f, 2.5f});
    const gradient_step one(quadratic({1, -2}, {1, 0.5f}), full_batch{}, sgd{});
    gradient_sum twice(one, {.count = 2});
    twice.gradient(x, 0, g);
    CHECK(g == std::vector<float>{-2, 2});  // x has not moved in between
    CHECK_THROWS_AS(gradient_sum(one, {.count = 0}), invalid_input);
    CHECK_THROWS_AS(gradient_sum(one, {}, 0.0f), invalid_input);
}
