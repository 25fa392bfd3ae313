#include <frugal/optimize/any_optimizer.hpp>

#include <cstdint>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/askew_sgd.hpp>
#include <frugal/optimize/binary_connect.hpp>
#include <frugal/optimize/bop.hpp>
#include <frugal/optimize/mirror_descent.hpp>
#include <frugal/optimize/momentum.hpp>
#include <frugal/optimize/nesterov.hpp>
#include <frugal/optimize/projected_sgd.hpp>
#include <frugal/optimize/prox_quant.hpp>
#include <frugal/optimize/sgd.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(LocalOptimizer<any_optimizer>);

namespace {

std::vector<float> ramp(std::size_t n, float from, float step) {
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = from + step * static_cast<float>(i);
    }
    return x;
}

}  // namespace

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

TEMPLATE_TEST_CASE("optimizers for grids: around one chosen at run time they are as around one of the type",
                   "[optimize][state][equivalence]", askew_sgd<any_optimizer>, binary_connect<any_optimizer>,
                   prox_quant<any_optimizer>, mirror_descent<any_optimizer>, projected_sgd<any_optimizer>,
                   bop<any_optimizer>) {
    const auto g = ramp(37, -1, 0.07f);
    auto w = ramp(37, 0.5f, -0.01f);
    const adam inner{.learning_rate = 0.1};
    any_optimizer original{TestType{.inner = inner}};
    CHECK(original.learning_rate(3) == 0.1);
    REQUIRE(original.weights() != nullptr);
    CHECK(original.differentiates_on_grid() == TestType::differentiates_on_grid);
    original.fit(tensor_layout::flat(37), w);
    weight_grid fitted = TestType{}.weights;
    fitted.fit(tensor_layout::flat(37), w);
    std::vector<float> own(37), expected(37);
    original.weights()->project(w, own);
    fitted.project(w, expected);
    CHECK(own == expected);
    for (std::uint64_t t = 0; t < 5; ++t) {
        original.update(w, g, t);
    }
    std::vector<std::byte> bytes;
    state_archive save(bytes);
    original.state(save);
    TestType restored{.inner = inner};
    restored.weights = *original.weights();
    state_archive load{std::span<const std::byte>(bytes)};
    restored.state(load);
    load.finish();
    auto x = w;
    original.update(w, g, 5);
    restored.update(x, g, 5);
    CHECK(w == x);
}

TEST_CASE("any_optimizer: what an optimizer does not have", "[optimize]") {
    struct bare {
        void update(std::span<float>, std::span<const float>, std::uint64_t) {}
    };
    any_optimizer o{bare{}};
    CHECK_THROWS_AS(o.learning_rate(0), invalid_input);
    CHECK(o.weights() == nullptr);
    CHECK_FALSE(o.differentiates_on_grid());
    CHECK(any_optimizer(sgd{.learning_rate = 0.5}).learning_rate(7) == 0.5);
}
