#include <frugal/optimize/mirror_descent.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("mirror_descent: agrees with its formula", "[optimize][mirror_descent]") {
    mirror_descent<> o{.inner = sgd{.learning_rate = 0.1}, .beta = 2};
    std::vector<float> w{0.3f, -0.9f, 0};
    std::vector<double> a;
    for (const float x : w) {
        a.push_back(std::atanh(double{x}) / 2);
    }
    for (int t = 0; t < 30; ++t) {
        const std::vector<float> g{w[0] - 1, 0.5f, -0.25f};
        o.update(w, g, 0);
        for (std::size_t i = 0; i < w.size(); ++i) {
            a[i] -= 0.1 * double{g[i]};
            CHECK(double{w[i]} == Approx(std::tanh(2 * a[i])).margin(1e-5));
        }
    }
}

TEST_CASE("mirror_descent: starts from any weight, and biases are free", "[optimize][mirror_descent]") {
    tensor_layout layout;
    layout.add("weight", {1, 2}).add("bias", {1});
    mirror_descent<> o{.inner = sgd{.learning_rate = 0.5}};
    std::vector<float> w{0.5f, -0.5f, 3};
    o.weights.fit(layout, w);
    w[0] = 70;
    o.update(w, std::vector<float>{0, 0, 1}, 0);
    CHECK(w[0] == Approx(0.5));
    CHECK(w[1] == Approx(-0.5));
    CHECK(w[2] == 2.5f);
}

TEST_CASE("mirror_descent: an impossible sharpness is refused", "[optimize][mirror_descent][hostile]") {
    mirror_descent<> o{.beta = 0};
    std::vector<float> w(2), g(2);
    CHECK_THROWS_AS(o.update(w, g, 0), invalid_input);
}
