#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <xtensor/xtensor.hpp>
#include <xtensor/xview.hpp>

#include <frugal/model/tensor_view.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(ContiguousNumbers<xt::xtensor<float, 1>&>);
// Spans accept any contiguous range of floats.
static_assert(std::is_convertible_v<std::vector<float>&, std::span<const float>>);
static_assert(std::is_convertible_v<xt::xtensor<float, 2>&, std::span<float>>);

namespace {

tensor_layout two_layers() {
    tensor_layout layout;
    layout.add("dense1.weight", {2, 3}).add("dense1.bias", {2}).add("scale", std::span<const std::size_t>());
    return layout;
}

}  // namespace

TEST_CASE("tensor_view: writes go to the parameters, reads see them", "[model][tensor_view]") {
    const tensor_layout layout = two_layers();
    std::vector<float> parameters{1, 2, 3, 4, 5, 6, 7, 8, 9};
    auto w = view(layout, parameters, "dense1.weight");
    CHECK(w.dimension() == 2);
    CHECK(w.data() == parameters.data());
    CHECK(w(1, 2) == 6.0f);
    w(0, 1) = -2;
    CHECK(parameters[1] == -2.0f);
    parameters[3] = 40;
    CHECK(w(1, 0) == 40.0f);
    const xt::xtensor<float, 2> mask{{1, 0, 1}, {0, 1, 1}};
    auto fixed = view<2>(layout, parameters, "dense1.weight");
    static_assert(decltype(fixed)::rank == 2);
    fixed *= mask;
    xt::row(fixed, 1) += 1.0f;
    CHECK(parameters == std::vector<float>{1, 0, 3, 1, 6, 7, 7, 8, 9});
    CHECK(view<1>(layout, parameters, "dense1.bias")(1) == 8.0f);
    CHECK(view(layout, parameters, "scale")() == 9.0f);
}

TEST_CASE("tensor_view: constant parameters and any type of number", "[model][tensor_view]") {
    const tensor_layout layout = two_layers();
    const std::vector<std::uint64_t> words{1, 2, 4, 8, 16, 32, 64, 128, 256};
    const auto w = view<2>(layout, words, "dense1.weight");
    static_assert(std::is_same_v<decltype(w(0, 0)), const std::uint64_t&>);
    CHECK(w(1, 1) == 16);
    const auto bias = view(layout, std::span(words), "dense1.bias");
    CHECK(bias(0) == 64);
    xt::xtensor<double, 1> doubles = xt::zeros<double>({9});
    view<2>(layout.at("dense1.weight"), doubles)(0, 0) = 3;
    CHECK(doubles(0) == 3.0);
    view<1>(parameters_view(layout, doubles), "dense1.bias")(1) = 4;
    CHECK(doubles(7) == 4.0);
    CHECK(view(parameters_view(layout, words), "dense1.bias")(0) == 64);
}

TEST_CASE("tensor_view: what does not fit is refused", "[model][tensor_view][hostile]") {
    const tensor_layout layout = two_layers();
    std::vector<float> parameters(7);
    CHECK_NOTHROW(view(layout, parameters, "dense1.weight"));
    CHECK_THROWS_AS(view(layout, parameters, "dense1.bias"), invalid_input);
    CHECK_THROWS_AS(view(layout, parameters, "dense2.weight"), invalid_input);
    CHECK_THROWS_WITH(view<1>(layout, parameters, "dense1.weight"), "the tensor dense1.weight has 2 dimensions, not 1");
}
