// Steps that are held near where they began.
#include <limits>
#include <vector>

#include <frugal/data/batch_source.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/sgd.hpp>
#include <frugal/work/gradient_step.hpp>
#include <frugal/work/local_run.hpp>
#include <frugal/work/proximal_step.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

const gradient_step step(quadratic({10}, 1), full_batch{}, sgd{.learning_rate = 0.1});
using inner = gradient_step<quadratic, full_batch, sgd>;

//! Where many steps from 0 lead.
float end_of(float mu) {
    local_run run(proximal_step<inner>(step, mu), {.count = 500});
    const std::vector<float> x{0};
    std::vector<float> g(1);
    run.gradient(x, 0, g);
    return -g[0];
}

}  // namespace

TEST_CASE("proximal_step: ends between its anchor and the minimum, as mu says", "[work][proximal_step]") {
    static_assert(Work<proximal_step<inner>>);
    CHECK(end_of(0) == Approx(10));
    CHECK(end_of(1) == Approx(5));  // 10 / (1 + mu)
    CHECK(end_of(4) == Approx(2));
    CHECK_THROWS_AS(proximal_step<inner>(step, -1), invalid_input);
    CHECK_THROWS_AS(proximal_step<inner>(step, std::numeric_limits<float>::infinity()), invalid_input);
}
