#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <frugal/model/activation.hpp>
#include <frugal/model/convolution.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/normalization.hpp>
#include <frugal/model/pooling.hpp>
#include <frugal/model/sequential.hpp>

#include "catch.hpp"
#include "model/gradient_check.hpp"

using namespace frugal;
using test::enough;

static_assert(Layer<sequential<dense, relu>> && Layer<layer_sequence> && Layer<any_layer>);
static_assert(Layer<sequential<sequential<dense>, relu>>);

namespace {

//! A layer of a user's own, with one parameter: y = a x^2.
struct scaled_square {
    sample_shape bind(sample_shape shape) const { return shape; }
    std::string_view kind() const { return "scaled_square"; }
    std::string name() const { return "scaled_square"; }
    void add_tensors(tensor_layout& layout, const std::string& prefix) const {
        layout.add(prefix + "scale", std::span<const std::size_t>());
    }
    void initialize(const random_stream&, std::size_t, float, std::span<float> w) const { w[0] = 1; }
    template <class T>
    void forward(const forward_pass<T>& p) const {
        for (std::size_t i = 0; i < p.output.size(); ++i) {
            p.output[i] = p.parameters[0] * p.input[i] * p.input[i];
        }
    }
    template <class T>
    void backward(const backward_pass<T>& p) const {
        T sum = 0;
        for (std::size_t i = 0; i < p.input.size(); ++i) {
            sum += p.output_gradient[i] * p.input[i] * p.input[i];
            if (!p.input_gradient.empty()) {
                p.input_gradient[i] = 2 * p.output_gradient[i] * p.parameters[0] * p.input[i];
            }
        }
        p.gradient[0] = p.beta == 0 ? sum : p.gradient[0] + sum;
    }
};

auto small_network() {
    return sequential(convolution{.filters = 4, .kernel = 3, .stride = 1, .padding = 1},
                      group_normalization{.groups = 2}, relu{}, max_pool{}, convolution{.filters = 3, .kernel = 2},
                      hyperbolic_tangent{}, average_pool{}, flatten{}, dense{.outputs = 5}, relu{}, scaled_square{},
                      dense{.outputs = 2});
}

}  // namespace

TEST_CASE("sequential: tensors are named by layer and number", "[model][sequential]") {
    const sequential net({1, 7, 9}, convolution{.filters = 4, .kernel = 3, .stride = 1, .padding = 1}, relu{},
                         max_pool{}, convolution{.filters = 2, .kernel = 2}, relu{}, dense{.outputs = 5}, relu{},
                         dense{.outputs = 3});
    tensor_layout expected;
    expected.add("convolution1.weight", {4, 1, 3, 3}).add("convolution1.bias", {4});
    expected.add("convolution2.weight", {2, 4, 2, 2}).add("convolution2.bias", {2});
    expected.add("dense1.weight", {5, 12}).add("dense1.bias", {5});
    expected.add("dense2.weight", {3, 5}).add("dense2.bias", {3});
    CHECK(net.layout() == expected);
    CHECK(net.input_shape() == sample_shape{1, 7, 9});
    CHECK(net.output_shape() == sample_shape{3});
    CHECK(sequential({2}, dense{.outputs = 3}, relu{}).name() == "sequential(dense(3),relu)");
    const sequential nested({4}, sequential(dense{.outputs = 3}), sequential(dense{.outputs = 2}, relu{}));
    CHECK(nested.layout().tensor(2).name == "sequential2.dense1.weight");
}

TEST_CASE("sequential: derivatives against finite differences", "[model][sequential]") {
    CHECK(test::derivative_error(sequential(dense{.outputs = 3}), {4}, 2) < enough);
    CHECK(test::derivative_error(sequential(relu{}), {4}, 2) < enough);
    CHECK(test::derivative_error(sequential(relu{}, relu{}, dense{.outputs = 2}, flatten{}), {4}, 2) < enough);
    CHECK(test::derivative_error(sequential(dense{.outputs = 6}, relu{}, dense{.outputs = 5}, hyperbolic_tangent{},
                                            dense{.outputs = 3}, relu{}),
                                 {4}, 3) < enough);
    CHECK(test::derivative_error(sequential(dense{.outputs = 6}, hyperbolic_tangent{}, relu{}, dense{.outputs = 2}),
                                 {4}, 3) < enough);
    CHECK(test::derivative_error(small_network(), {2, 8, 8}, 3) < 1e-6);
    CHECK(test::derivative_error(sequential(sequential(dense{.outputs = 6}, relu{}), relu{},
                                            sequential(relu{}, dense{.outputs = 2}, relu{})),
                                 {4}, 3) < enough);
}

TEST_CASE("sequential: without a derivative by the input, the same one by the parameters", "[model][sequential]") {
    auto net = sequential({2, 8, 8}, relu{}, small_network());
    const std::size_t batch = 3;
    const auto parameters = test::normal_doubles(net.layout().size(), 1, 0.3);
    const auto input = test::normal_doubles(batch * 128, 2);
    const auto delta = test::normal_doubles(batch * 2, 3);
    std::vector<double> y(batch * 2), space(net.workspace(batch)), dx(input.size());
    std::vector<double> with(parameters.size(), NAN), without(parameters.size(), NAN);
    net.forward(forward_pass<double>{parameters, input, batch, y, space});
    net.backward(backward_pass<double>{parameters, input, batch, y, delta, dx, 0, with, space});
    net.forward(forward_pass<double>{parameters, input, batch, y, space});
    net.backward(backward_pass<double>{parameters, input, batch, y, delta, {}, 0, without, space});
    CHECK(with == without);
}

TEST_CASE("layer_sequence: the same bits as the sequential of the same layers", "[model][sequential][equivalence]") {
    const sequential fixed({2, 8, 8}, small_network());
    layer_sequence chosen({2, 8, 8}, {small_network()});
    const layer_sequence copy = chosen;
    CHECK(copy.layout() == fixed.layout());
    CHECK(copy.name() == fixed.name());
    REQUIRE(copy.workspace(5) == fixed.workspace(5));
    std::vector<float> w(fixed.layout().size()), v(w.size()), input(5 * 128), delta(10), y(10), z(10), g(w.size()),
        h(w.size()), space(fixed.workspace(5));
    const random_stream stream({1, 0, 0, purposes::initialize});
    fixed.initialize(stream, 0, 1, w);
    copy.initialize(stream, 0, 1, v);
    CHECK(w == v);
    for (std::size_t i = 0; i < input.size(); ++i) {
        input[i] = stream.normal(10000 + i);
    }
    for (std::size_t i = 0; i < delta.size(); ++i) {
        delta[i] = stream.normal(20000 + i);
    }
    fixed.forward(forward_pass<float>{w, input, 5, y, space});
    fixed.backward(backward_pass<float>{w, input, 5, y, delta, {}, 0, g, space});
    copy.forward(forward_pass<float>{w, input, 5, z, space});
    copy.backward(backward_pass<float>{w, input, 5, z, delta, {}, 0, h, space});
    CHECK(y == z);
    CHECK(g == h);
}

TEST_CASE("sequential: weights before a ReLU have twice the variance", "[model][sequential][statistical]") {
    const sequential net({1, 20, 20}, convolution{.filters = 40, .kernel = 5}, relu{}, max_pool{}, dense{.outputs = 50},
                         hyperbolic_tangent{}, dense{.outputs = 60}, relu{});
    std::vector<float> w(net.layout().size(), NAN);
    net.initialize(random_stream({8, 0, 0, purposes::initialize}), 0, 1, w);
    const double expected[] = {2.0 / 25, 0, 1.0 / 2560, 0, 2.0 / 50, 0};
    for (std::size_t t = 0; t < 6; ++t) {
        const auto values = net.layout().tensor(t).of(std::span<const float>(w));
        double squares = 0;
        for (const float x : values) {
            squares += double(x) * double(x);
        }
        const auto n = static_cast<double>(values.size());
        CHECK(std::fabs(squares / n - expected[t]) <= 4.5 * expected[t] * std::sqrt(2 / n));
    }
}

TEST_CASE("sequential: layers that do not fit are refused", "[model][sequential][hostile]") {
    CHECK_THROWS_AS(sequential({1, 3, 3}, max_pool{}, max_pool{}), invalid_input);
    CHECK_THROWS_AS(sequential({0}, relu{}), invalid_input);
    CHECK_THROWS_AS(layer_sequence({3}, {}), invalid_input);
}
