// An exchange of its own for each tensor.
#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/by_tensor.hpp>
#include <frugal/exchange/every.hpp>
#include <frugal/exchange/feedback.hpp>
#include <frugal/quantize/dithered.hpp>

#include "averaging.hpp"
#include "catch.hpp"

using namespace frugal;
using namespace test;

static_assert(Exchange<by_tensor<all_gather<>>> && Exchange<by_tensor<every<all_gather<>>>>);

TEST_CASE("by_tensor: each tensor with its own codec", "[exchange][by_tensor]") {
    const vectors inputs = inputs_of(4, 30);
    using E = all_gather<any_compressor>;
    const std::vector<E> exchanges{E(identity{}), E(scalar_compressor{dithered{.levels = 1}}), E(identity{})};
    const vectors x = averaged(by_tensor({10, 15, 5}, exchanges), inputs);
    CHECK(all_equal(x));
    const auto mean = mean_of_inputs(inputs);
    for (std::size_t k = 0; k < 30; ++k) {
        const bool exact = k < 10 || k >= 25;
        if (exact) {
            CHECK(double(x[0][k]) == Approx(mean[k]).margin(1e-6));
        }
    }
    CHECK(distance(x[0], mean) > 1e-3);
}

TEST_CASE("by_tensor: each tensor with its own period", "[exchange][by_tensor]") {
    const vectors inputs = inputs_of(3, 12);
    const std::vector<every<all_gather<>>> exchanges{every(all_gather{}, 1), every(all_gather{}, 2)};
    const vectors x = averaged(by_tensor({5, 7}, exchanges), inputs);
    const auto mean = mean_of_inputs(inputs);
    for (std::size_t k = 0; k < 12; ++k) {
        CHECK(double(x[1][k]) == Approx(k < 5 ? mean[k] : double(inputs[1][k])).margin(1e-6));
    }
    const vectors both = averaged(by_tensor({5, 7}, exchanges), inputs, 2);
    CHECK(distance(both[0], mean) < 1e-6);
}

TEST_CASE("by_tensor: tensors that are not the vector are refused", "[exchange][by_tensor][hostile]") {
    const std::vector<all_gather<>> two(2);
    CHECK_THROWS_AS(by_tensor({5}, two), invalid_input);
    CHECK_THROWS_AS(by_tensor(std::vector<std::size_t>(), std::vector<all_gather<>>()), invalid_input);
    CHECK_THROWS_AS(averaged(by_tensor({5, 6}, two), inputs_of(2, 12)), invalid_input);
    CHECK_THROWS_AS(averaged(by_tensor({5, 8}, two), inputs_of(2, 12)), invalid_input);
}
