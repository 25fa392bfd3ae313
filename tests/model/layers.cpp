// The layers one by one: values by hand, derivatives against finite differences, shapes that do not fit.
#include <cmath>
#include <limits>
#include <vector>

#include <frugal/model/activation.hpp>
#include <frugal/model/convolution.hpp>
#include <frugal/model/dense.hpp>
#include <frugal/model/normalization.hpp>
#include <frugal/model/pooling.hpp>

#include "catch.hpp"
#include "model/gradient_check.hpp"

using namespace frugal;

namespace {

struct layer_without_backward {
    sample_shape bind(sample_shape s) { return s; }
    template <class T>
    void forward(const forward_pass<T>&) const {}
    std::string_view kind() const { return "none"; }
    std::string name() const { return "none"; }
};
struct layer_without_shape : layer_without_backward {
    void bind(sample_shape) {}
    template <class T>
    void backward(const backward_pass<T>&) const {}
};
struct least_layer : layer_without_backward {
    template <class T>
    void backward(const backward_pass<T>&) const {}
};

static_assert(Layer<dense> && Layer<convolution> && Layer<group_normalization> && Layer<max_pool>);
static_assert(Layer<average_pool> && Layer<relu> && Layer<hyperbolic_tangent> && Layer<flatten> && Layer<least_layer>);
static_assert(!Layer<layer_without_backward> && !Layer<layer_without_shape> && !Layer<int> && !Layer<sample_shape>);

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

TEST_CASE("relu, hyperbolic_tangent, flatten: by hand, and their derivatives", "[model][activation]") {
    CHECK(output_of(relu{}, {4}, {}, {-1, 0, 2, -0.0f}) == std::vector<float>{0, 0, 2, -0.0f});
    CHECK(std::isnan(output_of(relu{}, {1}, {}, {NAN})[0]));
    const auto y = output_of(hyperbolic_tangent{}, {4}, {}, {-100, 0, 0.5f, 100});
    CHECK(y[0] == -1.0f);
    CHECK(y[1] == 0.0f);
    CHECK(y[2] == Approx(std::tanh(0.5)).epsilon(1e-7));
    CHECK(y[3] == 1.0f);
    CHECK(std::isnan(output_of(hyperbolic_tangent{}, {1}, {}, {NAN})[0]));
    CHECK(test::derivative_error(relu{}, {3, 2, 2}, 3) < enough);
    CHECK(test::derivative_error(hyperbolic_tangent{}, {11}, 3) < enough);
    CHECK(test::derivative_error(flatten{}, {3, 2, 2}, 3) < enough);
    CHECK(flatten{}.bind({3, 2, 2}) == sample_shape{12});
}

TEST_CASE("convolution: by hand", "[model][convolution]") {
    const std::vector<float> image{1, 2, 3, 4, 5, 6, 7, 8, 9};
    CHECK(output_of(convolution{.filters = 1, .kernel = 2}, {1, 3, 3}, {1, 0, 0, -1, 0.5f}, image) ==
          std::vector<float>{-3.5f, -3.5f, -3.5f, -3.5f});
    // Two filters of one pixel: the identity, and twice it plus one.
    CHECK(output_of(convolution{.filters = 2, .kernel = 1}, {1, 1, 2}, {1, 2, 0, 1}, {5, 6}) ==
          std::vector<float>{5, 6, 11, 13});
    // The sum of every 3 x 3 neighbourhood, zeros beyond the border.
    CHECK(output_of(convolution{.filters = 1, .kernel = 3, .stride = 1, .padding = 1}, {1, 3, 3},
                    {1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, image) == std::vector<float>{12, 21, 16, 27, 45, 33, 24, 39, 28});
    // The same at every other pixel.
    CHECK(output_of(convolution{.filters = 1, .kernel = 3, .stride = 2, .padding = 1}, {1, 3, 3},
                    {1, 1, 1, 1, 1, 1, 1, 1, 1, 0}, image) == std::vector<float>{12, 16, 24, 28});
}

TEST_CASE("convolution: the sum over its definition, for many shapes", "[model][convolution]") {
    for (const std::size_t kernel : {1u, 2u, 3u, 5u}) {
        for (const std::size_t stride : {1u, 2u, 3u}) {
            for (std::size_t padding = 0; padding < kernel; ++padding) {
                const sample_shape in{2, 5, 7};
                test::layer_under_test t(
                    convolution{.filters = 3, .kernel = kernel, .stride = stride, .padding = padding}, in, 2);
                const std::size_t rows = (in.rows + 2 * padding - kernel) / stride + 1;
                const std::size_t columns = (in.columns + 2 * padding - kernel) / stride + 1;
                const auto y = t.output();
                REQUIRE(y.size() == 2 * 3 * rows * columns);
                double worst = 0;
                for (std::size_t i = 0; i < y.size(); ++i) {
                    const std::size_t c = i % columns, r = i / columns % rows, f = i / columns / rows % 3;
                    const std::size_t sample = i / columns / rows / 3;
                    double sum = t.parameters[3 * 2 * kernel * kernel + f];
                    for (std::size_t k = 0; k < 2; ++k) {
                        for (std::size_t a = 0; a < kernel; ++a) {
                            for (std::size_t b = 0; b < kernel; ++b) {
                                const std::size_t row = r * stride + a, column = c * stride + b;
                                if (row >= padding && row < in.rows + padding && column >= padding &&
                                    column < in.columns + padding) {
                                    sum += t.parameters[((f * 2 + k) * kernel + a) * kernel + b] *
                                           t.input[((sample * 2 + k) * in.rows + row - padding) * in.columns + column -
                                                   padding];
                                }
                            }
                        }
                    }
                    worst = std::max(worst, std::fabs(sum - y[i]));
                }
                CHECK(worst < 1e-12);
                CHECK(t.derivative_error() < enough);
            }
        }
    }
}

TEST_CASE("max_pool, average_pool: by hand, and their derivatives", "[model][pooling]") {
    const std::vector<float> image{1, 2, 3, 4, 5, 6, 7, 8, 9};
    CHECK(output_of(max_pool{}, {1, 3, 3}, {}, image) == std::vector<float>{5});
    CHECK(output_of(max_pool{.size = 2, .stride = 1}, {1, 3, 3}, {}, image) == std::vector<float>{5, 6, 8, 9});
    CHECK(output_of(average_pool{.size = 3}, {1, 3, 3}, {}, image) == std::vector<float>{5});
    CHECK(output_of(average_pool{.size = 1, .stride = 2}, {1, 3, 3}, {}, image) == std::vector<float>{1, 3, 7, 9});
    CHECK(std::isnan(output_of(max_pool{}, {1, 2, 2}, {}, {1, NAN, 3, 0})[0]));
    for (const std::size_t stride : {0u, 1u, 2u, 3u}) {
        CHECK(test::derivative_error(max_pool{.size = 2, .stride = stride}, {2, 5, 6}, 3) < enough);
        CHECK(test::derivative_error(average_pool{.size = 2, .stride = stride}, {2, 5, 6}, 3) < enough);
    }
    // Of equal values the first gets the derivative.
    max_pool p;
    p.bind({1, 2, 2});
    const std::vector<float> x{0, 3, 3, 3}, y{3}, dy{7};
    std::vector<float> dx(4, NAN);
    p.backward(backward_pass<float>{{}, x, 1, y, dy, dx, 0, {}, {}});
    CHECK(dx == std::vector<float>{0, 7, 0, 0});
    CHECK(max_pool{}.name() == "max_pool(size=2,stride=2)");
}

TEST_CASE("group_normalization: mean 0 and variance 1 in every group, and its derivatives", "[model][normalization]") {
    test::layer_under_test t(group_normalization{.groups = 2, .epsilon = 1e-12f}, {4, 3, 3}, 2);
    std::fill(t.parameters.begin(), t.parameters.begin() + 4, 1.0);
    std::fill(t.parameters.begin() + 4, t.parameters.end(), 0.0);
    const auto y = t.output();
    for (std::size_t g = 0; g < 4; ++g) {
        double sum = 0, squares = 0;
        for (std::size_t i = 18 * g; i < 18 * (g + 1); ++i) {
            sum += y[i];
            squares += y[i] * y[i];
        }
        CHECK(std::fabs(sum) < 1e-12);
        CHECK(squares == Approx(18).epsilon(1e-9));
    }
    for (const std::size_t groups : {1u, 2u, 4u}) {
        CHECK(test::derivative_error(group_normalization{.groups = groups}, {4, 3, 2}, 3) < enough);
    }
    CHECK(test::derivative_error(group_normalization{}, {9}, 3) < enough);
}

TEST_CASE("layers: shapes and options that do not fit are refused", "[model][hostile]") {
    constexpr auto huge = std::numeric_limits<std::size_t>::max();
    CHECK_THROWS_AS(dense{.outputs = 0}.bind({3}), invalid_input);
    CHECK_THROWS_AS(dense{.outputs = 3}.bind({0}), invalid_input);
    CHECK_THROWS_AS(dense{.outputs = huge}.bind({3}), invalid_input);
    CHECK_THROWS_AS(dense{}.bind({huge, huge, huge}), invalid_input);
    CHECK_THROWS_AS(relu{}.bind({std::size_t{1} << 32, std::size_t{1} << 32}), invalid_input);
    CHECK_THROWS_AS(convolution{.kernel = 4}.bind({1, 3, 9}), invalid_input);
    CHECK_THROWS_AS((convolution{.kernel = 3, .padding = 3}.bind({1, 9, 9})), invalid_input);
    CHECK_THROWS_AS((convolution{.kernel = huge, .padding = huge - 1}.bind({1, 9, 9})), invalid_input);
    CHECK_THROWS_AS((convolution{.kernel = 3, .stride = 0}.bind({1, 9, 9})), invalid_input);
    CHECK_THROWS_AS(convolution{.filters = 0}.bind({1, 9, 9}), invalid_input);
    CHECK_THROWS_AS(convolution{.filters = huge}.bind({1, 9, 9}), invalid_input);
    CHECK_THROWS_AS((convolution{.kernel = 4000, .padding = 3999}.bind({1, 2000, 2000})), invalid_input);
    CHECK_THROWS_AS(max_pool{}.bind({1, 1, 9}), invalid_input);
    CHECK_THROWS_AS(average_pool{.size = 0}.bind({1, 9, 9}), invalid_input);
    CHECK_THROWS_AS(group_normalization{.groups = 3}.bind({4}), invalid_input);
    CHECK_THROWS_AS(group_normalization{.groups = 0}.bind({4}), invalid_input);
    CHECK_THROWS_AS(group_normalization{.epsilon = 0}.bind({4}), invalid_input);
    CHECK_THROWS_WITH(max_pool{}.bind({1, 1, 9}),
                      "the windows of a max_pool(size=2,stride=2) must have a side of at least 1 and fit into its "
                      "input of 1 x 9");
}
