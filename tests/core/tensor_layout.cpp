#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <frugal/core/tensor_layout.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("tensor_layout: tensors lie one after the other", "[core][tensor_layout]") {
    tensor_layout layout;
    CHECK(layout.empty());
    CHECK(layout.size() == 0);
    layout.add("dense1.weight", {300, 784}).add("dense1.bias", {300}).add("scale", std::span<const std::size_t>());
    CHECK(layout.count() == 3);
    CHECK(layout.size() == 300 * 784 + 300 + 1);
    CHECK(layout.tensor(0) == named_tensor{"dense1.weight", {300, 784}, 0, 235200, value_kind::real});
    CHECK(layout.tensor(1) == named_tensor{"dense1.bias", {300}, 235200, 300, value_kind::real});
    CHECK(layout.at("scale") == named_tensor{"scale", {}, 235500, 1, value_kind::real});
    CHECK(layout.find("dense1.bias") == &layout.tensors()[1]);
    CHECK(layout.find("dense2.bias") == nullptr);
    CHECK(layout.find("") == nullptr);
    CHECK(layout.holding(0).name == "dense1.weight");
    CHECK(layout.holding(235199).name == "dense1.weight");
    CHECK(layout.holding(235200).name == "dense1.bias");
    CHECK(layout.holding(235500).name == "scale");
    CHECK(tensor_layout::flat(7) == tensor_layout().add("parameters", {7}));
    CHECK_FALSE(tensor_layout::flat(7) == tensor_layout::flat(8));
}

TEST_CASE("tensor_layout: shapes without names, and back", "[core][tensor_layout]") {
    const std::vector<std::vector<std::size_t>> shapes{{300, 784}, {300}, {}};
    CHECK(tensor_layout::of_shapes(shapes).shapes() == shapes);
    CHECK(tensor_layout::of_shapes(shapes) == tensor_layout().add("0", {300, 784}).add("1", {300}).add("2", {}));
    CHECK(tensor_layout::of_shapes({}).empty());
    CHECK_THROWS_AS(tensor_layout::of_shapes({{0}}), invalid_input);
}

TEST_CASE("tensor_layout: a tensor says whether it holds truth values", "[core][tensor_layout]") {
    tensor_layout layout, reals;
    layout.add("a", {2}, value_kind::boolean).add("b", {3});
    reals.add("a", {2}).add("b", {3});
    CHECK(layout.at("a").kind == value_kind::boolean);
    CHECK(layout.at("b").kind == value_kind::real);
    CHECK_FALSE(layout == reals);
}

TEST_CASE("tensor_layout: a tensor's part of parameters of any type", "[core][tensor_layout]") {
    tensor_layout layout;
    layout.add("a", {2}).add("b", {3});
    std::vector<std::uint64_t> words{1, 2, 3, 4, 5};
    layout.at("b").of(std::span(words))[0] = 9;
    CHECK(words[2] == 9);
    CHECK(layout.at("b").of(std::span<const std::uint64_t>(words)).size() == 3);
    CHECK_THROWS_WITH(layout.at("b").of(std::span(words).first(4)),
                      "the tensor b ends at element 5, but the parameters have 4");
    CHECK_THROWS_AS(layout.at("b").of(std::span(words).first(1)), invalid_input);
}

TEST_CASE("tensor_layout: many tensors are found by name", "[core][tensor_layout]") {
    tensor_layout layout;
    for (std::size_t i = 0; i < 300; ++i) {
        layout.add("block" + std::to_string(i * 7919 % 300) + ".weight", {i + 1});
    }
    CHECK(layout.size() == 300 * 301 / 2);
    for (std::size_t i = 0; i < 300; ++i) {
        CHECK(layout.at("block" + std::to_string(i * 7919 % 300) + ".weight").size == i + 1);
    }
}

TEST_CASE("tensor_layout: bad input is named and changes nothing", "[core][tensor_layout][hostile]") {
    tensor_layout layout;
    CHECK_THROWS_WITH(layout.at("w"), "there is no tensor w: there are none");
    layout.add("w", {2, 3});
    const tensor_layout before = layout;
    constexpr auto huge = std::numeric_limits<std::size_t>::max();
    CHECK_THROWS_AS(layout.add("", {1}), invalid_input);
    CHECK_THROWS_AS(layout.add(std::string(256, 'a'), {1}), invalid_input);
    CHECK_THROWS_WITH(layout.add("w", {1}), "two tensors of a layout are called w: give each a name of its own");
    CHECK_THROWS_AS(layout.add("v", {4, 0}), invalid_input);
    CHECK_THROWS_AS(layout.add("v", {huge}), invalid_input);
    CHECK_THROWS_AS(layout.add("v", {std::size_t{1} << 33, std::size_t{1} << 33}), invalid_input);
    CHECK_THROWS_AS(layout.add("v", {huge / 2 - 3}), invalid_input);
    CHECK_THROWS_AS(layout.tensor(1), invalid_input);
    CHECK_THROWS_AS(layout.holding(6), invalid_input);
    CHECK_THROWS_WITH(layout.at("v"), "there is no tensor v: there are w");
    CHECK(layout == before);
    CHECK(layout.size() == 6);
}
