// What holds for all optimizers, and reductions of one to another.
#include <frugal/optimize/optimizers.hpp>

#include <cstdint>
#include <vector>

#include <frugal/concepts.hpp>

#include "catch.hpp"

namespace optimizers_test {

using namespace frugal;

static_assert(LocalOptimizer<sgd> && LocalOptimizer<momentum> && LocalOptimizer<nesterov> && LocalOptimizer<adam>);
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

}  // namespace optimizers_test
