#include <frugal/compress/blocked.hpp>

#include <array>
#include <limits>

#include <oneapi/tbb/task_arena.h>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("blocked: each block as by itself, under its own key", "[compress][blocked]") {
    const auto x = sample::normal_vector(100, 1);
    const scalar_compressor inner{dithered{.levels = 2}};
    blocked c{inner, 40};
    const random_key k{.seed = 1, .round = 3};
    const auto y = sample::round_trip(c, x, k);
    for (std::size_t i = 0, at = 0; at < 100; ++i, at += 40) {
        const auto part = std::span(x).subspan(at, std::min<std::size_t>(40, 100 - at));
        CHECK(std::ranges::equal(sample::round_trip(inner, part, k.for_purpose(static_cast<std::uint32_t>(i))),
                                 std::span(y).subspan(at, part.size())));
    }
    CHECK(c.name() == "blocked(" + inner.name() + ",size=40)");
    CHECK(laws_of(c, 100).variance == laws_of(inner, 40).variance);
    CHECK(granule_of(c) == 40);
}

TEST_CASE("blocked: the same bytes and bits on any number of threads", "[compress][blocked][threads]") {
    const auto x = sample::normal_vector(300001, 2);
    const blocked c{scalar_compressor{dithered{.levels = 1}}, 4096};
    message one, two;
    std::vector<float> y(x.size()), z(x.size()), echo(x.size());
    oneapi::tbb::task_arena(1).execute([&] {
        c.compress(x, {}, one);
        c.decompress(one, {}, y);
    });
    oneapi::tbb::task_arena(3).execute([&] {
        c.compress(x, {}, two, echo);
        c.decompress(two, {}, z);
    });
    CHECK(std::ranges::equal(one.bytes(), two.bytes()));
    CHECK(y == z);
    CHECK(y == echo);
}

TEST_CASE("blocked: the first element that is not finite is named, also in parallel", "[compress][blocked][hostile]") {
    auto x = sample::normal_vector(300001, 3);
    const blocked c{scalar_compressor{dithered{}}, 1000};
    x[299999] = x[250001] = std::numeric_limits<float>::quiet_NaN();
    message m;
    try {
        c.compress(x, {}, m);
        FAIL();
    } catch (const nonfinite_input& e) {
        CHECK(e.index == 250001);
    }
}

TEST_CASE("blocked: feedback around it, and agreement for all blocks", "[compress][blocked]") {
    error_feedback fed{blocked{sparse_compressor{top_k{.fraction = 0.1}}, 50}};
    const auto x = sample::normal_vector(200, 4);
    const auto y = sample::round_trip(fed, x, {});
    for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK(y[i] + fed.residual()[i] == x[i]);
    }
    blocked shared{scalar_compressor{ternary{}, shared_norm{}}, 50};
    REQUIRE(agreement_size_of(shared, 200) == 1);
    float own = 0;
    share_of(shared, x, {&own, 1});
    CHECK(own == max_norm{}.measure(x));
    agree_with(shared, std::array{own});
    message m;
    shared.compress(x, {}, m);
}

TEST_CASE("blocked: what is chosen at run time must remember nothing", "[compress][blocked][hostile]") {
    const auto x = sample::normal_vector(100, 5);
    const scalar_compressor inner{dithered{.levels = 2}};
    blocked erased{any_compressor(sparse_compressor{top_k{.fraction = 0.5}, any_compressor(inner)}), 40};
    CHECK(is_stateless(erased));
    blocked typed{sparse_compressor{top_k{.fraction = 0.5}, inner}, 40};
    CHECK(sample::round_trip(erased, x, {}) == sample::round_trip(typed, x, {}));
    const any_compressor remembers{error_feedback{inner}};
    CHECK_THROWS_WITH((blocked{remembers, 40}), test::contains_text("put error_feedback around blocked"));
    CHECK_THROWS_AS((blocked{any_compressor(sparse_compressor{top_k{}, remembers}), 40}), invalid_input);
}
