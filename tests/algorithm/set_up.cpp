#include <frugal/algorithm/set_up.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include <frugal/algorithm/synchronous.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/sgd.hpp>

#include "catch.hpp"
#include "scripted.hpp"

namespace set_up_test {

using namespace frugal;

namespace {

const std::vector<std::uint32_t> indices{4, 5, 6, 7};

//! Worker k has a share of k tenths.
struct weighted_batches {
    std::size_t worker;
    sample_indices batch(std::uint64_t) const { return std::span(indices).first(worker); }
    double weight() const { return 0.1 * static_cast<double>(worker); }
};

quadratic bowl(std::size_t worker) {
    return quadratic({static_cast<float>(worker), 0}, 1);
}

}  // namespace

TEST_CASE("batches_of: a source, a maker of sources, or a function of step and worker", "[algorithm][set_up]") {
    CHECK(batches_of(full_batch{}, 3).batch(0).empty());
    CHECK(batches_of([](std::size_t k) { return weighted_batches{k}; }, 2).batch(0).size() == 2);
    auto wrapped =
        batches_of([](std::uint64_t t,
                      std::size_t worker) { return std::span(indices).subspan(static_cast<std::size_t>(t), worker); },
                   2);
    CHECK(wrapped.batch(1)[0] == 5);
    CHECK(wrapped.batch(1).size() == 2);
}

TEST_CASE("objective_of: an objective for all, or a maker of one for each worker", "[algorithm][set_up]") {
    CHECK(objective_of(quadratic({3, 4}, 1), 7).center()[0] == 3);
    CHECK(objective_of(bowl, 7).center()[0] == 7);
}

TEST_CASE("steps_of: the objective's dimension must be that of the parameters", "[algorithm][set_up][hostile]") {
    CHECK(steps_of(bowl, full_batch{}, sgd{}, 2)(1).dimension() == 2);
    CHECK_THROWS_WITH(steps_of(bowl, full_batch{}, sgd{}, 3)(1),
                      "the initial parameters have length 3, but the objective has dimension 2");
    CHECK_THROWS_AS(steps_of(bowl, full_batch{}, sgd{}, 0)(1), invalid_input);
}

TEST_CASE("shares_of: what the sources say of all, or equal ones; nothing of servers", "[algorithm][set_up]") {
    CHECK(shares_of(full_batch{}, 3, 1) == std::vector<float>{0, 1, 1, 1});
    CHECK(shares_of([](std::size_t k) { return weighted_batches{k}; }, 4, 0) ==
          std::vector<float>{0, 0.4f, 0.8f, static_cast<float>(0.1 * 3 * 4)});
}

TEST_CASE("training_population: needs workers, and a weight for each or none", "[algorithm][set_up][hostile]") {
    const auto make = [](training_options options) {
        return synchronous(options, bowl, {1, 1}, full_batch{}, server{}, sgd{});
    };
    CHECK(make({.workers = 3}).size() == make({.workers = 3, .weights = {1, 2, 3}}).size());
    CHECK_THROWS_AS(make({.workers = 0}), invalid_input);
    CHECK_THROWS_AS(make({.workers = 3, .weights = {1, 2}}), invalid_input);
}

TEST_CASE("state_of_model: a model of another dimension is refused", "[algorithm][set_up][hostile]") {
    std::vector<float> x{1, 2, 3}, back(3), shorter(2);
    std::vector<std::byte> bytes;
    state_archive save(bytes);
    state_of_model(save, x);
    state_archive load{std::span<const std::byte>(bytes)}, again{std::span<const std::byte>(bytes)};
    state_of_model(load, back);
    load.finish();
    CHECK(back == x);
    CHECK_THROWS_AS(state_of_model(again, shorter), malformed_message);
}

TEST_CASE("report: a loss that is not finite ends the run as diverged", "[algorithm][set_up]") {
    for (const double loss : {1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        auto nodes = test::scripted_nodes(1, [loss](peer here, std::vector<float>&) -> task<> {
            report(here, {loss, 2});
            co_return;
        });
        CHECK(run(tbb_engine{}, nodes, rounds{1}).diverged() == (loss != 1));
    }
}

}  // namespace set_up_test
