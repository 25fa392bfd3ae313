#include <frugal/boolean/export.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

#include <frugal/boolean/inference.hpp>
#include <frugal/boolean/network_file.hpp>
#include <frugal/data/dataset.hpp>
#include <frugal/objective/boolean_mlp.hpp>

#include "catch.hpp"
#include "sample_network.hpp"

using namespace frugal;

namespace {

//! Scores of the exported model, from its file, against those of the model.
void check_same_scores(const layer_sequence& model, const std::vector<float>& parameters) {
    constexpr std::size_t samples = 70;
    const auto x = test::normal_values(samples * model.input_shape().size(), 3);
    std::vector<float> expected(samples * model.output_shape().size());
    std::vector<float> workspace(model.workspace(samples));
    model.forward(forward_pass<float>{parameters, x, samples, expected, workspace});
    const boolean_inference device(parse_boolean_network(format_boolean_network(export_network(model, parameters))));
    std::vector<float> scores(expected.size());
    device.scores(x, scores);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        REQUIRE(double(scores[i]) == Approx(double(expected[i])).epsilon(1e-5).margin(1e-4));
    }
}

void check_same_scores(std::size_t inputs, std::vector<any_layer> layers, std::uint64_t seed) {
    const layer_sequence model({inputs}, std::move(layers));
    check_same_scores(model, test::normal_values(model.layout().size(), seed));
}

}  // namespace

TEST_CASE("export_network: a Boolean perceptron scores as it was trained, normalised or not",
          "[boolean][export][equivalence]") {
    const dataset data(std::vector<float>(2 * 33, 0.5f), {0, 4}, 33, 5);
    for (const bool normalized : {false, true}) {
        const boolean_mlp f(data, {70, 20}, {.level = 0.25f, .normalized = normalized});
        std::vector<float> w(f.dimension());
        f.initialize({.seed = 1, .purpose = purposes::initialize}, w);
        check_same_scores(f.model(), w);
        check_same_scores(f.model(), test::normal_values(w.size(), 2));  // latent weights, scales of both signs
    }
}

TEST_CASE("export_network: biases, levels, real first layers and sums as scores", "[boolean][export][equivalence]") {
    check_same_scores(
        17,
        {boolean_dense{.outputs = 40, .bias = true}, threshold_activation{.level = 2.5f}, boolean_dense{.outputs = 3}},
        4);
    check_same_scores(17,
                      {dense{.outputs = 40}, threshold_activation{.level = 0.5f}, flatten{},
                       boolean_dense{.outputs = 70, .bias = true}, threshold_activation{}, dense{.outputs = 4}},
                      5);
    check_same_scores(9, {boolean_dense{.outputs = 40}, boolean_dense{.outputs = 3}}, 6);
}

TEST_CASE("export_network: convolutions, padded and strided, to bits and to sums", "[boolean][export][equivalence]") {
    const layer_sequence model(
        {3, 9, 6}, std::vector<any_layer>{
                       boolean_convolution{.filters = 7, .kernel = 3, .padding = 1},
                       threshold_activation{.level = 1.5f}, boolean_convolution{.filters = 5, .kernel = 2, .stride = 2},
                       threshold_activation{.level = -2}, boolean_convolution{.filters = 2}, dense{.outputs = 4}});
    check_same_scores(model, test::normal_values(model.layout().size(), 7));
}

TEST_CASE("export_network: pooling of bits, and of numbers before their threshold", "[boolean][export][equivalence]") {
    const layer_sequence model(
        {3, 11, 9}, std::vector<any_layer>{
                        max_pool{.size = 2, .stride = 1}, boolean_convolution{.filters = 7, .kernel = 3, .padding = 1},
                        threshold_activation{.level = 1.5f}, max_pool{.size = 3, .stride = 2},
                        boolean_convolution{.filters = 5, .kernel = 2}, max_pool{}, threshold_activation{.level = 3},
                        boolean_dense{.outputs = 6, .bias = true}, boolean_dense{.outputs = 9}, dense{.outputs = 4}});
    check_same_scores(model, test::normal_values(model.layout().size(), 8));
}

TEST_CASE("export_network: what has no stage is refused by name", "[boolean][export][hostile]") {
    const auto exported = [](std::vector<any_layer> layers) {
        const layer_sequence model({8}, std::move(layers));
        return export_network(model, std::vector<float>(model.layout().size(), 1.0f));
    };
    CHECK_THROWS_WITH(exported({dense{.outputs = 4}, relu{}}), Catch::Contains("relu"));
    CHECK_THROWS_WITH(exported({boolean_dense{.outputs = 4, .bias = true}}), Catch::Contains("bias"));
    CHECK_THROWS_WITH(exported({boolean_dense{.outputs = 4, .bias = true}, dense{.outputs = 2}}),
                      Catch::Contains("bias"));
    CHECK_THROWS_WITH(exported({dense{.outputs = 4}, group_normalization{.groups = 2}}), Catch::Contains("groups"));
    CHECK_THROWS_WITH(exported({threshold_activation{}}), Catch::Contains("ends with bits"));
    const layer_sequence pooled(
        {1, 4, 4}, std::vector<any_layer>{boolean_convolution{.filters = 2}, max_pool{}, dense{.outputs = 2}});
    CHECK_THROWS_WITH(export_network(pooled, std::vector<float>(pooled.layout().size(), 1.0f)),
                      Catch::Contains("max_pool"));
    const layer_sequence model({8}, std::vector<any_layer>{dense{.outputs = 4}});
    CHECK_THROWS_AS(export_network(model, std::vector<float>(35)), invalid_input);
}
