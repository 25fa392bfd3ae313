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

TEST_CASE("per_tensor: small tensors and vectors travel as they are, if so asked", "[compress][per_tensor][exact]") {
    tensor_layout layout;
    layout.add("weight", {8, 40}).add("bias", {80}).add("gain", {3, 2}).add("head", {10, 10});
    const auto x = sample::normal_vector(layout.size(), 3);
    const random_key k{.seed = 1};
    const scalar_compressor inner{dithered{.levels = 1}};
    const auto as_it_is = [&](auto compressor, const char* name) {
        const auto y = sample::round_trip(compressor, x, k);
        return std::ranges::equal(layout.at(name).of(std::span(x)), layout.at(name).of(std::span(y)));
    };
    const per_tensor all{inner, layout}, small{inner, layout, 81}, vectors{inner, layout, 0, true};
    for (const char* name : {"weight", "bias", "gain", "head"}) {
        CAPTURE(name);
        const std::string n = name;
        CHECK_FALSE(as_it_is(all, name));
        CHECK(as_it_is(small, name) == (n == "bias" || n == "gain"));
        CHECK(as_it_is(vectors, name) == (n == "bias"));
        CHECK(as_it_is(any_compressor(vectors), name) == (n == "bias"));
    }
    const auto a = sample::round_trip(all, x, k), b = sample::round_trip(vectors, x, k);
    CHECK(std::ranges::equal(layout.at("head").of(std::span(a)), layout.at("head").of(std::span(b))));  // the same key
    message m;
    small.compress(x, k, m);
    const std::uint64_t scale = 32, symbols = 2, floats = 32;  // bits; and 4 numbers for the lengths of payloads
    CHECK(m.payload_bits() == 4 * 32 + 2 * scale + (320 + 100) * symbols + (80 + 6) * floats);
    CHECK(small.name() == "per_tensor(" + inner.name() + ",shapes=[[8,40],[80],[3,2],[10,10]],exact_below=81)");
    CHECK(vectors.name() == "per_tensor(" + inner.name() + ",shapes=[[8,40],[80],[3,2],[10,10]],exact_vectors=1)");
    CHECK(laws_of(small, layout.size()).variance == laws_of(inner, 320).variance);
    CHECK(laws_of(per_tensor{inner, layout, 1000}, layout.size()).contraction == 1);
    sample::mutate(m, 1, [&](const message& other) {
        std::vector<float> y(layout.size());
        small.decompress(other, k, y);
    });
}

TEST_CASE("per_tensor: senders agree on scales of what they quantize only", "[compress][per_tensor][exact]") {
    tensor_layout layout;
    layout.add("weight", {2, 2}).add("bias", {2});
    const std::vector<float> x{1, -2, 0, 1, 100, 3};
    const per_tensor c{scalar_compressor{dithered{.levels = 1}, shared_norm{}}, layout, 0, true};
    std::vector<float> share(c.agreement_size(x.size()));
    REQUIRE(share.size() == 1);
    c.share(x, share);
    CHECK(share[0] == 2);
    const per_tensor none{scalar_compressor{dithered{.levels = 1}, shared_norm{}}, layout, 10};
    none.share(x, share);
    CHECK(share[0] == 0);
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
