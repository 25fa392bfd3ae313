// Stochastic gradients corrected by a full one at an older point.
#include <frugal/work/variance_reduced.hpp>

#include <vector>

#include <frugal/data/batch_source.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/objective/least_squares.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/optimize/sgd.hpp>
#include <frugal/work/gradient_step.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

const regression_problem problem =
    linear_regression{.samples = 60, .dimension = 6, .noise = 0.5f}(random_key{.seed = 3, .purpose = purposes::data});

auto full() {
    return gradient_step(least_squares{problem.data}, full_batch{}, sgd{});
}
auto batch() {
    return gradient_step(least_squares{problem.data}, batch_sampler::global(60, 4, 0, 1, 5), sgd{});
}

std::vector<float> gradient_of(auto work, std::span<const float> x, std::uint64_t t) {
    std::vector<float> g(x.size());
    work.gradient(x, t, g);
    return g;
}

}  // namespace

TEST_CASE("variance_reduced: at its reference the full gradient, elsewhere the difference of a batch is added",
          "[work][variance_reduced][exact]") {
    using work = variance_reduced<decltype(full()), decltype(batch())>;
    static_assert(GradientWork<work>);
    work v(full(), batch(), 1e-12, {.seed = 1});
    const std::vector<float> from(6, 0.5f), to(6, 1.0f);
    std::vector<float> g(6);
    v.gradient(from, 0, g);
    const auto m = gradient_of(full(), from, 0);
    CHECK(test::squared_distance(g, m) < 1e-10);
    v.gradient(to, 7, g);
    const auto here = gradient_of(batch(), to, 7);
    const auto old = gradient_of(batch(), from, 7);
    for (std::size_t j = 0; j < 6; ++j) {
        CHECK(g[j] == (here[j] - old[j]) + m[j]);
    }
}

TEST_CASE("variance_reduced: with probability 1 it is the full gradient; the coin falls as often as it should",
          "[work][variance_reduced][statistical]") {
    variance_reduced always(full(), batch(), 1, {.seed = 1});
    std::vector<float> g(6);
    int renewals = 0;
    variance_reduced sometimes(full(), batch(), 0.2, {.seed = 1});
    for (std::uint64_t t = 0; t < 500; ++t) {
        const std::vector<float> x(6, 0.01f * static_cast<float>(t));
        always.gradient(x, t, g);
        const auto m = gradient_of(full(), x, t);
        CHECK(test::squared_distance(g, m) < 1e-8);
        sometimes.gradient(x, t, g);
        renewals += test::squared_distance(g, m) < 1e-8 ? 1 : 0;
    }
    CHECK(test::z_of_count(renewals - 1, 499, 0.2) < test::z_limit);
}

TEST_CASE("variance_reduced: refuses probabilities that are none, and two objectives", "[work][variance_reduced]") {
    using work = variance_reduced<decltype(full()), decltype(batch())>;
    CHECK_THROWS_AS(work(full(), batch(), 0, {}), invalid_input);
    CHECK_THROWS_AS(work(full(), batch(), 1.1, {}), invalid_input);
    const auto other = gradient_step(quadratic({10}, 1), full_batch{}, sgd{});
    CHECK_THROWS_AS(variance_reduced(other, batch(), 0.5, {}), invalid_input);
}
