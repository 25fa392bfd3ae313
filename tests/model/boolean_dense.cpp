#include <frugal/model/boolean_dense.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <frugal/model/dense.hpp>
#include <frugal/model/threshold.hpp>

#include "catch.hpp"
#include "layers.hpp"

using namespace frugal;
using namespace test;

static_assert(Layer<boolean_dense>);

TEST_CASE("boolean_dense: the worked neuron, forward and backward", "[model][boolean_dense]") {
    const boolean_dense layer{.outputs = 2, .bias = true};
    const std::vector<float> w{1, 1, -1, 1, -1, 1, -1, -1}, x{1, -1, 1};
    const auto s = output_of(layer, {3}, w, x);
    CHECK(s == std::vector<float>{0, -4});
    CHECK(output_of(threshold_activation{}, {2}, {}, s) == std::vector<float>{1, -1});
    const auto d = derivatives_of(layer, {3}, w, x, {0.5f, -0.25f});
    CHECK(d.by_input == std::vector<float>{0.75f, 0.25f, -0.25f});
    CHECK(d.by_parameters == std::vector<float>{0.5f, -0.5f, 0.5f, 0.5f, -0.25f, 0.25f, -0.25f, -0.25f});
    const auto sum = derivatives_of(layer, {3}, w, x, {0.5f, -0.25f}, 1, 2);
    CHECK(sum.by_parameters == std::vector<float>{2.5f, 1.5f, 2.5f, 2.5f, 1.75f, 2.25f, 1.75f, 1.75f});
}

TEST_CASE("boolean_dense: the sums and derivatives of a dense layer of truth values, in any width",
          "[model][boolean_dense][exact]") {
    for (const std::size_t inputs : {1u, 2u, 63u, 64u, 65u, 127u, 130u}) {
        for (const std::size_t outputs : {1u, 3u, 17u}) {
            constexpr std::size_t batch = 5;
            const auto w = random_signs(inputs * outputs, inputs), x = random_signs(batch * inputs, outputs);
            auto real = w;
            real.resize(w.size() + outputs);  // its biases
            const boolean_dense packed{.outputs = outputs};
            const dense reference{.outputs = outputs};
            CHECK(output_of(packed, {inputs}, w, x) == output_of(reference, {inputs}, real, x));
            std::vector<float> g(batch * outputs);  // integers, as of a Boolean layer behind
            for (std::size_t i = 0; i < g.size(); ++i) {
                g[i] = float(int(i * 7 % 11) - 5);
            }
            const auto mine = derivatives_of(packed, {inputs}, w, x, g);
            const auto theirs = derivatives_of(reference, {inputs}, real, x, g);
            CHECK(mine.by_input == theirs.by_input);
            CHECK(std::equal(mine.by_parameters.begin(), mine.by_parameters.end(), theirs.by_parameters.begin()));
            // with a bias: one more input that is always True
            const auto biased = random_signs((inputs + 1) * outputs, 99);
            const auto s = output_of(boolean_dense{.outputs = outputs, .bias = true}, {inputs}, biased, x);
            for (std::size_t r = 0; r < batch; ++r) {
                for (std::size_t j = 0; j < outputs; ++j) {
                    float sum = biased[j * (inputs + 1) + inputs];
                    for (std::size_t i = 0; i < inputs; ++i) {
                        sum += x[r * inputs + i] * biased[j * (inputs + 1) + i];
                    }
                    REQUIRE(s[r * outputs + j] == sum);
                }
            }
        }
    }
}

TEST_CASE("boolean_dense: real inputs and latent weights are taken by their signs", "[model][boolean_dense]") {
    const boolean_dense layer{.outputs = 2};
    const std::vector<float> x{0.3f, -2, 0}, w{5, -0.1f, 0, -3, 2, -1};
    CHECK(output_of(layer, {3}, w, x) == output_of(layer, {3}, {1, -1, 1, -1, 1, -1}, {1, -1, 1}));
    const auto latent = derivatives_of(layer, {3}, w, x, {1, 2});
    const auto hard = derivatives_of(layer, {3}, {1, -1, 1, -1, 1, -1}, {1, -1, 1}, {1, 2});
    CHECK(latent.by_input == hard.by_input);
    CHECK(latent.by_parameters == hard.by_parameters);
}

TEST_CASE("boolean_dense: its tensor holds truth values that start as fair coins", "[model][boolean_dense]") {
    boolean_dense layer{.outputs = 100, .bias = true};
    layer.bind({10, 10});
    tensor_layout layout;
    layer.add_tensors(layout, "a.");
    CHECK(layout == tensor_layout().add("a.weight", {100, 101}, value_kind::boolean));
    std::vector<float> w(layout.size());
    layer.initialize(random_stream({.seed = 1, .purpose = purposes::initialize}), 0, 1, w);
    double sum = 0;
    for (const float v : w) {
        REQUIRE(v * v == 1);
        sum += double(v);
    }
    CHECK(std::fabs(sum) < 5 * std::sqrt(double(w.size())));
    CHECK(layer.name() == "boolean_dense(100,bias=1)");
    CHECK_THROWS_AS(boolean_dense{.outputs = 0}.bind({3}), invalid_input);
}
