#include <frugal/optimize/by_part.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <frugal/optimize/momentum.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

const momentum heavy{.learning_rate = 0.5, .factor = 0.5f};
const std::vector<float> gradient{1, -2, 3, 0.5f, -0.25f};

//! A step of elements 0, 1 and one of elements 2, 3, 4.
void step(by_part<momentum>& parts, std::vector<float>& x, std::uint64_t t) {
    parts.update(2, std::span(x).subspan(2), std::span(gradient).subspan(2), t);
    parts.update(0, std::span(x).first(2), std::span(gradient).first(2), t);
}

}  // namespace

TEST_CASE("by_part: the steps of one optimizer for all", "[optimize][by_part][equivalence]") {
    by_part<momentum> parts{heavy};
    momentum whole = heavy;
    std::vector<float> x(5, 1.0f), y = x;
    for (std::uint64_t t = 0; t < 4; ++t) {
        step(parts, x, t);
        whole.update(y, gradient, t);
        CHECK(x == y);
    }
}

TEST_CASE("by_part: a part keeps its length", "[optimize][by_part][hostile]") {
    by_part<momentum> parts{heavy};
    std::vector<float> x(5);
    step(parts, x, 0);
    CHECK_THROWS_AS(parts.update(0, x, gradient, 1), invalid_input);
    CHECK_NOTHROW(parts.update(1, x, gradient, 1));  // a part of its own
}

TEST_CASE("by_part: a restored state goes on with the same bits, a damaged one is refused",
          "[optimize][by_part][state]") {
    by_part<momentum> original{heavy};
    std::vector<float> x(5, 1.0f);
    step(original, x, 0);
    std::vector<std::byte> bytes;
    state_archive save(bytes);
    original.state(save);
    by_part<momentum> restored{heavy};
    state_archive load{std::span<const std::byte>(bytes)};
    restored.state(load);
    load.finish();
    auto y = x;
    step(original, x, 1);
    step(restored, y, 1);
    CHECK(x == y);
    for (std::size_t kept = 0; kept < bytes.size(); ++kept) {
        by_part<momentum> other{heavy};
        state_archive truncated{std::span<const std::byte>(bytes).first(kept)};
        CHECK_THROWS_AS(other.state(truncated), malformed_message);
    }
    std::vector<std::byte> many;
    state_archive lie(many);
    std::uint64_t count = std::uint64_t{1} << 40;
    lie(count);
    by_part<momentum> other{heavy};
    state_archive huge{std::span<const std::byte>(many)};
    CHECK_THROWS_WITH(other.state(huge), test::contains_text("too many parts"));
}
