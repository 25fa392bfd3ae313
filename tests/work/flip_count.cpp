#include <frugal/work/flip_count.hpp>

#include <vector>

#include "catch.hpp"

using namespace frugal;

namespace {

//! Negates what lies at even places.
struct negation {
    std::size_t dimension() const { return 5; }
    work_report gradient(std::span<const float> x, std::uint64_t, std::span<float> g) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            g[i] = i % 2 == 0 ? -x[i] : x[i];
        }
        return {1, 2};
    }
    void state(state_archive&) {}
};

}  // namespace

static_assert(GradientWork<flip_count<negation>>);

TEST_CASE("flip_count: counts the truth values that changed, not the numbers", "[work][flip_count]") {
    tensor_layout layout;
    layout.add("a", {3}, value_kind::boolean).add("b", {2});
    flip_count work(negation{}, layout);
    CHECK(flips_of(work) == 0);
    std::vector<float> g(5);
    const work_report seen = work.gradient(std::vector<float>{1, 1, -1, 1, 1}, 0, g);
    CHECK(g == std::vector<float>{-1, 1, 1, 1, -1});
    CHECK(flips_of(work) == 2);
    CHECK(seen.samples == 2);
}
