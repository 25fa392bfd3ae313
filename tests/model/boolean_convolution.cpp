#include <frugal/model/boolean_convolution.hpp>

#include <vector>

#include "catch.hpp"
#include "layers.hpp"

using namespace frugal;
using namespace test;

static_assert(Layer<boolean_convolution>);

namespace {

//! Its definition.
struct by_definition {
    boolean_convolution layer;
    sample_shape in, out;

    by_definition(boolean_convolution l, sample_shape shape) : layer(l), in(shape), out(layer.bind(shape)) {}

    //! visit(filter, row, column, index of the weight, index of the input or -1 outside).
    template <class Visit>
    void for_each_term(Visit visit) const {
        const std::size_t k = layer.kernel;
        for (std::size_t f = 0; f < layer.filters; ++f) {
            for (std::size_t r = 0; r < out.rows; ++r) {
                for (std::size_t c = 0; c < out.columns; ++c) {
                    for (std::size_t t = 0; t < in.channels * k * k; ++t) {
                        const auto y = long(r * layer.stride + t / k % k) - long(layer.padding);
                        const auto x = long(c * layer.stride + t % k) - long(layer.padding);
                        const bool inside = y >= 0 && x >= 0 && y < long(in.rows) && x < long(in.columns);
                        const long at = (long(t / k / k) * long(in.rows) + y) * long(in.columns) + x;
                        visit((f * out.rows + r) * out.columns + c, f * in.channels * k * k + t, inside ? at : -1);
                    }
                }
            }
        }
    }
};

}  // namespace

TEST_CASE("boolean_convolution: its definition, forward and backward, for many shapes",
          "[model][boolean_convolution][exact]") {
    for (const std::size_t channels : {1u, 3u, 64u, 70u}) {
        for (const std::size_t kernel : {1u, 2u, 3u}) {
            for (const std::size_t stride : {1u, 2u}) {
                for (std::size_t padding = 0; padding < kernel; ++padding) {
                    CAPTURE(channels, kernel, stride, padding);
                    const sample_shape in{channels, 4, 5};
                    const boolean_convolution layer{
                        .filters = 3, .kernel = kernel, .stride = stride, .padding = padding};
                    const by_definition reference(layer, in);
                    constexpr std::size_t batch = 2;
                    const auto w = random_signs(3 * channels * kernel * kernel, 1);
                    const auto x = random_signs(batch * in.size(), 2);
                    const std::size_t outputs = reference.out.size();
                    std::vector<float> s(batch * outputs), g(batch * outputs);
                    derivatives expected{std::vector<float>(x.size()), std::vector<float>(w.size())};
                    for (std::size_t i = 0; i < g.size(); ++i) {
                        g[i] = float(int(i * 5 % 7) - 3);
                    }
                    for (std::size_t b = 0; b < batch; ++b) {
                        reference.for_each_term([&](std::size_t o, std::size_t t, long i) {
                            const float value = i < 0 ? -1.0f : x[b * in.size() + std::size_t(i)];
                            s[b * outputs + o] += w[t] * value;
                            expected.by_parameters[t] += g[b * outputs + o] * value;
                            if (i >= 0) {
                                expected.by_input[b * in.size() + std::size_t(i)] += g[b * outputs + o] * w[t];
                            }
                        });
                    }
                    CHECK(output_of(layer, in, w, x) == s);
                    const auto d = derivatives_of(layer, in, w, x, g);
                    CHECK(d.by_input == expected.by_input);
                    CHECK(d.by_parameters == expected.by_parameters);
                }
            }
        }
    }
}

TEST_CASE("boolean_convolution: tensor, name, and shapes that do not fit", "[model][boolean_convolution][hostile]") {
    boolean_convolution layer{.filters = 2, .kernel = 3, .stride = 1, .padding = 1};
    CHECK(layer.bind({4, 5, 6}) == sample_shape{2, 5, 6});
    tensor_layout layout;
    layer.add_tensors(layout, "");
    CHECK(layout == tensor_layout().add("weight", {2, 4, 3, 3}, value_kind::boolean));
    CHECK(layer.name() == "boolean_convolution(filters=2,kernel=3,stride=1,padding=1)");
    CHECK_THROWS_AS(boolean_convolution{.kernel = 4}.bind({1, 3, 9}), invalid_input);
    CHECK_THROWS_AS((boolean_convolution{.kernel = 3, .padding = 3}.bind({1, 9, 9})), invalid_input);
    CHECK_THROWS_AS((boolean_convolution{.kernel = 3, .stride = 0}.bind({1, 9, 9})), invalid_input);
    CHECK_THROWS_AS(boolean_convolution{.filters = 0}.bind({1, 9, 9}), invalid_input);
}
