#include <frugal/compress/per_tensor.hpp>

#include <cmath>
#include <initializer_list>
#include <string>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/low_rank.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

namespace {

tensor_layout layout_of(std::initializer_list<std::size_t> sizes) {
    tensor_layout layout;
    for (const std::size_t n : sizes) {
        layout.add("tensor" + std::to_string(layout.count()), {n});
    }
    return layout;
}

}  // namespace

TEST_CASE("per_tensor: each tensor as by itself, under its own key, in one message", "[compress][per_tensor]") {
    const tensor_layout layout = layout_of({10, 1, 89});
    const auto x = sample::normal_vector(100, 1);
    const sparse_compressor inner{top_k{.fraction = 0.1}, scalar_compressor{dithered{.levels = 3}}};
    per_tensor c{inner, layout};
    const random_key k{.seed = 1, .round = 3};
    const auto y = sample::round_trip(c, x, k);
    for (std::size_t i = 0; i < layout.count(); ++i) {
        const auto part = layout.tensor(i).of(std::span(x));
        CHECK(std::ranges::equal(sample::round_trip(inner, part, k.for_purpose(static_cast<std::uint32_t>(i))),
                                 layout.tensor(i).of(std::span(y))));
    }
    CHECK(c.name() == "per_tensor(" + inner.name() + ",shapes=[[10],[1],[89]])");
    any_compressor erased{c};
    CHECK(sample::round_trip(erased, x, k) == y);
    CHECK(laws_of(erased, 100) == laws_of(c, 100));
}

TEST_CASE("per_tensor: other lengths and layouts without tensors are refused", "[compress][per_tensor][hostile]") {
    per_tensor c{scalar_compressor{dithered{}}, layout_of({3, 4})};
    message m;
    CHECK_THROWS_AS(c.compress(std::vector<float>(8), {}, m), invalid_input);
    CHECK_THROWS_AS((per_tensor{identity{}, tensor_layout{}}), invalid_input);
    per_tensor later{identity{}};
    CHECK(later.name() == "per_tensor(identity)");
    CHECK_THROWS_WITH(sample::round_trip(later, std::vector<float>(7), {}),
                      test::contains_text("which tensors the vector holds is not known"));
    later.fit(layout_of({3, 4}));
    CHECK(sample::round_trip(later, std::vector<float>(7, 2.0f), {}) == std::vector<float>(7, 2.0f));
    CHECK_NOTHROW(later.fit(layout_of({3, 4})));
    CHECK_THROWS_WITH(later.fit(layout_of({4, 3})), test::contains_text("other shapes"));
}

TEST_CASE("per_tensor: mutated messages are refused or decode within bounds", "[compress][per_tensor][hostile]") {
    per_tensor c{scalar_compressor{dithered{}}, layout_of({30, 4, 30})};
    const auto x = sample::normal_vector(64, 1);
    message m;
    c.compress(x, {}, m);
    std::vector<float> y(64);
    sample::mutate(m, 1, [&](const message& other) { c.decompress(other, {}, y); });
}

TEST_CASE("per_tensor: feedback around it is feedback within it", "[compress][per_tensor][equivalence]") {
    const tensor_layout layout = layout_of({40, 60});
    const scalar_compressor inner{dithered{.levels = 1}};
    any_compressor around{error_feedback{per_tensor{any_compressor(inner)}}};
    any_compressor within{per_tensor{any_compressor(error_feedback{inner})}};
    around.fit(layout);
    within.fit(layout);
    CHECK_FALSE(within.stateless());
    std::vector<std::byte> bytes;
    for (std::uint64_t t = 0; t < 4; ++t) {
        const auto x = sample::normal_vector(100, t);
        CHECK(sample::round_trip(around, x, {.round = t}) == sample::round_trip(within, x, {.round = t}));
    }
    state_archive save(bytes);
    within.state(save);
    any_compressor restored{per_tensor{any_compressor(error_feedback{inner}), layout}};
    state_archive load{std::span<const std::byte>(bytes)};
    restored.state(load);
    load.finish();
    const auto x = sample::normal_vector(100, 9);
    CHECK(sample::round_trip(restored, x, {.round = 4}) == sample::round_trip(within, x, {.round = 4}));
}

TEST_CASE("per_tensor: a matrix of low rank has the tensor's rows", "[compress][per_tensor][exact]") {
    tensor_layout layout;
    layout.add("weight", {6, 50}).add("bias", {6});
    std::vector<float> x(306, 1.0f);
    for (std::size_t row = 0; row < 6; ++row) {
        for (std::size_t col = 0; col < 50; ++col) {
            x[row * 50 + col] =
                static_cast<float>((row + 1) * (col % 7 + 1));  // rank 1, but for 18 rows of 17 it is not
        }
    }
    const auto error_of = [&](auto compressor) {
        const auto y = sample::round_trip(compressor, x, {});
        double sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            sum += std::pow(double{y[i]} - double{x[i]}, 2);
        }
        return sum;
    };
    CHECK(error_of(per_tensor{low_rank{.rank = 1}, layout}) < 1e-6);
    CHECK(error_of(low_rank{.rank = 1}) > 1);
}
