#include <frugal/model/dense.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "model/gradient_check.hpp"

using namespace frugal;

namespace {

constexpr double enough = 1e-7;

template <Layer L>
std::vector<float> output_of(L layer, sample_shape shape, const std::vector<float>& parameters,
                             const std::vector<float>& input) {
    const std::size_t batch = input.size() / shape.size();
    std::vector<float> y(batch * layer.bind(shape).size(), NAN);
    std::vector<float> space(layer_traits<L>::workspace(layer, batch));
    layer.forward(forward_pass<float>{parameters, input, batch, y, space});
    return y;
}

}  // namespace

TEST_CASE("dense: by hand, and its derivatives", "[model][dense]") {
    CHECK(output_of(dense{.outputs = 2}, {2}, {1, 2, 3, 4, 10, 20}, {1, 1, 0, -1}) ==
          std::vector<float>{13, 27, 8, 16});
    CHECK(test::derivative_error(dense{.outputs = 1}, {1}, 1) < enough);
    CHECK(test::derivative_error(dense{.outputs = 5}, {2, 3, 4}, 7) < enough);
    dense d{.outputs = 3};
    d.bind({2, 2, 2});
    tensor_layout layout;
    d.add_tensors(layout, "p.");
    CHECK(layout == tensor_layout().add("p.weight", {3, 8}).add("p.bias", {3}));
    CHECK(d.name() == "dense(3)");
}

TEST_CASE("dense: without a bias", "[model][dense]") {
    CHECK(output_of(dense{.outputs = 2, .bias = false}, {2}, {1, 2, 3, 4}, {1, 1, 0, -1}) ==
          std::vector<float>{3, 7, -2, -4});
    CHECK(test::derivative_error(dense{.outputs = 5, .bias = false}, {2, 3, 4}, 7) < enough);
    dense d{.outputs = 3, .bias = false};
    d.bind({8});
    tensor_layout layout;
    d.add_tensors(layout, "p.");
    CHECK(layout == tensor_layout().add("p.weight", {3, 8}));
    CHECK(d.name() == "dense(3,bias=0)");
}
