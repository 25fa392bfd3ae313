#include <frugal/compress/per_tensor.hpp>

#include <initializer_list>
#include <string>

#include <frugal/compress/any_compressor.hpp>
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
    CHECK(c.name() == "per_tensor(" + inner.name() + ",sizes=[10,1,89])");
    any_compressor erased{c};
    CHECK(sample::round_trip(erased, x, k) == y);
    CHECK(laws_of(erased, 100) == laws_of(c, 100));
}

TEST_CASE("per_tensor: other lengths and layouts without tensors are refused", "[compress][per_tensor][hostile]") {
    per_tensor c{scalar_compressor{dithered{}}, layout_of({3, 4})};
    message m;
    CHECK_THROWS_AS(c.compress(std::vector<float>(8), {}, m), invalid_input);
    CHECK_THROWS_AS((per_tensor{identity{}, tensor_layout{}}), invalid_input);
}

TEST_CASE("per_tensor: mutated messages are refused or decode within bounds", "[compress][per_tensor][hostile]") {
    per_tensor c{scalar_compressor{dithered{}}, layout_of({30, 4, 30})};
    const auto x = sample::normal_vector(64, 1);
    message m;
    c.compress(x, {}, m);
    std::vector<float> y(64);
    sample::mutate(m, 1, [&](const message& other) { c.decompress(other, {}, y); });
}
