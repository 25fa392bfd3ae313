// DIANA: its memory takes the noise of compression away, where plain compression stalls.
#include <cmath>
#include <vector>

#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/diana.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/quantize/dithered.hpp>

#include "averaging.hpp"
#include "catch.hpp"

using namespace frugal;
using namespace test;

static_assert(AveragingExchange<diana<server<>>>);

namespace {

constexpr std::size_t dimension = 40, workers = 6;

quadratic bowl(std::size_t worker) {
    std::vector<float> center(dimension), curvature(dimension);
    for (std::size_t k = 0; k < dimension; ++k) {
        center[k] = std::cos(static_cast<float>(31 * worker + k));
        curvature[k] = 0.5f + 0.01f * static_cast<float>(k);
    }
    return quadratic(center, curvature);
}

//! How far training ends from the minimum.
template <class E>
double error_of(const E& exchange) {
    auto nodes = synchronous({.workers = workers, .seed = 9}, bowl, std::vector<float>(dimension, 1.0f), full_batch{},
                             exchange, sgd{.learning_rate = 0.1});
    run(tbb_engine{}, nodes, rounds{1000});
    double squared = 0;
    for (std::size_t k = 0; k < dimension; ++k) {
        double center = 0;  // curvatures are equal
        for (std::size_t i = 0; i < workers; ++i) {
            center += double(bowl(i).center()[k]) / workers;
        }
        const double e = double(nodes[0].parameters()[k]) - center;
        squared += e * e;
    }
    return std::sqrt(squared);
}

}  // namespace

TEST_CASE("diana: converges to the minimum with three levels, where plain compression stalls", "[exchange][diana]") {
    const scalar_compressor coarse{dithered{.levels = 1}};
    CHECK(error_of(server{coarse}) > 0.05);
    CHECK(error_of(diana(server{coarse}, 0.2f)) < 1e-4);
    CHECK(error_of(diana(all_gather{coarse}, 0.2f)) < 1e-4);
    CHECK(error_of(diana(sharded{coarse, identity{}, mean{}, {.block = 8}}, 0.2f)) < 1e-4);
}

TEST_CASE("diana: with exact messages it is the mean; a server that contributes has a memory too",
          "[exchange][diana][equivalence]") {
    const vectors inputs = inputs_of(5, 30);
    CHECK(distance(averaged(diana(all_gather{}, 0.5f), inputs, 3)[1], mean_of_inputs(inputs)) < 2e-6);
    const scalar_compressor coarse{dithered{.levels = 3}};
    const server all(coarse, identity{}, mean{}, {.contributes = true});
    CHECK((averaged(diana(all, 0.2f), inputs, 5) == averaged(diana(all_gather{coarse}, 0.2f), inputs, 5)));
}

TEST_CASE("diana: a biased compressor, an impossible alpha and outer feedback are refused", "[exchange][diana]") {
    CHECK_THROWS_AS(diana(server{sparse_compressor{top_k{.count = 1}}}, 0.5f), invalid_input);
    CHECK_THROWS_AS(diana(server{}, 0.0f), invalid_input);
    CHECK_THROWS_AS(diana(server{}, 1.5f), invalid_input);
}
