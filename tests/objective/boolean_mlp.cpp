#include <frugal/objective/boolean_mlp.hpp>

#include <vector>

#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/optimizer_by_kind.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(DataClassifier<boolean_mlp>);

namespace {

//! Noisy copies of random prototypes in {0, 1}^d, three for each class: not linearly separable in general.
dataset prototypes(std::size_t samples, std::uint64_t first) {
    constexpr std::size_t d = 40;
    const random_stream stream({.seed = 4, .purpose = purposes::data});
    std::vector<float> features(samples * d);
    std::vector<std::uint32_t> labels(samples);
    for (std::size_t s = 0; s < samples; ++s) {
        const std::size_t prototype = (first + s) % 12;
        labels[s] = std::uint32_t(prototype % 4);
        for (std::size_t j = 0; j < d; ++j) {
            const bool truth = (stream.word(prototype * d + j) & 1u) != 0;
            const bool noise = stream.uniform(1000 + (first + s) * d + j) <= 0.2f;
            features[s * d + j] = truth != noise ? 1.0f : 0.0f;
        }
    }
    return {std::move(features), std::move(labels), d, 4};
}

double trained_accuracy(const boolean_mlp& f, const dataset& test, double rate) {
    std::vector<float> w(f.dimension()), g(w.size());
    f.initialize({.seed = 1, .purpose = purposes::initialize}, w);
    boolean_mlp model = f;
    optimizer_by_kind o(boolean_optimizer{.learning_rate = rate}, adam{.learning_rate = 0.01}, f.layout());
    auto batches = batch_sampler::global(f.samples(), 50, 0, 1, 1);
    for (std::uint64_t t = 0; t < 300; ++t) {
        model.value_and_gradient(w, batches.batch(t), g);
        o.update(w, g, t);
    }
    return accuracy(f, w, test);
}

}  // namespace

TEST_CASE("boolean_mlp: tensors, kinds and names", "[objective][boolean_mlp]") {
    const dataset data = prototypes(50, 0);
    const boolean_mlp f(data, {30, 20});
    tensor_layout layout;
    layout.add("boolean_dense1.weight", {30, 40}, value_kind::boolean);
    layout.add("boolean_dense2.weight", {20, 30}, value_kind::boolean);
    layout.add("dense1.weight", {4, 20}).add("dense1.bias", {4});
    CHECK(f.layout() == layout);
    CHECK(f.name() == "boolean_mlp(30,20,level=0.5,normalized=0)");
    CHECK(boolean_mlp(data, {8}, {.level = 0.25, .normalized = true}).name() ==
          "boolean_mlp(8,level=0.25,normalized=1)");
    const any_objective erased(f);
    CHECK(erased.layout() == layout);
    CHECK(f.with_data(prototypes(10, 3)).samples() == 10);
    CHECK_THROWS_AS(boolean_mlp(data, {}), invalid_input);
    CHECK_THROWS_AS(boolean_mlp(dataset(), {8}), invalid_input);
}

TEST_CASE("boolean_mlp: trained Boolean layers beat frozen ones", "[objective][boolean_mlp]") {
    const dataset train = prototypes(2000, 0), test = prototypes(1000, 5000);
    for (const bool normalized : {false, true}) {
        const boolean_mlp f(train, {24}, {.normalized = normalized});
        const double frozen = trained_accuracy(f, test, 0), moved = trained_accuracy(f, test, normalized ? 20 : 5);
        INFO(frozen << ' ' << moved);
        CHECK(moved > frozen + 0.05);
    }
}
