// Traces computed by hand or from Lin 2022 (eq. 2.1, 12.1 and Lemma 12.1.1); reductions of one optimizer to another.
#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/optimize/optimizers.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(LocalOptimizer<sgd> && LocalOptimizer<momentum> && LocalOptimizer<nesterov> && LocalOptimizer<adam>);
static_assert(LocalOptimizer<any_optimizer>);
static_assert(!LocalOptimizer<int> && !LocalOptimizer<schedule> && !LocalOptimizer<std::vector<float>>);

namespace {

std::vector<float> ramp(std::size_t n, float from, float step) {
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = from + step * static_cast<float>(i);
    }
    return x;
}

}  // namespace

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

TEST_CASE("nesterov and momentum: with factor 0 all are sgd", "[optimize]") {
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{31}, std::size_t{32}, std::size_t{33}}) {
        auto w0 = ramp(n, -1, 0.3f), w1 = w0, w2 = w0, w3 = w0;
        const auto g = ramp(n, 2, -0.17f);
        sgd a{.learning_rate = 0.1, .weight_decay = 0.01f};
        momentum b{.learning_rate = 0.1, .factor = 0, .weight_decay = 0.01f};
        nesterov c{.learning_rate = 0.1, .factor = 0, .weight_decay = 0.01f};
        nesterov d{.learning_rate = 0.1, .factor = 0, .weight_decay = 0.01f, .form = nesterov_form::look_ahead};
        for (std::uint64_t t = 0; t < 3; ++t) {
            a.update(w0, g, t);
            b.update(w1, g, t);
            c.update(w2, g, t);
            d.update(w3, g, t);
        }
        CHECK(w0 == w1);
        CHECK(w0 == w2);
        CHECK(w0 == w3);
    }
}

TEST_CASE("momentum: heavy ball by hand", "[optimize][momentum]") {
    momentum o{.learning_rate = 0.5, .factor = 0.5f, .weight_decay = 0.25f};
    std::vector<float> w{2.0f};
    const std::vector<float> g{1.0f};
    o.update(w, g, 0);  // d = 1.5, v = 1.5, w = 1.25
    CHECK(w[0] == 1.25f);
    o.update(w, g, 1);  // d = 1.3125, v = 2.0625, w = 0.21875
    CHECK(o.velocity[0] == 2.0625f);
    CHECK(w[0] == 0.21875f);
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

TEST_CASE("adam: the first step is eta times the sign, whatever the scale", "[optimize][adam]") {
    adam o{.learning_rate = 0.01};
    std::vector<float> w{0, 0, 0, 0};
    const std::vector<float> g{1e-3f, -5.0f, 1e3f, 0.0f};
    o.update(w, g, 0);
    CHECK(w[0] == Approx(-0.01).epsilon(1e-4));
    CHECK(w[1] == Approx(0.01).epsilon(1e-4));
    CHECK(w[2] == Approx(-0.01).epsilon(1e-4));
    CHECK(w[3] == 0.0f);
}

TEST_CASE("adam: agrees with a double-precision reference", "[optimize][adam]") {
    for (const bool decoupled : {false, true}) {
        adam o{.learning_rate = 0.1, .weight_decay = 0.05f, .decoupled = decoupled};
        std::vector<float> w{1.5f};
        double x = 1.5, m = 0, v = 0;
        for (int t = 1; t <= 40; ++t) {
            const std::vector<float> g{std::cos(static_cast<float>(t)) + w[0]};
            o.update(w, g, static_cast<std::uint64_t>(t));
            const double b1 = double{0.9f}, b2 = double{0.999f}, decay = double{0.05f};
            const double d = double{g[0]} + (decoupled ? 0 : decay * x);
            m = b1 * m + (1 - b1) * d;
            v = b2 * v + (1 - b2) * d * d;
            x -= (decoupled ? 0.1 * decay * x : 0) +
                 0.1 * m / (1 - std::pow(b1, t)) / (std::sqrt(v / (1 - std::pow(b2, t))) + 1e-8);
            CHECK(double{w[0]} == Approx(x).margin(2e-5));
        }
    }
}

TEST_CASE("schedule: warm-up adds a constant until the scaled rate", "[optimize][schedule]") {
    // 50000 samples, batch 128, 16 workers: 0.2 -> 3.2 in 5 epochs = 122.07 iterations (Lin 2022, 2837-2842)
    const schedule s = schedule(3.2).warm_up(0.2, 122);
    CHECK(s(0) == 0.2);
    CHECK(s(1) - s(0) == Approx(3.0 / 122));
    CHECK(s(61) == Approx(0.2 + 61 * 3.0 / 122));
    CHECK(s(122) == 3.2);
    CHECK(s(100000) == 3.2);
}

TEST_CASE("schedule: values by hand", "[optimize][schedule]") {
    CHECK(schedule(0.25)(12345) == 0.25);
    CHECK(schedule(0.25).name() == "0.25");
    const auto steps = step_decay(1, 0.5, 10);
    CHECK(steps(9) == 1);
    CHECK(steps(10) == 0.5);
    CHECK(steps(35) == 0.125);
    const auto image = half_and_three_quarters_decay(1, 100);
    CHECK(image(49) == 1);
    CHECK(image(50) == Approx(0.1));
    CHECK(image(74) == Approx(0.1));
    CHECK(image(75) == Approx(0.01));
    CHECK(half_and_three_quarters_decay(1, 7)(4) == Approx(0.1));
    CHECK(half_and_three_quarters_decay(1, 7)(5) == Approx(0.01));
    CHECK(inverse_sqrt_decay(2, 1)(3) == Approx(1));
    const auto half_cosine = cosine_decay(1, 0.2, 100);
    CHECK(half_cosine(0) == Approx(1));
    CHECK(half_cosine(50) == Approx(0.6));
    CHECK(half_cosine(25) == Approx(0.2 + 0.8 * 0.5 * (1 + std::sqrt(0.5))));
    CHECK(half_cosine(99) < 0.2003);
    CHECK(half_cosine(100) == 0.2);
    CHECK(half_cosine(1000) == 0.2);
    const auto long_cosine = cosine_decay(1, 0, 1000003);
    for (std::uint64_t t = 0; t < 1000003; t = t * 5 / 4 + 1) {
        for (const std::uint64_t at : {t, 1000002 - t}) {
            const double sine = std::sin(0.5 * 3.141592653589793 * double(1000003 - at) / 1000003);
            CHECK(long_cosine(at) == Approx(sine * sine).epsilon(1e-14).margin(0));
        }
    }
}

TEST_CASE("schedule: impossible settings are refused", "[optimize][schedule][hostile]") {
    CHECK_THROWS_AS(schedule(-1), invalid_input);
    CHECK_THROWS_AS(schedule(INFINITY), invalid_input);
    CHECK_THROWS_AS(schedule(NAN), invalid_input);
    CHECK_THROWS_AS(step_decay(1, 0, 10), invalid_input);
    CHECK_THROWS_AS(step_decay(1, 0.5, 0), invalid_input);
    CHECK_THROWS_AS(inverse_sqrt_decay(1, 0), invalid_input);
    CHECK_THROWS_AS(cosine_decay(1, 0, 0), invalid_input);
    const std::vector<std::uint64_t> falling{5, 3};
    CHECK_THROWS_AS(milestone_decay(1, 0.1, falling), invalid_input);
}

TEST_CASE("optimizers: mismatched lengths and impossible settings are refused", "[optimize][hostile]") {
    std::vector<float> w(3), g(2), w4(4), g4(4), g3(3);
    CHECK_THROWS_AS(sgd{}.update(w, g, 0), invalid_input);
    momentum m{};
    CHECK_THROWS_AS(m.update(w, g, 0), invalid_input);
    m.update(w, g3, 0);
    CHECK_THROWS_AS(m.update(w4, g4, 1), invalid_input);
    momentum bad{.factor = 1.0f};
    CHECK_THROWS_AS(bad.update(w, g3, 0), invalid_input);
    adam a{.beta_2 = 1.0f};
    CHECK_THROWS_AS(a.update(w, g3, 0), invalid_input);
    adam b{.epsilon = 0};
    CHECK_THROWS_AS(b.update(w, g3, 0), invalid_input);
}

TEMPLATE_TEST_CASE("optimizers: a restored state goes on with the same bits", "[optimize][state]", sgd, momentum,
                   nesterov, adam) {
    const auto g = ramp(37, -1, 0.07f);
    auto w = ramp(37, 0.5f, -0.01f);
    any_optimizer original{TestType{.learning_rate = step_decay(0.1, 0.5, 3)}};
    for (std::uint64_t t = 0; t < 5; ++t) {
        original.update(w, g, t);
    }
    std::vector<std::byte> bytes;
    state_archive save(bytes);
    original.state(save);
    auto w_restored = w;
    TestType restored{.learning_rate = step_decay(0.1, 0.5, 3)};
    state_archive load{std::span<const std::byte>(bytes)};
    restored.state(load);
    load.finish();
    any_optimizer copy = original;  // deep
    for (std::uint64_t t = 5; t < 9; ++t) {
        original.update(w, g, t);
        restored.update(w_restored, g, t);
    }
    CHECK(w == w_restored);
    CHECK(copy.name() == original.name());
    if (bytes.size() > 1) {
        state_archive truncated{std::span<const std::byte>(bytes).first(bytes.size() - 1)};
        TestType other{};
        CHECK_THROWS_AS(other.state(truncated), malformed_message);
    }
}
