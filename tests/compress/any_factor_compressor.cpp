#include <frugal/compress/any_factor_compressor.hpp>

#include <algorithm>
#include <utility>
#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/signs.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(FactorCompressor<any_factor_compressor> && !Compressor<any_factor_compressor>);
static_assert(FactorCompressor<indirect<any_compressor>>);

TEST_CASE("any_factor_compressor: the messages of what it holds", "[compress][indirect][equivalence]") {
    const auto x = test::normal_vector(3 * 8, 1), d = test::normal_vector(3 * 9, 2);
    const factor_pair pair{3, x, d};
    const random_key key{.seed = 1, .round = 2};
    const auto check = [&](auto held) {
        any_factor_compressor any(held), other(indirect{signs{}});
        CHECK(any.name() == held.name());
        message expected, m;
        held.compress(pair, key, expected);
        other = any;
        any = any_factor_compressor(indirect{signs{}});  // copies are independent
        other.compress(pair, key, m);
        CHECK(std::ranges::equal(m.bytes(), expected.bytes()));
        std::vector<float> y(72), of_held(72), twice(72, 1.0f);
        held.decompress(expected, key, of_held);
        std::as_const(other).decompress(m, key, y);
        CHECK(y == of_held);
        std::as_const(other).decompress_add(m, key, 2.0f, twice);
        CHECK(twice[71] == Approx(1 + 2 * y[71]));
        CHECK_THROWS_AS(any.decompress(m, key, y), malformed_message);
    };
    const scalar_compressor dither{dithered{.levels = 2}};
    check(indirect{dither, signs{}});
    check(indirect{any_compressor(dither)});
    check(indirect_mse{lloyd_max{.levels = 3}});
    CHECK(laws_of(any_factor_compressor(indirect{any_compressor(dither)}), 8).unbiased);
    CHECK_FALSE(laws_of(any_factor_compressor(indirect{dither, signs{}}), 8).unbiased);
    CHECK_FALSE(laws_of(any_factor_compressor(indirect_mse{lloyd_max{.levels = 3}}), 8).unbiased);
}

TEST_CASE("indirect: a compressor that remembers is refused, whether or not its type says so",
          "[compress][indirect][hostile]") {
    CHECK_THROWS_AS(indirect{error_feedback{signs{}}}, invalid_input);
    CHECK_THROWS_AS(indirect(any_compressor(signs{}), any_compressor(error_feedback{signs{}})), invalid_input);
}
