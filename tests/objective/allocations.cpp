#include "catch.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/cnn.hpp>
#include <frugal/objective/least_squares.hpp>
#include <frugal/objective/mlp.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/objective/softmax_regression.hpp>

#include "counted_allocations.hpp"

using namespace frugal;

TEST_CASE("objectives and samplers allocate nothing once warm", "[objective][data][sampler]") {
    const auto data = gaussian_mixture{.samples = 600, .dimension = 40, .classes = 5}({1, 0, 0, purposes::data}).train;
    const auto regression = linear_regression{.samples = 600, .dimension = 40}({1, 0, 0, purposes::data}).data;
    const std::vector<std::uint32_t> own{1, 5, 9, 80, 599};
    std::vector<any_objective> objectives{quadratic(std::vector<float>(40)), least_squares(regression),
                                          softmax_regression(data), mlp(data, {30, 20}, 0.1f),
                                          cnn(data, {3}, {6}, 0, {1, 5, 8})};
    for (any_objective& f : objectives) {
        auto global = batch_sampler::global(600, 50, 1, 4, 1);
        auto local = batch_sampler::local(own, 2, 1, 1);
        std::vector<float> w(f.dimension());
        std::vector<float> g(f.dimension());
        std::vector<float> scores(600 * f.classes());
        std::size_t before = 0;
        for (std::uint64_t round = 0; round < 30; ++round) {  // more than two epochs
            f.value_and_gradient(w, global.batch(round), g);
            f.value_and_gradient(w, local.batch(round), g);
            f.value_and_gradient(w, {}, g);
            f.value(w, {});
            if (f.classes() > 0) {
                f.logits(w, {}, scores);
            }
            if (round == 0) {
                before = test::allocations;
            }
        }
        const std::size_t after = test::allocations;
        INFO(f.name());
        CHECK(after == before);
    }
}
