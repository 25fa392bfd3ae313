// Runs of local steps as directions; what they forget.
#include <vector>

#include <frugal/data/batch_source.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/momentum.hpp>
#include <frugal/optimize/sgd.hpp>
#include <frugal/work/gradient_step.hpp>
#include <frugal/work/local_run.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

const quadratic bowl({1, -2, 3}, {1, 0.5f, 2});
const std::vector<float> start{4, 4, 4};

template <class R>
std::vector<float> direction(R& run, std::uint64_t round) {
    std::vector<float> g(3);
    run.gradient(start, round, g);
    return g;
}

}  // namespace

TEST_CASE("local_steps: how many in a round and before it", "[work][local_run]") {
    const local_steps steps{.count = 4, .from_round = 3};
    std::uint64_t before = 0;
    for (std::uint64_t t = 0; t < 10; ++t) {
        CHECK(steps.before_round(t) == before);
        CHECK(steps.in_round(t) == (t < 3 ? 1 : 4));
        before += steps.in_round(t);
    }
}

TEST_CASE("local_run: x minus its direction is where the steps lead", "[work][local_run]") {
    const gradient_step step(bowl, full_batch{}, momentum{.learning_rate = 0.1});
    local_run run(step, {.count = 5});
    auto alone = step;
    std::vector<float> x = start;
    double loss = 0;
    for (std::uint64_t t = 0; t < 5; ++t) {
        const work_report seen = alone.step(x, t);
        loss += seen.loss / 5;
        CHECK(seen.samples == 1);
    }
    std::vector<float> g(3);
    const work_report all = run.gradient(start, 0, g);
    CHECK(all.loss == Approx(loss));
    CHECK(all.samples == 5);
    for (std::size_t k = 0; k < 3; ++k) {
        CHECK(start[k] - g[k] == Approx(x[k]));
    }
    local_run models(step, {.count = 5}, false, run_result::model);
    models.gradient(start, 0, g);
    CHECK(g == x);
    CHECK_THROWS_AS(local_run(step, {.count = 0}), invalid_input);
}

TEST_CASE("local_run: momentum lasts, unless every run is fresh", "[work][local_run]") {
    const gradient_step step(bowl, full_batch{}, momentum{.learning_rate = 0.1});
    local_run lasting(step, {.count = 2}), fresh(step, {.count = 2}, true);
    const auto first = direction(lasting, 0);
    CHECK(direction(fresh, 0) == first);
    CHECK(direction(fresh, 1) == first);
    CHECK(direction(lasting, 1) != first);
    std::vector<std::byte> bytes, nothing;
    state_archive a(bytes), b(nothing);
    lasting.state(a);
    fresh.state(b);
    CHECK_FALSE(bytes.empty());
    CHECK(nothing.empty());
    local_run restored(step, {.count = 2});
    state_archive in{std::span<const std::byte>(bytes)};
    restored.state(in);
    in.finish();
    CHECK(direction(restored, 2) == direction(lasting, 2));
}
