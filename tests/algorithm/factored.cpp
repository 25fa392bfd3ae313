// Synchronous training whose gradients of large weights travel as quantized factors.
#include <frugal/compress/factored.hpp>

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/any_exchange.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/objective/accuracy.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/mlp.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"

namespace factored_test {

using namespace frugal;

namespace {

constexpr std::size_t workers = 4, batch = 8;

const train_test& data() {
    static const train_test all = gaussian_mixture{
        .samples = 2000, .test_samples = 1000, .dimension = 100, .classes = 10, .separation = 5}({.seed = 1});
    return all;
}

auto dither(int levels) {
    return scalar_compressor{dithered{.levels = levels}, max_norm{}, radix{}};
}

struct outcome {
    std::vector<float> model;
    double accuracy, bits;  // a worker's in a round
};

template <class E, class F = mlp>
outcome train(E exchange, std::uint64_t steps = 150, const F& objective = mlp(data().train, {200, 50})) {
    mlp f(data().train, {200, 50});
    std::vector<float> initial(f.dimension());
    f.initialize({.seed = 1, .purpose = purposes::initialize}, initial);
    auto nodes = synchronous(
        {.workers = workers, .seed = 2}, objective, initial,
        [](std::size_t k) { return batch_sampler::global(2000, workers * batch, k, workers, 1); }, std::move(exchange),
        sgd{.learning_rate = 0.1});
    const auto report = run(tbb_engine{}, nodes, rounds{steps});
    const auto w = nodes[0].parameters();
    return {{w.begin(), w.end()},
            accuracy(f, w, data().test),
            double(report.per_node.back().sent.payload_bits) / double(steps)};
}

tensor_layout layout() {
    return mlp(data().train, {200, 50}).layout();
}

}  // namespace

TEST_CASE("factored: exact factors train the model that gradients train", "[algorithm][factored][equivalence]") {
    const outcome plain = train(server{}, 20), factors = train(server{factored{layout(), indirect{identity{}}}}, 20);
    double worst = 0;
    for (std::size_t i = 0; i < plain.model.size(); ++i) {
        worst = std::max(worst, std::fabs(double(plain.model[i]) - double(factors.model[i])));
    }
    CHECK(worst < 1e-5);
    // 8 samples of 100 + 200, 200 + 50 and 50 + 10 numbers in place of 30,500; 260 biases as they are
    CHECK(factors.bits == 32 + 6 + 32 * (8.0 * 610 + 260));
    CHECK(plain.bits == 32.0 * 30760);
}

TEST_CASE("factored: with dither it learns as without compression, at a fraction of the bits",
          "[algorithm][factored][statistical]") {
    const outcome plain = train(server{});
    CHECK(plain.accuracy > 0.8);
    const outcome dithers = train(server{factored{layout(), indirect{dither(2)}, dither(7)}});
    CHECK(dithers.accuracy > plain.accuracy - 0.05);
    CHECK(plain.bits / dithers.bits > 50);
    const outcome gathered = train(all_gather{factored{layout(), indirect{dither(2)}, dither(7)}}, 150);
    CHECK(gathered.accuracy > plain.accuracy - 0.05);
}

TEST_CASE("factored: behind types chosen at run time it trains the same model", "[algorithm][factored][equivalence]") {
    const auto check = [](const outcome& a, const outcome& b) {
        CHECK(a.model == b.model);
        CHECK(a.bits == b.bits);
    };
    const factored c{layout(), indirect{dither(2)}, dither(7)};
    const outcome typed = train(server{c}, 4);
    check(train(server{any_compressor(c)}, 4), typed);
    check(train(any_exchange(server{any_compressor(c)}, "server"), 4), typed);
    check(train(server{any_compressor(c)}, 4, any_objective(mlp(data().train, {200, 50}))), typed);
    check(train(any_exchange(all_gather{c}, "all_gather"), 4), train(all_gather{c}, 4));
    check(train(any_exchange(server{any_compressor(dither(3))}, "server"), 4), train(server{dither(3)}, 4));
}

TEST_CASE("factored: where there are no factors the run is refused with a reason", "[algorithm][factored][hostile]") {
    const any_compressor c(factored{layout(), indirect{dither(2)}});
    const auto refused = [](auto run, const char* why) { CHECK_THROWS_WITH(run(), test::contains_text(why)); };
    refused([&] { train(server{c}, 1, any_objective(quadratic(std::vector<float>(30760)))); },
            "leaves no factors of its gradient");
    refused([&] { train(server{c}, 1, quadratic(std::vector<float>(30760))); },
            "which only one backward pass through the layers of a model leaves");
    refused([&] { train(sharded{c}, 1); }, "nobody gave the factors of this gradient");
    refused([&] { train(server{c, identity{}, mean{}, {.block = 1000}}, 1); },
            "it compresses the whole gradient of a model");
}

TEST_CASE("factored: the same bits on any number of threads", "[algorithm][factored][exact]") {
    const auto trained = [](std::size_t threads) {
        mlp f(data().train, {200});
        std::vector<float> initial(f.dimension());
        f.initialize({.seed = 1}, initial);
        auto nodes = synchronous(
            {.workers = workers, .seed = 2}, f, initial,
            [](std::size_t k) { return batch_sampler::global(2000, 32, k, workers, 1); },
            server{factored{f.layout(), indirect_mse{lloyd_max{.levels = 3}}}}, sgd{.learning_rate = 0.1});
        return run(tbb_engine{.threads = threads}, nodes, rounds{10}).parameters_digest;
    };
    CHECK(trained(1) == trained(2));
}

}  // namespace factored_test
