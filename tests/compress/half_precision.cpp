#include <frugal/compress/half_precision.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"
#include "sample.hpp"

namespace half_precision_test {

//! As other libraries have them.
struct foreign_half {
    std::uint16_t x;
};

}  // namespace half_precision_test

template <>
struct frugal::half_format<half_precision_test::foreign_half> {
    using type = frugal::float16;
};

namespace half_precision_test {

using namespace frugal;

static_assert(HalfFloat<float16> && HalfFloat<bfloat16> && HalfFloat<foreign_half>);
static_assert(!HalfFloat<std::uint16_t> && !HalfFloat<float>);

TEST_CASE("half_precision: the message of the floats, decoded and rounded", "[compress][half_precision][equivalence]") {
    const auto check = [](auto c, auto half) {
        using H = decltype(half);
        const auto values = sample::normal_vector(333, 3);
        std::vector<H> x(values.size());
        kernels::to_halves(values, std::span(x));
        std::vector<float> floats(x.size());
        kernels::to_floats(std::span(x), floats);
        auto other = c;
        const random_key k{.seed = 1, .round = 1};
        message m, expected;
        compress_half(c, x, k, m);
        other.compress(floats, k, expected);
        REQUIRE(std::vector(m.bytes().begin(), m.bytes().end()) ==
                std::vector(expected.bytes().begin(), expected.bytes().end()));

        std::vector<float> decoded(x.size()), sum = floats;
        c.decompress(m, k, decoded);
        c.decompress_add(m, k, 0.5f, sum);
        std::vector<H> y(x.size()), rounded(x.size());
        decompress_half(c, m, k, y);
        kernels::to_halves(decoded, std::span(rounded));
        CHECK(std::memcmp(y.data(), rounded.data(), 2 * y.size()) == 0);
        decompress_add_half(c, m, k, 0.5f, x);
        kernels::to_halves(sum, std::span(rounded));
        CHECK(std::memcmp(x.data(), rounded.data(), 2 * x.size()) == 0);
    };
    check(identity{}, bfloat16{});
    check(scalar_compressor{dithered{.levels = 3}}, float16{});
    check(error_feedback{sparse_compressor{top_k{.fraction = 0.1}}}, bfloat16{});
    check(scalar_compressor{dithered{.levels = 3}}, foreign_half{});
}

TEST_CASE("half_precision: what is not finite is named; a refused message changes nothing",
          "[compress][half_precision][hostile]") {
    scalar_compressor c{dithered{}};
    std::array<float16, 3> x{float16{0x3C00}, float16{0x7C00}, float16{0x3C00}};
    message m;
    try {
        compress_half(c, x, {}, m);
        FAIL("infinity was accepted");
    } catch (const nonfinite_input& e) {
        CHECK(e.index == 1);
    }
    x[1].bits = 0;
    compress_half(c, x, {.seed = 1}, m);
    auto y = x;
    CHECK_THROWS_AS(decompress_half(c, m, {.seed = 2}, y), malformed_message);
    CHECK_THROWS_AS(decompress_add_half(c, m, {.seed = 2}, 1.0f, y), malformed_message);
    CHECK(y == x);
}

}  // namespace half_precision_test
