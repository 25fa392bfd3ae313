#include <frugal/model/layer.hpp>

#include <limits>

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

}  // namespace

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
