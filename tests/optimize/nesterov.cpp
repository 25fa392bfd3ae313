// Traces computed by hand or from Lin 2022 (eq. 12.1 and Lemma 12.1.1).
#include <frugal/optimize/nesterov.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("nesterov: the look-ahead form follows the trace of eq. 12.1", "[optimize][nesterov]") {
    // f = x^2 / 2, x_0 = 1, u = 0.9, eta = 0.1
    nesterov o{.learning_rate = 0.1, .factor = 0.9f, .form = nesterov_form::look_ahead};
    std::vector<float> h{1.0f}, x{1.0f};
    for (const double expected : {0.9, 0.729, 0.51759, 0.2945889, 0.084499119, -0.0941235155}) {
        const std::vector<float> g = h;
        o.update(h, g, 0);
        o.position(h, x);
        CHECK(x[0] == Approx(expected).margin(1e-6));
    }
}

TEST_CASE("nesterov: the auxiliary sequence moves by plain gradient steps", "[optimize][nesterov]") {
    const double u = 0.9, eta = 0.05;
    nesterov o{.learning_rate = eta, .factor = 0.9f, .form = nesterov_form::look_ahead};
    std::vector<float> h{2.0f}, x{2.0f};
    double y = 2.0;
    for (std::uint64_t t = 0; t < 50; ++t) {
        const std::vector<float> g{std::sin(h[0]) + h[0]};
        o.update(h, g, t);
        o.position(h, x);
        const double next = double{x[0]} + u / (1 - u) * double{o.velocity[0]};
        CHECK(next - y == Approx(-eta / (1 - u) * double{g[0]}).margin(4e-6));
        CHECK(next - double{h[0]} == Approx(u * u / (1 - u) * double{o.velocity[0]}).margin(4e-6));
        y = next;
    }
}

TEST_CASE("nesterov: the corrected form by hand", "[optimize][nesterov]") {
    nesterov o{.learning_rate = 0.5, .factor = 0.5f};
    std::vector<float> w{2.0f};
    const std::vector<float> g{1.0f};
    o.update(w, g, 0);  // v = 1, w = 2 - 0.5 (1 + 0.5)
    CHECK(w[0] == 1.25f);
    o.update(w, g, 1);  // v = 1.5, w = 1.25 - 0.5 (1 + 0.75)
    CHECK(w[0] == 0.375f);
}
