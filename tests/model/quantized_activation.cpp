#include <frugal/model/quantized_activation.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"

namespace quantized_activation_test {

using namespace frugal;

static_assert(Layer<quantized_activation>);

namespace {

//! Output and input gradient of one batch, the loss being the sum of 2 y.
struct passes {
    std::vector<double> y, gradient;

    passes(quantized_activation layer, const std::vector<double>& x) : y(x.size()), gradient(x.size(), NAN) {
        CHECK(layer.bind({x.size()}) == sample_shape{x.size()});
        std::vector<double> space(layer.workspace(1), NAN);
        const std::vector<double> two(x.size(), 2.0);
        layer.forward(forward_pass<double>{{}, x, 1, y, space});
        layer.backward(backward_pass<double>{{}, x, 1, y, two, gradient, 0, {}, space});
    }
};

}  // namespace

TEST_CASE("quantized_activation: by hand, with a clip", "[model][quantized_activation]") {
    // sqrt(E x^2) = 2.5, E|x| = 1.75: the clip 12 * 2.5 - 9.142857 * 1.75 = 14 is 7 steps of 2.
    const passes p({.values = integer_grid(4), .fit = {.root_mean_square = 12, .mean_magnitude = -64.0f / 7}},
                   {3, -4, 0, 0});
    const std::vector<double> expected{4, -4, 0, 0};
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(p.y[i] == Approx(expected[i]).margin(1e-6));
        CHECK(p.gradient[i] == 2);
    }
    const passes binary({.values = binary_grid()}, {3, -1, 0.5, -0.25});  // step E|x| = 1.1875
    CHECK(binary.y == std::vector<double>{1.1875, -1.1875, 1.1875, -1.1875});
    CHECK(binary.gradient == std::vector<double>{0, 2, 2, 2});
}

TEST_CASE("quantized_activation: behind a ReLU, with the step of least error", "[model][quantized_activation]") {
    std::vector<double> x;
    for (int i = 0; i < 64; ++i) {
        x.push_back(0.1 * (i % 16));
    }
    const passes p({}, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK(p.y[i] == Approx(x[i]).margin(5e-3));
    }
    CHECK(p.gradient[3] == 2);
}

TEST_CASE("quantized_activation: zeros, and what is not finite", "[model][quantized_activation][hostile]") {
    CHECK(passes({}, {0, 0}).y == std::vector<double>{0, 0});
    CHECK(std::isnan(passes({}, {0, NAN}).y[0]));
    CHECK(quantized_activation{}.name() ==
          "quantized_activation(unsigned_grid(bits=4),sawb(root_mean_square=0,mean_magnitude=0))");
}

}  // namespace quantized_activation_test
