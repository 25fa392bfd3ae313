#include <frugal/compress/per_tensor.hpp>

#include <array>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("per_tensor: each tensor as by itself, under its own key, in one message", "[compress][per_tensor]") {
    const std::array<std::size_t, 3> sizes{10, 1, 89};
    const auto x = sample::normal_vector(100, 1);
    const sparse_compressor inner{top_k{.fraction = 0.1}, scalar_compressor{dithered{.levels = 3}}};
    per_tensor c{inner, sizes};
    const random_key k{.seed = 1, .round = 3};
    const auto y = sample::round_trip(c, x, k);
    for (std::size_t i = 0, at = 0; i < sizes.size(); at += sizes[i++]) {
        const auto part = std::span(x).subspan(at, sizes[i]);
        CHECK(std::ranges::equal(sample::round_trip(inner, part, k.for_purpose(static_cast<std::uint32_t>(i))),
                                 std::span(y).subspan(at, part.size())));
    }
    CHECK(c.name() == "per_tensor(" + inner.name() + ",sizes=[10,1,89])");
    any_compressor erased{c};
    CHECK(sample::round_trip(erased, x, k) == y);
    CHECK(laws_of(erased, 100) == laws_of(c, 100));
}

TEST_CASE("per_tensor: other lengths, no tensors and empty tensors are refused", "[compress][per_tensor][hostile]") {
    per_tensor c{scalar_compressor{dithered{}}, std::array<std::size_t, 2>{3, 4}};
    message m;
    CHECK_THROWS_AS(c.compress(std::vector<float>(8), {}, m), invalid_input);
    CHECK_THROWS_AS((per_tensor{identity{}, std::array<std::size_t, 1>{0}}), invalid_input);
    CHECK_THROWS_AS((per_tensor{identity{}, std::span<const std::size_t>{}}), invalid_input);
}

TEST_CASE("per_tensor: mutated messages are refused or decode within bounds", "[compress][per_tensor][hostile]") {
    per_tensor c{scalar_compressor{dithered{}}, std::array<std::size_t, 3>{30, 4, 30}};
    const auto x = sample::normal_vector(64, 1);
    message m;
    c.compress(x, {}, m);
    std::vector<float> y(64);
    sample::mutate(m, 1, [&](const message& other) { c.decompress(other, {}, y); });
}
