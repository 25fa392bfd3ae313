#include <frugal/compress/laws.hpp>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/codebook.hpp>
#include <frugal/compress/contractive.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/any_scale.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/compress/stovoq.hpp>
#include <frugal/compress/transform/hadamard.hpp>
#include <frugal/compress/transformed.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/natural.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"
#include "compositions.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("laws: the same for a template, behind any_compressor, and with a scale chosen at run time",
          "[compress][laws]") {
    const auto check = [](auto quantizer, auto scale) {
        const scalar_compressor direct{quantizer, scale};
        const scalar_compressor chosen{quantizer, any_scale(scale)};
        INFO(direct.name());
        for (const std::size_t d : {1u, 33u, 1000u}) {
            CHECK(laws_of(chosen, d) == laws_of(direct, d));
            CHECK(laws_of(any_compressor(chosen), d) == laws_of(direct, d));
        }
    };
    check(dithered{.levels = 3}, max_norm{});
    check(stochastic{.levels = 4}, l2_norm{});
    check(natural{}, bucketed{max_norm{}, 16});
    check(ternary{}, shared_norm{});
    check(sign{}, mean_abs{});
    check(dithered{}, fixed{.kappa = 0.5f});
    CHECK(laws_of(scalar_compressor{dithered{}, any_scale(max_norm{})}, 120).variance.value() == Approx(10));
    CHECK(laws_of(contractive{any_compressor(scalar_compressor{dithered{}, any_scale(max_norm{})})}, 120).contraction ==
          1.0 / 11);
}

TEST_CASE("laws: a contraction is above 0 or absent", "[compress][laws]") {
    for (const any_compressor& c : test::all_compositions()) {
        INFO(c.name());
        for (const std::size_t d : {1u, 7u, 100u, 100000u}) {
            const laws l = laws_of(c, d);
            CHECK((!l.contraction || (*l.contraction > 0 && *l.contraction <= 1)));
            CHECK((!l.variance || (l.unbiased && *l.variance >= 0)));
            CHECK((!l.worst_case || *l.worst_case >= 0));
        }
    }
    CHECK_FALSE(laws_of(sparse_compressor{random_k{.fraction = 0.1}}, 100).contraction.has_value());
    CHECK(laws_of(sparse_compressor{random_k{.fraction = 0.8}}, 100).contraction.value() == Approx(0.75));
}

TEST_CASE("laws: known ones", "[compress][laws]") {
    CHECK(laws_of(identity{}, 5) ==
          laws{.unbiased = true, .variance = 0, .contraction = 1, .linear = true, .worst_case = 0});
    CHECK(laws_of(sparse_compressor{random_k{.fraction = 0.5}}, 10).linear);
    CHECK_FALSE(laws_of(sparse_compressor{top_k{.fraction = 0.5}}, 10).linear);
    CHECK_FALSE(laws_of(error_feedback{sparse_compressor{top_k{.fraction = 0.5}}}, 10).contraction.has_value());
    CHECK_FALSE(laws_of(stovoq{.bias_bits = 0}, 100).unbiased);
}

TEST_CASE("laws: what may be averaged is unbiased, or corrected later", "[compress][laws]") {
    const sparse_compressor top{top_k{.fraction = 0.5}};
    CHECK(averages(laws_of(scalar_compressor{dithered{}}, 10)));
    CHECK_FALSE(averages(laws_of(top, 10)));
    CHECK(averages(laws_of(error_feedback{top}, 10)));
    CHECK(averages(laws_of(any_compressor(error_feedback{top}), 10)));
    CHECK(averages(laws_of(weighted_error_feedback{top, 0.5f}, 10)));
    CHECK_FALSE(averages(laws_of(error_feedback{scalar_compressor{ternary{}}}, 10)));  // what is kept may grow
    const laws mixed = common_laws(laws_of(identity{}, 10), laws_of(error_feedback{top}, 10));
    CHECK((mixed.corrected && !mixed.unbiased));
    CHECK(averages(laws_of(transformed{hadamard{.size = 8}, error_feedback{top}}, 16)));
    CHECK_FALSE(averages(laws_of(transformed{hadamard{.size = 8}, top}, 16)));
}

TEST_CASE("laws: no draw is off by more than the worst case", "[compress][laws][statistical]") {
    const auto check = [](auto c, double expected) {
        INFO(c.name());
        const auto x = sample::normal_vector(200, 5);
        const double largest = max_norm{}.measure(x);
        const double bound = laws_of(c, x.size()).worst_case.value();
        CHECK(bound == Approx(expected));
        for (std::uint64_t round = 0; round < 200; ++round) {
            const auto y = sample::round_trip(c, x, {.seed = 1, .round = round});
            for (std::size_t i = 0; i < x.size(); ++i) {
                REQUIRE(std::fabs(double{y[i]} - double{x[i]}) <= bound * largest * (1 + 1e-6));
            }
        }
    };
    check(scalar_compressor{dithered{.levels = 1}}, 0.5);
    check(scalar_compressor{dithered{.levels = 4}}, 0.125);
    check(scalar_compressor{one_bit_dithered{}}, 1);
    check(scalar_compressor{half_dithered{.levels = 2, .dithers = 2}}, 0.75);
    check(scalar_compressor{stochastic{.levels = 4}, bucketed{max_norm{}, 50}}, 0.25);
    check(scalar_compressor{ternary{}}, 1);
    check(scalar_compressor{dorefa{.bits = 2}}, 2.0 / 3);
    check(scalar_compressor{natural{.levels = 4}}, 0.5);
    check(scalar_compressor{stochastic_codebook{.levels = {-1.0f, 0.0f, 0.5f, 1.0f}}}, 1);
}

TEST_CASE("laws: what error feedback keeps stays bounded where it is said to", "[compress][laws][error_feedback]") {
    const std::size_t d = 400;
    const auto x = sample::normal_vector(d, 6);
    const double largest = max_norm{}.measure(x);
    const auto check = [&](auto c, double most) {
        INFO(c.name());
        CHECK(bounds_residual(laws_of(c, d)));
        error_feedback fed{c};
        for (std::uint64_t round = 0; round < 300; ++round) {
            sample::round_trip(fed, x, {.seed = 2, .round = round});
        }
        CHECK(max_norm{}.measure(fed.residual()) <= most * largest);
    };
    check(scalar_compressor{dithered{.levels = 1}}, 1);  // q / (1 - q), q = 1/2
    check(scalar_compressor{stochastic{.levels = 4}, max_norm{}}, 1.0 / 3);
    check(sparse_compressor{top_k{.fraction = 0.1}, scalar_compressor{dithered{.levels = 1}}}, 30);
    check(sparse_compressor{threshold{1.0f}}, 1);
    CHECK_FALSE(bounds_residual(laws_of(scalar_compressor{ternary{}}, d)));
    CHECK_FALSE(bounds_residual(laws_of(scalar_compressor{stochastic{.levels = 2}, l2_norm{}}, d)));
    CHECK_FALSE(bounds_residual(laws_of(sparse_compressor{random_k{.fraction = 0.1}}, d)));
    CHECK_FALSE(bounds_residual(laws_of(scalar_compressor{dithered{}, fixed{.kappa = 1}}, d)));
}

TEST_CASE("laws: what an algorithm requires is named, with what to take instead", "[compress][laws]") {
    const scalar_compressor tern{ternary{}};
    CHECK_THROWS_WITH(require_contraction(tern, 1000, "choco"),
                      test::contains_text("choco needs a contraction, which scalar(ternary"));
    CHECK_THROWS_WITH(require_bounded_residual(tern, 1000, "feedback"), test::contains_text("contractive"));
    CHECK_THROWS_WITH(require_unbiased(scalar_compressor{sign{}}, 10, "diana"), test::contains_text("unbiased"));
    CHECK(require_contraction(contractive{tern}, 1000, "choco") > 0);
    CHECK(require_unbiased(tern, 10, "diana").variance.has_value());
    CHECK_NOTHROW(require_bounded_residual(scalar_compressor{dithered{}}, 1000, "feedback"));
    CHECK_THROWS_AS(require_contraction(error_feedback{identity{}}, 3, "choco"), invalid_input);
}
