#include <frugal/optimize/boolean_optimizer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/core/random.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(LocalOptimizer<boolean_optimizer>);

namespace {

std::vector<float> random_signs(std::size_t n, std::uint64_t seed) {
    const random_stream stream({.seed = seed, .purpose = purposes::user});
    std::vector<float> w(n);
    for (std::size_t i = 0; i < n; ++i) {
        w[i] = (stream.word(i) & 1u) != 0 ? 1.0f : -1.0f;
    }
    return w;
}

std::vector<float> random_gradient(std::size_t n, std::uint64_t seed, std::uint64_t round) {
    const random_stream stream({.seed = seed, .round = round, .purpose = purposes::user + 1});
    std::vector<float> g(n);
    for (std::size_t i = 0; i < n; ++i) {
        g[i] = stream.normal(i);
    }
    return g;
}

}  // namespace

TEST_CASE("boolean: the worked step", "[optimize][boolean]") {
    // two neurons: their biases, then three weights each
    std::vector<float> w{1, 1, 1, -1, -1, -1, 1, -1};
    const std::vector<float> q{0.5f, 0.5f, -0.5f, 0.5f, -0.25f, -0.25f, 0.25f, -0.25f};
    boolean_optimizer o{.learning_rate = 2};
    o.update(w, q, 0);
    CHECK(w == std::vector<float>{-1, -1, 1, -1, -1, -1, 1, -1});
    CHECK(o.accumulator[0] == 0);
    CHECK(o.accumulator[1] == 0);
    CHECK(o.accumulator[2] == -1);
    CHECK(o.accumulator[3] == 1);
    for (std::size_t i = 4; i < 8; ++i) {
        CHECK(o.accumulator[i] * w[i] == 0.5f);
    }
    CHECK(o.beta == 0.75f);
    CHECK(o.flips == 2);
    // kept signals fade by beta: 0.75 * 0.5 + 2 * 0.25 = 0.875 stays, 0.75 * -1 decays
    o.update(w, std::vector<float>{0, 0, 0, 0, -0.25f, -0.25f, 0.25f, -0.25f}, 1);
    CHECK(o.flips == 0);
    CHECK(o.beta == 1);
    CHECK(o.accumulator[2] == -0.75f);
    CHECK(o.accumulator[4] * w[4] == 0.875f);
}

TEST_CASE("boolean: what is and what is not invariant", "[optimize][boolean]") {
    constexpr std::size_t n = 1000;
    std::vector<float> w = random_signs(n, 1);
    boolean_optimizer o{.learning_rate = 0.5};
    std::uint64_t flips = 0;
    float lowest = 0;
    for (std::uint64_t t = 0; t < 50; ++t) {
        const auto before = w;
        o.update(w, random_gradient(n, 2, t / 10), t);  // persistent, so that accumulators of right weights grow
        std::uint64_t changed = 0;
        for (std::size_t i = 0; i < n; ++i) {
            REQUIRE(std::fabs(w[i]) == 1);
            REQUIRE(o.accumulator[i] * w[i] < 1);
            changed += w[i] != before[i] ? 1u : 0u;
            if (w[i] != before[i]) {
                REQUIRE(o.accumulator[i] == 0);
            }
            lowest = std::min(lowest, o.accumulator[i] * w[i]);
        }
        CHECK(changed == o.flips);
        CHECK(o.beta == Approx(1 - double(changed) / n));
        flips += changed;
    }
    CHECK(flips > 100);
    CHECK(lowest < -1);
    boolean_optimizer still{.learning_rate = 0};
    const auto before = w;
    still.update(w, random_gradient(n, 3, 0), 0);
    CHECK(w == before);
    CHECK(still.beta == 1);
}

TEST_CASE("boolean: inverting weights and gradients inverts everything", "[optimize][boolean]") {
    std::vector<float> w = random_signs(257, 4), v = w;
    for (float& x : v) {
        x = -x;
    }
    boolean_optimizer a{.learning_rate = 0.7}, b = a;
    for (std::uint64_t t = 0; t < 20; ++t) {
        auto g = random_gradient(257, 5, t);
        a.update(w, g, t);
        for (float& x : g) {
            x = -x;
        }
        b.update(v, g, t);
        for (std::size_t i = 0; i < w.size(); ++i) {
            REQUIRE(w[i] == -v[i]);
            REQUIRE(a.accumulator[i] == -b.accumulator[i]);
        }
        CHECK(a.beta == b.beta);
    }
}

TEST_CASE("boolean: only the rate relative to the threshold matters", "[optimize][boolean]") {
    std::vector<float> w = random_signs(300, 6), v = w;
    boolean_optimizer a{.learning_rate = 0.5}, b{.learning_rate = 2, .flip_threshold = 4};
    for (std::uint64_t t = 0; t < 20; ++t) {
        const auto g = random_gradient(300, 7, t);
        a.update(w, g, t);
        b.update(v, g, t);
        CHECK(w == v);
    }
}

TEST_CASE("boolean: the rules as printed", "[optimize][boolean]") {
    // equation 4.4: as long as nothing flips, beta = 0 and nothing is remembered, so that small gradients never add up
    std::vector<float> w(100, 1.0f);
    const std::vector<float> g(100, 0.4f);
    boolean_optimizer literal{.learning_rate = 1, .memory = flip_memory::changed};
    boolean_optimizer resolved{.learning_rate = 1};
    auto v = w;
    for (std::uint64_t t = 0; t < 5; ++t) {
        literal.update(w, g, t);
        resolved.update(v, g, t);
    }
    CHECK(w == std::vector<float>(100, 1.0f));
    CHECK(literal.beta == 0);
    CHECK(v == std::vector<float>(100, -1.0f));
    // algorithm 3: any agreement inverts, half of the weights under noise
    std::vector<float> x = random_signs(10000, 8);
    boolean_optimizer sign{.learning_rate = 1e-3, .rule = flip_rule::sign};
    sign.update(x, random_gradient(10000, 9, 0), 0);
    CHECK(double(sign.flips) == Approx(5000).margin(5 * 50));
    boolean_optimizer threshold{.learning_rate = 1e-3};
    threshold.update(x, random_gradient(10000, 9, 0), 0);
    CHECK(threshold.flips == 0);
}

TEST_CASE("boolean: Bop is a case of it", "[optimize][boolean][equivalence]") {
    constexpr float gamma = 0.125f, tau = 0.25f;
    constexpr std::size_t n = 200;
    std::vector<float> w = random_signs(n, 10), v = w, m(n);
    boolean_optimizer o{.learning_rate = gamma,
                        .flip_threshold = tau,
                        .memory = flip_memory::constant,
                        .decay = 1 - gamma,
                        .reset = false};
    std::uint64_t flips = 0;
    for (std::uint64_t t = 0; t < 40; ++t) {
        const auto g = random_gradient(n, 11, t);
        o.update(w, g, t);
        for (std::size_t i = 0; i < n; ++i) {
            m[i] = rounded((1 - gamma) * m[i]) + rounded(gamma * g[i]);
            if (m[i] * v[i] >= tau) {
                v[i] = -v[i];
                ++flips;
            }
        }
        REQUIRE(w == v);
    }
    CHECK(o.accumulator == m);
    CHECK(flips > 0);
}

TEST_CASE("boolean: goes on from a checkpoint", "[optimize][boolean][state]") {
    std::vector<float> w = random_signs(50, 12);
    boolean_optimizer a{.learning_rate = 0.5};
    a.update(w, random_gradient(50, 13, 0), 0);
    std::vector<std::byte> bytes;
    state_archive save(bytes);
    a.state(save);
    boolean_optimizer b{.learning_rate = 0.5};
    state_archive load{std::span<const std::byte>(bytes)};
    b.state(load);
    load.finish();
    auto v = w;
    a.update(w, random_gradient(50, 13, 1), 1);
    b.update(v, random_gradient(50, 13, 1), 1);
    CHECK(w == v);
    CHECK(a.beta == b.beta);
}

TEST_CASE("boolean: what it refuses", "[optimize][boolean][hostile]") {
    std::vector<float> w{1, -1, 1};
    const std::vector<float> g{1, 1, 1};
    boolean_optimizer o;
    CHECK_THROWS_AS(o.update(w, std::vector<float>{1, 1}, 0), invalid_input);
    for (const float bad : {0.0f, 0.5f, -2.0f, NAN}) {
        std::vector<float> v{1, bad, 1};
        CHECK_THROWS_WITH(o.update(v, g, 0), test::contains_text("neither -1 nor +1"));
    }
    CHECK_THROWS_AS(o.update(w, std::vector<float>{1, NAN, 1}, 0), nonfinite_input);
    CHECK(o.accumulator.empty());
    CHECK(w == std::vector<float>{1, -1, 1});
    CHECK_THROWS_AS(boolean_optimizer{.flip_threshold = 0}.validate(), invalid_input);
    CHECK_THROWS_AS(boolean_optimizer{.decay = 1.5f}.validate(), invalid_input);
    CHECK_THROWS_AS(boolean_optimizer{.learning_rate = -1}, invalid_input);
}
