#include <frugal/optimize/exhaustive_search.hpp>

#include <cmath>
#include <set>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("exhaustive_search: tries every sign vector once, one flip at a time", "[optimize][exhaustive_search]") {
    std::set<std::vector<float>> seen;
    std::vector<float> last(5, -1.0f);
    exhaustive_search(5, [&](std::span<const float> w, std::size_t flipped) {
        std::vector<float> now(w.begin(), w.end());
        if (seen.empty()) {
            CHECK(flipped == 5);
        } else {
            last[flipped] = -last[flipped];
        }
        CHECK(now == last);
        seen.insert(now);
        return 0.0;
    });
    CHECK(seen.size() == 32);
}

TEST_CASE("exhaustive_search: finds what was hidden, the first of equals", "[optimize][exhaustive_search]") {
    const std::vector<float> hidden{1, -1, -1, 1, 1, -1, 1};
    const auto distance = [&](std::span<const float> w) {
        double sum = 0;
        for (std::size_t i = 0; i < w.size(); ++i) {
            sum += double{(w[i] - hidden[i]) * (w[i] - hidden[i])};
        }
        return sum;
    };
    const auto found = exhaustive_search(7, distance);
    CHECK(found.weights == hidden);
    CHECK(found.value == 0);
    CHECK(exhaustive_search(3, [](std::span<const float>) { return 1.0; }).weights == std::vector<float>{-1, -1, -1});
    const auto beside_nan = exhaustive_search(2, [](std::span<const float> w) { return w[0] > 0 ? 3.0 : NAN; });
    CHECK(beside_nan.value == 3);
}

TEST_CASE("exhaustive_search: too many dimensions are refused", "[optimize][exhaustive_search][hostile]") {
    const auto zero = [](std::span<const float>) { return 0.0; };
    CHECK_THROWS_AS(exhaustive_search(0, zero), invalid_input);
    CHECK_THROWS_AS(exhaustive_search(25, zero), invalid_input);
}
