#include <frugal/compress/scale/scales.hpp>

#include <array>
#include <limits>
#include <span>
#include <vector>

#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/sign.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(std::is_same_v<default_scale<sign>, mean_abs> && std::is_same_v<default_scale<dithered>, max_norm>);
static_assert(bounds_elements<max_norm> && bounds_elements<l2_norm> && bounds_elements<bucketed<shared_norm>>);

TEST_CASE("scales: by hand", "[compress][scale][exact]") {
    const std::array x{3.0f, -4.0f, 0.0f, 1.0f};
    CHECK(max_norm{}.measure(x) == 4);
    CHECK(l2_norm{}.measure(std::span(x).first(2)) == 5);
    CHECK(mean_abs{}.measure(x) == 2);
    CHECK(fixed{.kappa = 0.5f}.measure(x) == 0.5f);
    CHECK(fixed{.kappa = 0.5f}.step(0.5f, 7) == 0.5f);
    CHECK(shared_norm{6}.measure(x) == 6);
    CHECK(bucketed{l2_norm{}, 2}.measure(std::span(x).first(2)) == 5);
    CHECK(bucketed{l2_norm{}, 2}.bucket_size() == 2);
    const std::array zeros{0.0f, -0.0f};
    CHECK(max_norm{}.measure(zeros) == 0);
    CHECK(l2_norm{}.measure(zeros) == 0);
    CHECK(mean_abs{}.measure(zeros) == 0);
    CHECK(fixed{.kappa = 0.5f}.measure(zeros) == 0);
    CHECK(shared_norm{6}.measure(zeros) == 0);
}

TEST_CASE("scales: pieces measure what the whole does, to the bit", "[compress][scale][equivalence]") {
    const auto check = [](const auto& scale, std::size_t n) {
        const auto x = test::normal_vector(n, n);
        REQUIRE(detail::measures_pieces(scale));
        for (const std::size_t size : {16u, 64u, 4096u}) {
            const double norm = detail::measure_pieces(scale, n, [&](auto add) {
                for (std::size_t at = 0; at < n; at += size) {
                    add(std::span(x).subspan(at, std::min<std::size_t>(size, n - at)));
                }
            });
            CHECK(static_cast<float>(norm) == scale.measure(x));
        }
    };
    for (const std::size_t n : {1u, 15u, 16u, 17u, 1000u, 9999u}) {
        check(max_norm{}, n);
        check(l2_norm{}, n);
        check(mean_abs{}, n);
    }
    CHECK_FALSE(detail::measures_pieces(fixed{}));
    CHECK_FALSE(detail::measures_pieces(bucketed{max_norm{}, 16}));
}

TEST_CASE("shared_norm: the largest of all senders, and nothing beyond it", "[compress][scale]") {
    shared_norm s;
    CHECK(s.share(std::array{1.0f, -3.0f}) == 3);
    CHECK_THROWS_WITH(s.measure(std::array{1.0f}), test::contains_text("exceeds the shared norm"));
    s.agree(5);
    CHECK(s.measure(std::array{5.0f, 1.0f}) == 5);
    CHECK_THROWS_AS(s.measure(std::array{5.5f}), invalid_input);
    for (const float bad : {-1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        CHECK_THROWS_AS(s.agree(bad), invalid_input);
        CHECK(s.norm == 5);
    }
}

TEST_CASE("scales: what is not finite is named, norms beyond float are refused", "[compress][scale][hostile]") {
    const auto check = [](const auto& scale) {
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
            std::vector<float> x(40, 1.0f);
            x[33] = bad;
            CHECK_THROWS_WITH(scale.measure(x), test::contains_text("element 33 "));
        }
    };
    check(max_norm{});
    check(l2_norm{});
    check(mean_abs{});
    check(fixed{});
    check(shared_norm{2});
    check(bucketed{max_norm{}, 16});
    CHECK_THROWS_WITH(l2_norm{}.measure(std::array{3e38f, 3e38f}), test::contains_text("range of float"));
    CHECK(mean_abs{}.measure(std::array{3e38f, 3e38f}) == 3e38f);
}

TEST_CASE("scales: the laws they give a quantizer", "[compress][scale]") {
    const dithered q{.levels = 2};
    CHECK(relative_variance(q, norm_kind::max, 48).value() == Approx(48 / (12.0 * 4)));
    CHECK(relative_variance(q, norm_kind::l2, 48).value() == Approx(48 / (12.0 * 4)));
    CHECK_FALSE(relative_variance(q, norm_kind::mean_abs, 48).has_value());
    CHECK_FALSE(relative_variance(q, norm_kind::other, 48).has_value());
    CHECK(relative_contraction(sign{}, norm_kind::mean_abs, 10).value() == Approx(0.1));
    CHECK_FALSE(relative_contraction(sign{}, norm_kind::max, 10).has_value());
    CHECK_FALSE(relative_contraction(q, norm_kind::mean_abs, 10).has_value());
    CHECK(relative_worst_case(q, norm_kind::max, 100).value() == Approx(0.25));
    CHECK(relative_worst_case(q, norm_kind::l2, 100).value() == Approx(2.5));
    CHECK_FALSE(relative_worst_case(q, norm_kind::other, 100).has_value());
}
