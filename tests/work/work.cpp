#include <frugal/work/work.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <frugal/work/local_run.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

//! A user's own work in a few lines: moves every element by one, of t + 1 samples.
struct walk {
    work_report step(std::span<float> x, std::uint64_t t) {
        for (float& v : x) {
            v += 1;
        }
        return {static_cast<double>(x[0]), static_cast<double>(t + 1)};
    }
    void state(state_archive&) {}
};
struct unmovable : walk {
    unmovable(unmovable&&) = delete;
};
struct without_state {
    work_report step(std::span<float>, std::uint64_t) { return {}; }
};
struct of_constant_parameters {
    work_report step(std::span<const float>, std::uint64_t) { return {}; }
    void state(state_archive&) {}
};
struct movable_only : walk {
    std::unique_ptr<int> owned;
};

static_assert(Work<walk> && Work<movable_only> && Work<of_constant_parameters>);
static_assert(!Work<unmovable> && !Work<without_state> && !Work<work_report>);
static_assert(!GradientWork<walk>);

}  // namespace

TEST_CASE("work: a run of a user's own steps is a direction, its report the mean over the samples", "[work]") {
    local_run run(walk{}, {.count = 3});
    std::vector<float> x{10, 20}, g(2);
    const work_report seen = run.gradient(x, 0, g);
    CHECK(g == std::vector<float>{-3, -3});
    CHECK(seen.samples == 1 + 2 + 3);
    CHECK(seen.loss == Approx((11.0 * 1 + 12 * 2 + 13 * 3) / 6));
    CHECK(x == std::vector<float>{10, 20});
}
