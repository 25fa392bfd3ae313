// PowerSGD: exact on matrices of its rank, feedback over rounds for others.
#include <vector>

#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/power_sgd.hpp>
#include <frugal/exchange/sharded.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

static_assert(Exchange<power_sgd<all_gather<>>> && !AveragingExchange<power_sgd<all_gather<>>>);

namespace {

//! sum over r of u_r v_r^T, each scaled by the node.
vectors matrices(std::size_t n, std::size_t rows, std::size_t cols, std::size_t rank) {
    vectors all(n, std::vector<float>(rows * cols));
    for (std::size_t r = 0; r < rank; ++r) {
        const auto u = normal_vector(rows, 50 + r), v = normal_vector(cols, 90 + r), c = normal_vector(n, 70 + r);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t k = 0; k < rows * cols; ++k) {
                all[i][k] += (1.5f + c[i]) * u[k / cols] * v[k % cols];
            }
        }
    }
    return all;
}

}  // namespace

TEST_CASE("power_sgd: the mean of matrices of its rank, at once", "[exchange][power_sgd]") {
    for (const std::size_t rank : {1u, 2u, 4u}) {
        const vectors inputs = matrices(5, 12, 7, rank);
        const vectors x = averaged(power_sgd(all_gather{}, 12, 7, rank), inputs);
        CHECK(all_equal(x));
        CHECK(distance(x[0], mean_of_inputs(inputs)) < 2e-5);
        CHECK((averaged(power_sgd(sharded{}, 12, 7, rank), inputs, 1, 1) ==
               averaged(power_sgd(sharded{}, 12, 7, rank), inputs, 1, 2)));
    }
    const vectors zero(3, std::vector<float>(12));
    CHECK((averaged(power_sgd(all_gather{}, 3, 4, 2), zero, 3) == zero));
}

TEST_CASE("power_sgd: what a round leaves out comes in later ones", "[exchange][power_sgd]") {
    const vectors inputs = matrices(3, 8, 6, 5);
    std::vector<power_sgd<all_gather<>>> exchanges(3, power_sgd(all_gather{}, 8, 6, 1));
    const std::uint64_t count = 300;
    const auto nodes = play(
        3,
        [&](peer here, std::vector<float>& sum) -> task<> {
            std::vector<float> x = inputs[here.self()];
            co_await mean_of(exchanges[here.self()], here, x);
            sum.resize(x.size());
            for (std::size_t k = 0; k < x.size(); ++k) {
                sum[k] += x[k] / static_cast<float>(count);
            }
        },
        count);
    CHECK(distance(nodes[0].x, mean_of_inputs(inputs)) < 0.15);
    CHECK(distance(averaged(power_sgd(all_gather{}, 8, 6, 1), inputs)[0], mean_of_inputs(inputs)) > 0.3);
}

TEST_CASE("power_sgd: sends (rows + cols) rank numbers", "[exchange][power_sgd]") {
    using node = averaging_node<power_sgd<all_gather<>>>;
    const vectors inputs = inputs_of(4, 200);
    population<node> nodes(4, 1, [&](std::uint32_t i) { return node(power_sgd(all_gather{}, 20, 10, 3), inputs[i]); });
    CHECK(run(tbb_engine{}, nodes, rounds{2}).sent.payload_bits == 2 * 4 * 32 * 3 * (20 + 10));
}

TEST_CASE("power_sgd: impossible shapes are refused", "[exchange][power_sgd][hostile]") {
    CHECK_THROWS_AS(power_sgd(all_gather{}, 3, 4, 0), invalid_input);
    CHECK_THROWS_AS(power_sgd(all_gather{}, 3, 4, 4), invalid_input);
    CHECK_THROWS_AS(averaged(power_sgd(all_gather{}, 3, 4, 1), inputs_of(2, 13)), invalid_input);
}
