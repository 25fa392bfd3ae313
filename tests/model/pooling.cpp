#include <frugal/model/pooling.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "model/gradient_check.hpp"
#include "model/layers.hpp"

using namespace frugal;
using test::enough;
using test::output_of;

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
