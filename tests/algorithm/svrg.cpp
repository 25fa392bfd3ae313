// SVRG: its noise vanishes where that of SGD stays.
#include <frugal/algorithm/svrg.hpp>

#include <cmath>
#include <cstdlib>

#include <frugal/algorithm/synchronous.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/engine/checkpoint.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/objective/least_squares.hpp>

#include "catch.hpp"

namespace svrg_test {

using namespace frugal;

namespace {

struct problem {
    regression_problem p = linear_regression{
        .samples = 400, .dimension = 10, .noise = 0.5f}(random_key{.seed = 3, .purpose = purposes::data});
    least_squares objective{p.data};
    std::vector<float> initial = std::vector<float>(10);

    //! ||gradient of the whole objective||.
    double slope(std::span<const float> x) {
        std::vector<float> g(10);
        objective.value_and_gradient(x, {}, g);
        double sum = 0;
        for (const float v : g) {
            sum += double(v) * double(v);
        }
        return std::sqrt(sum);
    }
    auto batches() const {
        return [](std::size_t worker) { return batch_sampler::global(400, 16, worker, 4, 5); };
    }
};

}  // namespace

TEST_CASE("svrg: converges to the minimum at a rate at which SGD keeps its noise", "[algorithm][svrg][long]") {
    problem p;
    auto nodes = svrg({.workers = 4, .seed = 1}, 20, p.objective, p.initial, full_batch{}, p.batches(), all_gather<>{},
                      sgd{.learning_rate = 0.05});
    const auto report = run(tbb_engine{}, nodes, rounds{1200});
    auto noisy = synchronous({.workers = 4, .seed = 1}, p.objective, p.initial, p.batches(), all_gather<>{},
                             sgd{.learning_rate = 0.05});
    run(tbb_engine{}, noisy, rounds{1200});
    CHECK(p.slope(nodes[0].parameters()) < 1e-5);
    CHECK(p.slope(noisy[0].parameters()) > 1e-2);
    for (auto& n : nodes) {
        CHECK(std::equal(n.parameters().begin(), n.parameters().end(), nodes[0].parameters().begin()));
    }
    auto parts = svrg({.workers = 4, .seed = 1}, 20, p.objective, p.initial, full_batch{}, p.batches(),
                      sharded(identity{}, identity{}, mean{}, {.block = 10}), sgd{.learning_rate = 0.05});
    CHECK(run(tbb_engine{.threads = 1}, parts, rounds{1200}).parameters_digest == report.parameters_digest);
}

TEST_CASE("svrg: refuses epochs without stochastic rounds, and servers", "[algorithm][svrg]") {
    problem p;
    CHECK_THROWS_AS(svrg({.workers = 4}, 1, p.objective, p.initial, full_batch{}, p.batches(), all_gather<>{}, sgd{}),
                    invalid_input);
    CHECK_THROWS_AS(svrg({.workers = 4}, 5, p.objective, p.initial, full_batch{}, p.batches(), server<>{}, sgd{}),
                    invalid_input);
}

}  // namespace svrg_test
