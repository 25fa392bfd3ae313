#include <frugal/compress/scale/any_scale.hpp>

#include <algorithm>
#include <vector>

#include <frugal/core/random.hpp>

#include "catch.hpp"

namespace scale_any_scale_test {

using namespace frugal;

namespace {

std::vector<float> normal_values(std::size_t n) {
    const random_stream stream({.seed = 3});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

//! Another name for mean_abs that cannot be measured piece by piece: forces two passes.
struct two_pass_mean_abs {
    float measure(std::span<const float> x) const { return mean_abs{}.measure(x); }
    std::string name() const { return "mean_abs"; }
};

}  // namespace

TEST_CASE("any_scale: is measured in pieces where the held scale is", "[compress][scale][exact]") {
    CHECK(any_scale(mean_abs{}).measures_pieces());
    CHECK(any_scale(any_scale(mean_abs{})).measures_pieces());
    CHECK_FALSE(any_scale(two_pass_mean_abs{}).measures_pieces());
    CHECK_FALSE(any_scale(bucketed{mean_abs{}, 16}).measures_pieces());
    const auto x = normal_values(1000);
    const double norm = any_scale(mean_abs{}).measure_pieces(x.size(), [&](auto add) {
        for (std::size_t at = 0; at < x.size(); at += 64) {
            add(std::span(x).subspan(at, std::min<std::size_t>(64, x.size() - at)));
        }
    });
    CHECK(static_cast<float>(norm) == mean_abs{}.measure(x));
}

}  // namespace scale_any_scale_test
