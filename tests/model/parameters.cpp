#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include <frugal/model/parameters.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(TrivialNumber<float> && TrivialNumber<const double> && TrivialNumber<std::int8_t>);
static_assert(TrivialNumber<std::uint64_t>);
static_assert(!TrivialNumber<bool> && !TrivialNumber<const bool> && !TrivialNumber<long double>);
static_assert(!TrivialNumber<float*> && !TrivialNumber<float&> && !TrivialNumber<std::vector<float>>);
static_assert(ContiguousNumbers<std::vector<float>&> && ContiguousNumbers<std::span<const std::uint64_t>>);
static_assert(ContiguousNumbers<std::array<std::int8_t, 3>&> && ContiguousNumbers<float (&)[3]>);
static_assert(!ContiguousNumbers<std::vector<bool>&> && !ContiguousNumbers<std::vector<std::vector<float>>&>);
static_assert(!ContiguousNumbers<int>);

TEST_CASE("parameters_view: named tensors of a Boolean model are words of bits", "[model][parameters]") {
    tensor_layout layout;
    layout.add("boolean1.weight", {3, 2}).add("boolean2.weight", {1, 3});  // 100 and 150 inputs in words of 64
    std::vector<std::uint64_t> words(layout.size());
    const parameters_view parameters(layout, words);
    static_assert(std::is_same_v<decltype(parameters), const parameters_view<std::uint64_t>>);
    parameters["boolean2.weight"][1] = 5;
    CHECK(words[7] == 5);
    CHECK(parameters.tensor(0).size() == 6);
    CHECK(parameters.size() == 9);
    REQUIRE(parameters.bytes().size() == 72);
    std::vector<std::uint64_t> received(9);
    const parameters_view copy(layout, received);
    std::memcpy(copy.bytes().data(), parameters.bytes().data(), 72);
    CHECK(received == words);
}

TEST_CASE("parameters_view: constant if its numbers are", "[model][parameters]") {
    tensor_layout layout;
    layout.add("w", {3});
    const std::vector<float> values{1, 2, 3};
    const parameters_view parameters(layout, values);
    static_assert(std::is_same_v<decltype(parameters["w"]), std::span<const float>>);
    static_assert(std::is_same_v<decltype(parameters.bytes()), std::span<const std::byte>>);
    CHECK(parameters["w"].data() == values.data());
    CHECK(&parameters.layout() == &layout);
}

TEST_CASE("parameters_view: other lengths and names are refused", "[model][parameters][hostile]") {
    tensor_layout layout;
    layout.add("w", {3});
    std::vector<float> values(4);
    CHECK_THROWS_WITH(parameters_view(layout, values),
                      "parameters of a layout of 3 elements must have as many, but have 4");
    const parameters_view parameters(layout, std::span(values).first(3));
    CHECK_THROWS_AS(parameters["v"], invalid_input);
    CHECK_THROWS_AS(parameters.tensor(1), invalid_input);
}
