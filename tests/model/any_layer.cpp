#include <frugal/model/any_layer.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include <frugal/model/activation.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/normalization.hpp>
#include <frugal/model/pooling.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(Layer<any_layer>);

namespace {

struct passes {
    std::vector<float> output, by_input, by_parameters, initial;
    friend bool operator==(const passes&, const passes&) = default;
};

//! All that a layer computes for three samples of this shape.
template <Layer L>
passes passes_of(L layer, sample_shape shape) {
    const std::size_t batch = 3, outputs = layer.bind(shape).size();
    using traits = layer_traits<L>;
    tensor_layout layout;
    traits::add_tensors(layer, layout, "p.");
    passes p;
    p.initial.resize(layout.size());
    const random_stream stream({.seed = 4});
    traits::initialize(layer, stream, 10, 2, p.initial);
    std::vector<float> input(batch * shape.size()), weights(batch * outputs), space(traits::workspace(layer, batch));
    for (std::size_t i = 0; i < input.size(); ++i) {
        input[i] = stream.normal(1000 + i);
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
        weights[i] = stream.normal(2000 + i);
    }
    p.output.resize(batch * outputs);
    p.by_input.resize(input.size());
    p.by_parameters.resize(layout.size());
    layer.forward(forward_pass<float>{p.initial, input, batch, p.output, space});
    layer.backward(
        backward_pass<float>{p.initial, input, batch, p.output, weights, p.by_input, 0, p.by_parameters, space});
    return p;
}

void check_same(const auto& layer, sample_shape shape) {
    using L = std::remove_cvref_t<decltype(layer)>;
    INFO(layer.name());
    any_layer erased(layer), copy(relu{});
    CHECK(passes_of(erased, shape) == passes_of(layer, shape));
    copy = erased;
    CHECK(passes_of(any_layer(copy), shape) == passes_of(layer, shape));
    CHECK(erased.in_place() == layer_traits<L>::in_place(layer));
    CHECK(erased.reads_output() == layer_traits<L>::reads_output(layer));
    CHECK(erased.variance_gain() == layer_traits<L>::variance_gain(layer));
    CHECK(erased.kind() == layer.kind());
    CHECK(erased.name() == layer.name());
}

}  // namespace

TEST_CASE("any_layer: computes and says what it holds does", "[model][any_layer][equivalence]") {
    check_same(dense{.outputs = 5}, {2, 3, 4});
    check_same(relu{}, {7});
    check_same(hyperbolic_tangent{}, {7});
    check_same(flatten{}, {2, 3, 4});
    check_same(max_pool{}, {2, 4, 4});
    check_same(group_normalization{.groups = 2}, {4, 3, 3});
}

TEST_CASE("any_layer: copies are deep, refusals are those of what it holds", "[model][any_layer]") {
    any_layer first(dense{.outputs = 2}), second(first);
    CHECK(first.bind({3}) == sample_shape{2});
    CHECK(second.bind({5}) == sample_shape{2});
    tensor_layout of_first, of_second;
    first.add_tensors(of_first, "");
    second.add_tensors(of_second, "");
    CHECK(of_first.size() == 8);
    CHECK(of_second.size() == 12);
    CHECK_THROWS_AS(any_layer(max_pool{}).bind({1, 1, 9}), invalid_input);
}

TEST_CASE("any_layer: gives back what it holds to who knows what that is", "[model][any_layer]") {
    const any_layer layer(dense{.outputs = 2});
    REQUIRE(layer.as<dense>() != nullptr);
    CHECK(layer.as<dense>()->outputs == 2);
    CHECK(layer.as<relu>() == nullptr);
}
