#include <frugal/model/convolution.hpp>

#include <algorithm>
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
