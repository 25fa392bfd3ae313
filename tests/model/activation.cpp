#include <frugal/model/activation.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "model/gradient_check.hpp"
#include "model/layers.hpp"

using namespace frugal;
using test::enough;
using test::output_of;

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
