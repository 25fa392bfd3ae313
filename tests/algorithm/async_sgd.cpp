// Asynchronous SGD and FedBuff: special cases, convergence, staleness.
#include <frugal/algorithm/async_sgd.hpp>

#include <algorithm>
#include <cmath>

#include <frugal/algorithm/fedavg.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/engine/event_engine.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/objective/softmax_regression.hpp>
#include <frugal/optimize/momentum.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"

namespace async_sgd_test {

using namespace frugal;

namespace {

quadratic bowl(std::size_t worker) {
    return quadratic(std::vector<float>(40, static_cast<float>(worker)), std::vector<float>(40, 1.0f));
}
const std::vector<float> origin(40);
speed_law paces() {
    return speed_law(speed_kind::exponential, [](std::uint32_t n) { return n % 3 == 0 ? 4.0 : 1.0; });
}

}  // namespace

TEST_CASE("async_sgd: one worker is gradient descent", "[algorithm][async_sgd]") {
    auto nodes =
        async_sgd({.workers = 1, .seed = 1}, quadratic(std::vector<float>(40, 3.0f), std::vector<float>(40, 1.0f)),
                  origin, full_batch{}, sgd{.learning_rate = 0.25});
    const auto report = run(event_engine{.speed = paces()}, nodes, rounds{12});
    CHECK(double(nodes[0].parameters()[7]) == Approx(3 * (1 - std::pow(0.75, 12))).epsilon(1e-5));
    CHECK(report.counted("staleness") == 0);
    CHECK(report.round() == 12);
}

TEST_CASE("fedbuff: one client without a queue is FedAvg of one client", "[algorithm][fedbuff][equivalence]") {
    const local_steps three{.count = 3};
    auto buffered = fedbuff({.workers = 1, .steps = three, .seed = 1}, bowl(3), origin, full_batch{},
                            momentum{.learning_rate = 0.1});
    run(event_engine{.speed = paces()}, buffered, rounds{10});
    auto waiting = fedavg({.clients = 1, .steps = three, .seed = 1}, bowl(3), origin, full_batch{},
                          momentum{.learning_rate = 0.1});
    run(tbb_engine{}, waiting, rounds{10});
    CHECK(
        std::equal(buffered[0].parameters().begin(), buffered[0].parameters().end(), waiting[0].parameters().begin()));
}

TEST_CASE("fedbuff: an update waits for the buffer, and old contributions weigh less", "[algorithm][fedbuff]") {
    // All at one pace: the first two of four contributors fill the buffer; the other two are one update old by then.
    auto nodes = fedbuff({.workers = 4, .buffer = 2, .staleness_power = 1, .seed = 1}, bowl, origin, full_batch{},
                         sgd{.learning_rate = 0.5});
    const event_engine engine{.speed = speed_law(speed_kind::deterministic, [](auto) { return 1.0; })};
    const auto report = run(engine, nodes, rounds{2});
    CHECK(report.counted("staleness") == 2);
    // x: 0 -> mean of 0.5 (0, 1) = 0.25, then + mean of 0.5 (2, 3) / (1 + 1).
    CHECK(double(nodes[0].parameters()[0]) == Approx(0.25 + 0.5 * (1.0 + 1.5) / 2));
}

TEST_CASE("async_sgd: converges near the minimum of the mean on a quadratic, with compressed gradients",
          "[algorithm][async_sgd]") {
    // Workers 2, 5, 8 (nodes 3, 6, 9) are slow: the stationary point weighs centers by how often they contribute.
    auto nodes = async_sgd({.workers = 9, .seed = 2}, bowl, origin, full_batch{}, sgd{.learning_rate = 0.01},
                           scalar_compressor{dithered{.levels = 3}});
    const auto report = run(event_engine{.speed = paces()}, nodes, rounds{4000});
    double weighted = 0, weights = 0;
    for (int k = 0; k < 9; ++k) {
        const double rate = (k + 1) % 3 == 0 ? 0.25 : 1;
        weighted += rate * k;
        weights += rate;
    }
    CHECK(double(nodes[0].parameters()[0]) == Approx(weighted / weights).margin(0.4));
    CHECK(report.counted("staleness") / 4000 == Approx(8).margin(0.5));  // 9 workers always away: 8 others in between
}

TEST_CASE("async_sgd and fedbuff: learn softmax regression", "[algorithm][async_sgd][fedbuff][long]") {
    const train_test data =
        gaussian_mixture{.samples = 2000, .test_samples = 500}({.seed = 1, .purpose = purposes::data});
    const softmax_regression objective(data.train);
    const auto batches = [&](std::size_t worker) { return batch_sampler::global(data.train.size(), 80, worker, 8, 1); };
    const std::vector<float> initial(objective.dimension());
    auto one = async_sgd({.workers = 8, .seed = 1}, objective, initial, batches, sgd{.learning_rate = 0.05});
    const auto report = run(event_engine{.speed = paces()}, one, rounds{1200});
    CHECK(accuracy(objective, one[0].parameters(), data.test) > 0.8);
    auto other = async_sgd({.workers = 8, .seed = 1}, objective, initial, batches, sgd{.learning_rate = 0.05});
    CHECK(run(event_engine{.speed = paces()}, other, rounds{1200}).parameters_digest == report.parameters_digest);

    auto buffered =
        fedbuff({.workers = 8, .buffer = 4, .steps = {.count = 4}, .staleness_power = 0.5f, .seed = 1}, objective,
                initial, batches, sgd{.learning_rate = 0.05}, scalar_compressor{dithered{.levels = 3}});
    run(event_engine{.speed = paces()}, buffered, rounds{150});
    CHECK(accuracy(objective, buffered[0].parameters(), data.test) > 0.8);
}

TEST_CASE("async_sgd: a run that diverges ends as such", "[algorithm][async_sgd]") {
    auto nodes = async_sgd({.workers = 3, .seed = 1}, bowl, origin, full_batch{}, sgd{.learning_rate = 1e20});
    CHECK(run(event_engine{.speed = paces()}, nodes, rounds{100}).diverged());
    CHECK_THROWS_AS(async_sgd({.workers = 0}, bowl, origin, full_batch{}, sgd{}), invalid_input);
}

}  // namespace async_sgd_test
