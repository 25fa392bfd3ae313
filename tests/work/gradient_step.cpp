// A stochastic gradient and a step along it.
#include <vector>

#include <frugal/data/batch_source.hpp>
#include <frugal/objective/least_squares.hpp>
#include <frugal/optimize/sgd.hpp>
#include <frugal/work/gradient_step.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("gradient_step: whole, or in its two parts; batches of their step", "[work][gradient_step]") {
    const regression_dataset data(std::vector<float>{1, 1, 1}, std::vector<float>{1, 2, 6}, 1);
    const std::vector<std::uint32_t> all{0, 1, 2};
    const auto batches = [&](std::uint64_t t, std::size_t) {
        return std::span<const std::uint32_t>(all).subspan(t, 2 - t);
    };
    gradient_step step(least_squares(data), batch_function(batches, 0), sgd{.learning_rate = 0.5});
    static_assert(Work<decltype(step)> && GradientWork<decltype(step)>);
    CHECK(step.dimension() == 1);
    std::vector<float> x{0}, g(1);
    const work_report first = step.gradient(x, 0, g);
    CHECK(g[0] == Approx(-1.5));
    CHECK(first.samples == 2);
    CHECK(first.loss == Approx((0.5 * 1 + 0.5 * 4) / 2));
    step.apply(x, g, 0);
    CHECK(x[0] == Approx(0.75));
    CHECK(step.step(x, 1).samples == 1);
    CHECK(x[0] == Approx(0.75 + 0.5 * 1.25));
}
