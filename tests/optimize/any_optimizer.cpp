#include <frugal/optimize/any_optimizer.hpp>

#include <cstdint>
#include <vector>

#include <frugal/concepts.hpp>
#include <frugal/optimize/adam.hpp>
#include <frugal/optimize/momentum.hpp>
#include <frugal/optimize/nesterov.hpp>
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
