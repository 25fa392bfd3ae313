#include <frugal/objective/on_grid.hpp>

#include <vector>

#include <frugal/data/synthetic.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/objective/softmax_regression.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(Classifier<on_grid<softmax_regression>> && DataClassifier<on_grid<softmax_regression>>);
static_assert(Layered<on_grid<softmax_regression>> && DataClassifier<on_grid<any_objective>>);
static_assert(Objective<on_grid<quadratic>> && !Classifier<on_grid<quadratic>>);

namespace {

const train_test data = gaussian_mixture{.samples = 60, .test_samples = 40, .dimension = 5, .classes = 3}({.seed = 4});

}  // namespace

TEST_CASE("on_grid: value, gradient and logits are those at the nearest weights", "[objective][on_grid]") {
    softmax_regression f(data.train);
    std::vector<float> w(f.dimension()), g(w.size()), expected(w.size());
    for (std::size_t i = 0; i < w.size(); ++i) {
        w[i] = 0.1f * static_cast<float>(i % 7) - 0.3f;
    }
    weight_grid weights(ternary_grid());
    weights.fit(f.layout(), w);
    std::vector<float> q(w.size());
    weights.project(w, q);
    CHECK(q != w);
    on_grid rounded_f(f, weights);
    CHECK(rounded_f.value(w, {}) == f.value(q, {}));
    CHECK(rounded_f.value_and_gradient(w, {}, g) == f.value_and_gradient(q, {}, expected));
    CHECK(g == expected);
    std::vector<float> scores(60 * 3), scores_at_q(60 * 3);
    rounded_f.logits(w, {}, scores);
    f.logits(q, {}, scores_at_q);
    CHECK(scores == scores_at_q);
    CHECK(rounded_f.dimension() == f.dimension());
    CHECK(rounded_f.layout() == f.layout());
    CHECK(rounded_f.name() == "on_grid(softmax,ternary_grid)");
}

TEST_CASE("on_grid: is judged over other data, also when chosen at run time", "[objective][on_grid]") {
    softmax_regression f(data.train);
    std::vector<float> w(f.dimension(), 0.2f), q(w.size());
    w[0] = -1;
    weight_grid weights;
    weights.fit(f.layout(), w);
    weights.project(w, q);
    const double expected = accuracy(f, q, data.test);
    CHECK(accuracy(on_grid(f, weights), w, data.test) == expected);
    CHECK(accuracy(any_objective(on_grid(f, weights)), w, data.test) == expected);
    CHECK(accuracy(on_grid(any_objective(f), weights), w, data.test) == expected);
}

TEST_CASE("on_grid: refitted row by row, binary weights are those of XNOR-Net", "[objective][on_grid]") {
    tensor_layout layout;
    layout.add("filters", {2, 3});
    const std::vector<float> w{1, -2, 3, 0.5f, 0.5f, -0.5f};
    weight_grid weights;
    weights.fit(layout, std::vector<float>(6, 1.0f), step_of::row);
    const quadratic f(std::vector<float>(6), 2.0f);
    on_grid xnor(f, weights, grid_steps::refitted);
    const auto q = xnor.projected(w);
    CHECK(std::vector<float>(q.begin(), q.end()) == std::vector<float>{2, -2, 2, 0.5f, 0.5f, -0.5f});
    on_grid kept(f, weights);
    CHECK(kept.projected(w)[0] == 1);
}
