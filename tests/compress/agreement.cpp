#include <frugal/compress/agreement.hpp>

#include <frugal/compress/alternating.hpp>
#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/contractive.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/any_scale.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/stochastic.hpp>

#include <array>
#include <limits>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

namespace {

const std::vector<float> x{1, -4, 2, 0};

template <class C>
float own_share(const C& c) {
    float own = -1;
    share_of(c, x, {&own, 1});
    return own;
}

//! Does a vector that decodes to multiples of the agreed norm come out?
template <class C>
void check_shares(C c, std::uint32_t node = 0) {
    INFO(c.name());
    REQUIRE(agreement_size_of(c, x.size()) == 1);
    CHECK(own_share(c) == 4);
    message m;
    CHECK_THROWS_AS(c.compress(x, {.node = node}, m), invalid_input);  // before anything is agreed on
    agree_with(c, std::array{8.0f});
    c.compress(x, {.node = node, .round = 1}, m);
    std::vector<float> y(x.size());
    c.decompress(m, {.node = node, .round = 1}, y);
    any_compressor copy{c};
    CHECK(agreement_size_of(copy, x.size()) == 1);
    CHECK(own_share(copy) >= 4);
    copy.compress(x, {.node = node, .round = 2}, m);
    agree_with(copy, std::array{16.0f});
    copy.compress(x, {.node = node, .round = 3}, m);
}

}  // namespace

TEST_CASE("agreement: compressors without have none", "[compress][agreement]") {
    identity c;
    CHECK(agreement_size_of(c, 10) == 0);
    share_of(c, x, {});
    agree_with(c, {});
    CHECK_THROWS_AS(agree_with(c, std::array{1.0f}), invalid_input);
    any_compressor any;
    share_of(any, x, {});
    agree_with(any, {});
    CHECK(agreement_size_of(scalar_compressor{ternary{}, any_scale(max_norm{})}, 10) == 0);
}

TEST_CASE("agreement: reaches a scale through every combinator", "[compress][agreement]") {
    const scalar_compressor tern{ternary{}, shared_norm{}};
    check_shares(tern);
    check_shares(scalar_compressor{ternary{}, bucketed{shared_norm{}, 2}});
    check_shares(scalar_compressor{ternary{}, any_scale(shared_norm{})});
    check_shares(any_compressor(tern));
    check_shares(error_feedback{tern});
    check_shares(sparse_compressor{top_k{.count = 2}, tern});
    check_shares(error_feedback{sparse_compressor{top_k{.count = 2}, any_compressor(tern)}});
    check_shares(alternating{tern, identity{}});
    check_shares(alternating{identity{}, tern}, 1);
}

TEST_CASE("agreement: with feedback, of the input and what was kept", "[compress][agreement][error_feedback]") {
    error_feedback c{scalar_compressor{dithered{}, shared_norm{}}};
    agree_with(c, std::array{8.0f});
    message m;
    c.compress(x, {.round = 1}, m);
    float largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        largest = std::max(largest, std::fabs(x[i] + c.residual()[i]));
    }
    CHECK(own_share(c) == largest);
}

TEST_CASE("agreement: numbers that no gradient needs are refused", "[compress][agreement][hostile]") {
    scalar_compressor c{ternary{}, shared_norm{}};
    agree_with(c, std::array{8.0f});
    for (const float bad : {1e30f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        CHECK_THROWS_AS(agree_with(c, std::array{bad}), invalid_input);
    }
    CHECK(c.scale().norm == 8);
    std::array<float, 1> out;
    CHECK_THROWS_AS(share_of(c, std::array{1e30f}, out), invalid_input);
    CHECK_THROWS_AS(share_of(c, std::array{std::numeric_limits<float>::infinity()}, out), nonfinite_input);
    CHECK_THROWS_AS(share_of(c, x, {}), invalid_input);
    CHECK_THROWS_AS(share_of(sparse_compressor{random_k{.count = 1}, c}, x, out), invalid_input);
}
