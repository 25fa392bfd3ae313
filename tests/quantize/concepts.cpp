//! Which types are Quantizers and which are not, checked by the compiler; and that batches compute what floats do.
#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <type_traits>

#include <frugal/kernels/batch.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/natural.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>
#include <frugal/quantize/stochastic_codebook.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

static_assert(Quantizer<dithered> && encodes_with_dither<dithered> && decodes_with_dither<dithered>);
static_assert(Quantizer<one_bit_dithered> && decodes_with_dither<one_bit_dithered>);
static_assert(Quantizer<half_dithered> && encodes_with_dither<half_dithered> && !decodes_with_dither<half_dithered>);
static_assert(Quantizer<nested_dithered> && decodes_with_side_information<nested_dithered>);
static_assert(Quantizer<stochastic> && !decodes_with_dither<stochastic>);
static_assert(Quantizer<ternary> && Quantizer<dorefa> && Quantizer<natural> && Quantizer<stochastic_codebook>);
static_assert(Quantizer<sign> && !encodes_with_dither<sign> && is_scale_free<sign>);
static_assert(!decodes_with_side_information<dithered> && !is_scale_free<dithered>);
static_assert(std::is_aggregate_v<nested_dithered> && std::is_aggregate_v<half_dithered> &&
              std::is_aggregate_v<natural>);

// Not quantizers: without an alphabet, with an index that is no float, without a reconstruction, with an index of its
// own argument list, not copyable, and no class at all.
struct without_symbols {
    float index(float x) const { return x; }
    float value(float i) const { return i; }
};
struct with_integer_index {
    alphabet symbols() const { return {}; }
    int index(float) const { return 0; }
    float value(float i) const { return i; }
};
struct without_value {
    alphabet symbols() const { return {}; }
    float index(float x) const { return x; }
};
struct with_three_arguments {
    alphabet symbols() const { return {}; }
    float index(float x, float, float) const { return x; }
    float value(float i) const { return i; }
};
struct not_copyable {
    not_copyable(const not_copyable&) = delete;
    alphabet symbols() const { return {}; }
    float index(float x) const { return x; }
    float value(float i) const { return i; }
};
static_assert(!Quantizer<without_symbols>);
static_assert(!Quantizer<with_integer_index>);
static_assert(!Quantizer<without_value>);
static_assert(!Quantizer<with_three_arguments>);
static_assert(!Quantizer<not_copyable>);
static_assert(!Quantizer<float>);

#if defined(FRUGAL_HAS_SIMD)

constexpr std::size_t lanes = xsimd::batch<float>::size;

std::array<float, lanes> stored(const xsimd::batch<float>& b) {
    std::array<float, lanes> values{};
    b.store_unaligned(values.data());
    return values;
}

bool same_bits(float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

//! index and value of every lane of a batch have the bits that they have for a float.
template <class Q>
std::size_t different_lanes(const Q& q) {
    using batch = xsimd::batch<float>;
    const random_stream xs({.seed = 21}), us({.seed = 22}), sides({.seed = 23});
    std::size_t different = 0;
    for (std::size_t at = 0; at < 4096; at += lanes) {
        std::array<float, lanes> x{}, u{}, side{};
        for (std::size_t i = 0; i < lanes; ++i) {
            x[i] = (at + i) % 9 == 0 ? 0.0f : 2 * range_of(q) * xs.centered(at + i);
            u[i] = us.centered(at + i);
            side[i] = x[i] + sides.centered(at + i);
        }
        const auto bx = batch::load_unaligned(x.data());
        const auto bu = batch::load_unaligned(u.data());
        const auto bs = batch::load_unaligned(side.data());
        batch index, value, near(0.0f);
        if constexpr (encodes_with_dither<Q>) {
            index = q.index(bx, bu);
        } else {
            index = q.index(bx);
        }
        if constexpr (decodes_with_dither<Q>) {
            value = q.value(index, bu);
        } else {
            value = q.value(index);
        }
        if constexpr (decodes_with_side_information<Q>) {
            near = q.value(index, bu, bs);
        }
        const auto indices = stored(index);
        const auto values = stored(value);
        const auto nears = stored(near);
        for (std::size_t i = 0; i < lanes; ++i) {
            float expected_index, expected_value, expected_near = 0;
            if constexpr (encodes_with_dither<Q>) {
                expected_index = q.index(x[i], u[i]);
            } else {
                expected_index = q.index(x[i]);
            }
            if constexpr (decodes_with_dither<Q>) {
                expected_value = q.value(expected_index, u[i]);
            } else {
                expected_value = q.value(expected_index);
            }
            if constexpr (decodes_with_side_information<Q>) {
                expected_near = q.value(expected_index, u[i], side[i]);
            }
            different += indices[i] == expected_index && same_bits(values[i], expected_value) &&
                                 same_bits(nears[i], expected_near)
                             ? 0
                             : 1;
        }
    }
    return different;
}

#endif

}  // namespace

#if defined(FRUGAL_HAS_SIMD)

TEST_CASE("quantizers: a batch computes what floats do, to the bit", "[quantize][simd]") {
    CHECK(different_lanes(dithered{.levels = 3}) == 0);
    CHECK(different_lanes(one_bit_dithered{}) == 0);
    CHECK(different_lanes(half_dithered{.levels = 3}) == 0);
    CHECK(different_lanes(half_dithered{.levels = 3, .dithers = 2}) == 0);
    CHECK(different_lanes(nested_dithered{.fine = 1.0 / 3, .coarse = 1}) == 0);
    CHECK(different_lanes(nested_dithered{.fine = 0.1, .coarse = 0.4, .shrink = 0.7328}) == 0);
    CHECK(different_lanes(stochastic{.levels = 5}) == 0);
    CHECK(different_lanes(ternary{}) == 0);
    CHECK(different_lanes(dorefa{.bits = 3}) == 0);
    CHECK(different_lanes(natural{.levels = 6}) == 0);
    CHECK(different_lanes(sign{}) == 0);
}

#endif
