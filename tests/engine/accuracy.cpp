#include <frugal/engine/accuracy.hpp>

#include <cstddef>
#include <vector>

#include <frugal/engine/tbb_engine.hpp>
#include <frugal/objective/softmax_regression.hpp>

#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;

namespace {

//! One input; class 0 above zero, where one label in three is.
dataset samples(std::size_t n) {
    std::vector<float> x(n);
    std::vector<std::uint32_t> labels(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = i % 3 == 0 ? 1.0f : -1.0f;
        labels[i] = i % 3 == 0 ? 0u : 1u;
    }
    return dataset(x, labels, 1);
}

//! Scores x and -x, and their opposite.
const std::vector<float> right{1, -1, 0, 0}, wrong{-1, 1, 0, 0};

//! A server without a model, a node that is always right, one that is always wrong, and so on.
std::vector<test::scripted> nodes_of(std::size_t n) {
    auto nodes = test::scripted_nodes(n, [](peer, std::vector<float>&) -> task<> { co_return; });
    for (std::size_t i = 1; i < n; ++i) {
        nodes[i].x = i % 2 == 1 ? right : wrong;
    }
    return nodes;
}

}  // namespace

TEST_CASE("accuracy_every: the mean over the models there are, on any number of threads",
          "[engine][accuracy][equivalence]") {
    for (const std::size_t size : {3u, 3000u}) {  // below a block, and several tasks for each model
        const softmax_regression objective(samples(size));
        for (const std::size_t threads : {1u, 2u, 4u}) {
            auto nodes = nodes_of(4);
            const auto report =
                run(tbb_engine{.threads = threads}, nodes, rounds{5}, accuracy_every("accuracy", 2, objective));
            REQUIRE(report.find("accuracy") != nullptr);
            CHECK(report.find("accuracy")->value == Approx(2.0 / 3).epsilon(1e-15));
            CHECK(report.find("accuracy")->round == 5);
        }
    }
}

TEST_CASE("accuracy_every: an accuracy of half the samples", "[engine][accuracy]") {
    const softmax_regression objective(dataset({1, -1, 2, -2}, {0, 0, 0, 1}, 1));
    auto nodes = nodes_of(2);
    const auto report = run(tbb_engine{}, nodes, rounds{1}, accuracy_every("a", 1, objective));
    CHECK(report.find("a")->value == 0.75);
    CHECK_THROWS_AS(accuracy_every("a", 0, objective), invalid_input);
}
