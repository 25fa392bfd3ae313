#include <frugal/model/dense.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.hpp"
#include "model/gradient_check.hpp"
#include "model/layers.hpp"

using namespace frugal;
using test::enough;
using test::output_of;

TEST_CASE("dense: by hand, and its derivatives", "[model][dense]") {
    CHECK(output_of(dense{.outputs = 2}, {2}, {1, 2, 3, 4, 10, 20}, {1, 1, 0, -1}) ==
          std::vector<float>{13, 27, 8, 16});
    CHECK(test::derivative_error(dense{.outputs = 1}, {1}, 1) < enough);
    CHECK(test::derivative_error(dense{.outputs = 5}, {2, 3, 4}, 7) < enough);
    dense d{.outputs = 3};
    d.bind({2, 2, 2});
    tensor_layout layout;
    d.add_tensors(layout, "p.");
    CHECK(layout == tensor_layout().add("p.weight", {3, 8}).add("p.bias", {3}));
    CHECK(d.name() == "dense(3)");
}

TEST_CASE("dense: without a bias", "[model][dense]") {
    CHECK(output_of(dense{.outputs = 2, .bias = false}, {2}, {1, 2, 3, 4}, {1, 1, 0, -1}) ==
          std::vector<float>{3, 7, -2, -4});
    CHECK(test::derivative_error(dense{.outputs = 5, .bias = false}, {2, 3, 4}, 7) < enough);
    dense d{.outputs = 3, .bias = false};
    d.bind({8});
    tensor_layout layout;
    d.add_tensors(layout, "p.");
    CHECK(layout == tensor_layout().add("p.weight", {3, 8}));
    CHECK(d.name() == "dense(3,bias=0)");
}

TEST_CASE("dense: leaves factors where they are wanted, and computes no gradient of the weight", "[model][dense]") {
    dense d{.outputs = 6};
    d.bind({5});
    const std::vector<float> w(36, 0.5f), x{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, y(12),
        delta{1, -1, 2, -2, 3, -3, 0, 1, 0, 2, 0, 3};
    std::vector<float> g(36), with(36, 7.0f);
    d.backward(backward_pass<float>{w, x, 2, y, delta, {}, 0, g, {}, nullptr});
    factor_record record;
    record.clear(2, with.data());
    d.backward(backward_pass<float>{w, x, 2, y, delta, {}, 0, with, {}, &record});
    CHECK(std::equal(g.begin() + 30, g.end(), with.begin() + 30));  // the bias
    CHECK(std::count(with.begin(), with.begin() + 30, 7.0f) == 30);
    const factor_pair pair = record.at(0);
    for (std::size_t i = 0; i < 6; ++i) {
        for (std::size_t j = 0; j < 5; ++j) {
            float sum = 0;
            for (std::size_t s = 0; s < 2; ++s) {
                sum += pair.errors[s * 6 + i] * pair.inputs[s * 5 + j];
            }
            CHECK(sum == g[i * 5 + j]);
        }
    }
    record.clear(30, with.data());  // too many samples: 30 x 11 numbers for 30
    d.backward(backward_pass<float>{w, x, 2, y, delta, {}, 0, with, {}, &record});
    CHECK(!record.has(0));
    CHECK(with == g);
}
