#include <frugal/optimize/prox_quant.hpp>

#include <cmath>
#include <vector>

#include <frugal/optimize/adam.hpp>

#include "catch.hpp"
#include "kernels/values.hpp"

using namespace frugal;

TEST_CASE("prox_quant: by hand", "[optimize][prox_quant]") {
    prox_quant<> o{.inner = sgd{.learning_rate = 0.5}, .lambda = 0.5};  // a pull of 1/4
    std::vector<float> w{0.5f, 0.5f, 1.125f, -2};
    o.update(w, std::vector<float>{0, 2, 0, 0}, 0);
    CHECK(w == std::vector<float>{0.75f, -0.75f, 1, -1.75f});
    prox_quant<> int4{.weights = weight_grid(integer_grid(4), 0.5f), .inner = sgd{.learning_rate = 0.5}, .lambda = 0.5};
    w = {0.625f, 0.7f};
    int4.update(w, std::vector<float>{0, 0}, 0);
    CHECK(w[0] == 0.5f);
    CHECK(w[1] == Approx(0.575));
}

TEST_CASE("prox_quant: without a pull it is the inner optimizer", "[optimize][prox_quant][equivalence]") {
    prox_quant<adam> o{.weights = integer_grid(4), .lambda = 0};
    adam alone{};
    auto w = test::values(100, 1), x = w;
    for (std::uint64_t t = 0; t < 5; ++t) {
        const auto g = test::values(100, 2 + t);
        o.update(w, g, t);
        alone.update(x, g, t);
        CHECK(w == x);
    }
}

TEST_CASE("prox_quant: minimises distance and pull together", "[optimize][prox_quant]") {
    prox_quant<> o{.weights = ternary_grid(), .inner = sgd{.learning_rate = 1}, .lambda = 0.2};
    for (float u = -2; u < 2; u += 0.037f) {
        std::vector<float> w{u};
        o.update(w, std::vector<float>{0}, 0);
        const auto cost = [&](double x) {
            return 0.5 * (x - double{u}) * (x - double{u}) +
                   double{0.2f} * std::fabs(x - double{ternary_grid().nearest(u)});
        };
        for (double x = -2.5; x < 2.5; x += 0.001) {
            CHECK(cost(double{w[0]}) <= cost(x) + 1e-6);
        }
    }
}
