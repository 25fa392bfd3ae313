#include <frugal/optimize/bop.hpp>

#include <cstdint>
#include <vector>

#include <frugal/optimize/boolean_optimizer.hpp>

#include "catch.hpp"
#include "kernels/values.hpp"

using namespace frugal;

TEST_CASE("bop: by hand", "[optimize][bop]") {
    bop<> o{.gamma = 0.5f, .threshold = 0.5f};
    std::vector<float> w{0.3f, -0.3f, 0.2f, 0};
    const std::vector<float> g{1, 1, 0.75f, -8};
    o.update(w, g, 0);  // m = (0.5, 0.5, 0.375, -4), binary w = (1, -1, 1, 1)
    CHECK(w == std::vector<float>{-1, -1, 1, 1});
    o.update(w, g, 1);  // m = (0.75, 0.75, 0.5625, -6): no reset, so the first stays
    CHECK(w == std::vector<float>{-1, -1, -1, 1});
}

TEST_CASE("bop: m is an exponential mean of what gradients ask for", "[optimize][bop]") {
    // With gradients of 1 the flip comes in the first step t with 1 - (1 - gamma)^t >= threshold.
    bop<> o{.gamma = 0.1f, .threshold = 0.6f};
    std::vector<float> w{1};
    int flipped = 0;
    for (int t = 1; t <= 30 && flipped == 0; ++t) {
        o.update(w, std::vector<float>{1}, 0);
        flipped = w[0] == -1 ? t : 0;
    }
    CHECK(flipped == 9);  // 0.9^8 = 0.43, 0.9^9 = 0.387
}

TEST_CASE("bop: is the Boolean optimizer with constant memory and without reset", "[optimize][bop][equivalence]") {
    bop<> o{.gamma = 0.125f, .threshold = 0.25f};
    boolean_optimizer boolean{.learning_rate = 0.125,
                              .flip_threshold = 0.25f,
                              .memory = flip_memory::constant,
                              .decay = 0.875f,
                              .reset = false};
    auto w = test::values(100, 1);
    for (float& x : w) {
        x = x < 0 ? -1.0f : 1.0f;
    }
    auto v = w;
    std::uint64_t flips = 0;
    for (std::uint64_t t = 0; t < 20; ++t) {
        const auto g = test::values(100, 2 + t);
        o.update(w, g, t);
        boolean.update(v, g, t);
        flips += boolean.flips;
        CHECK(w == v);
    }
    CHECK(flips > 0);
}

TEST_CASE("bop: steps of tensors are kept, biases follow the inner optimizer", "[optimize][bop]") {
    tensor_layout layout;
    layout.add("weight", {1, 2}).add("bias", {1});
    bop<> o{.inner = sgd{.learning_rate = 0.5}, .gamma = 1, .threshold = 1};
    std::vector<float> w{0.1f, -0.3f, 3};
    o.weights.fit(layout, w);
    o.update(w, std::vector<float>{2, 2, 2}, 0);
    CHECK(w == std::vector<float>{-0.2f, -0.2f, 2});
}

TEST_CASE("bop: impossible settings are refused", "[optimize][bop][hostile]") {
    std::vector<float> w(2), g(2);
    bop<> a{.gamma = 0};
    CHECK_THROWS_AS(a.update(w, g, 0), invalid_input);
    bop<> b{.threshold = 0};
    CHECK_THROWS_AS(b.update(w, g, 0), invalid_input);
}
