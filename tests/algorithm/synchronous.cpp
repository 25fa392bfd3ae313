// Synchronous training: reductions to single-machine SGD, traffic, agreement, feedback, weights, divergence.
#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/data/sampler.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/objective/least_squares.hpp>

#include "catch.hpp"
#include "programs.hpp"

namespace synchronous_test {

using namespace frugal;
using test::bowl;

namespace {

const std::vector<float> start(100, 1.0f);

template <class N>
std::vector<float> model_of(const N& node) {
    return {node.parameters().begin(), node.parameters().end()};
}

}  // namespace

TEST_CASE("synchronous: without compression it is gradient descent on the mean",
          "[algorithm][synchronous][equivalence]") {
    auto nodes = synchronous({.workers = 4}, bowl, start, full_batch{}, identity{}, mean{}, sgd{.learning_rate = 0.1});
    const auto report = run(tbb_engine{}, nodes, rounds{10});
    std::vector<double> w(100, 1.0);
    double loss = 0;
    for (int t = 0; t < 10; ++t) {
        loss = 0;
        std::vector<double> g(100);
        for (std::size_t worker = 0; worker < 4; ++worker) {
            const auto f = bowl(worker);
            for (std::size_t k = 0; k < 100; ++k) {
                const double a = double(f.curvature()[k]), d = w[k] - double(f.center()[k]);
                g[k] += a * d / 4;
                loss += 0.5 * a * d * d / 4;
            }
        }
        for (std::size_t k = 0; k < 100; ++k) {
            w[k] -= 0.1 * g[k];
        }
    }
    for (std::size_t k = 0; k < 100; ++k) {
        CHECK(double(nodes[0].parameters()[k]) == Approx(w[k]).margin(1e-5));
    }
    CHECK(report.loss == Approx(loss).epsilon(1e-4));
    CHECK(report.round() == 10);
    // each worker sends 32 d bits per round, the server one multicast of 32 d bits
    CHECK(report.per_node[1].sent.payload_bits == 10 * 3200);
    CHECK(report.per_node[0].sent.payload_bits == 10 * 3200);
    CHECK(report.per_node[0].received.payload_bits == 4 * 10 * 3200);
    CHECK(nodes[1].parameters().empty());
}

TEST_CASE("synchronous: exchanges with and without a server train the same model", "[algorithm][synchronous]") {
    const auto trained = [](auto exchange) {
        auto nodes = synchronous({.workers = 5, .seed = 2}, bowl, start, full_batch{}, exchange,
                                 momentum{.learning_rate = 0.05});
        run(tbb_engine{}, nodes, rounds{30});
        return model_of(nodes[0]);
    };
    const auto served = trained(server{});
    const auto gathered = trained(all_gather{});
    for (std::size_t k = 0; k < 100; ++k) {
        CHECK(gathered[k] == Approx(served[k]).margin(1e-5));
    }
    // the same sums in the same order, the optimizer at the owners of parts
    CHECK((trained(sharded{identity{}, identity{}, mean{}, {.block = 16}}) == gathered));
    CHECK((trained(server{identity{}, identity{}, mean{}, {.contributes = true}}) == gathered));
    const scalar_compressor dither{dithered{.levels = 1}};
    CHECK((trained(sharded{dither, identity{}, mean{}, {.block = 16}}) ==
           trained(all_gather{dither, mean{}, {.block = 16}})));
}

TEST_CASE("synchronous: every node has the same model, whatever the way down loses", "[algorithm][synchronous]") {
    const scalar_compressor dither{dithered{.levels = 3}};
    auto nodes = synchronous({.workers = 5, .seed = 2}, bowl, start, full_batch{},
                             sharded{dither, dither, mean{}, {.block = 16, .downlink_feedback = true}},
                             momentum{.learning_rate = 0.02});
    run(tbb_engine{}, nodes, rounds{30});
    for (auto& node : nodes) {
        CHECK((model_of(node) == model_of(nodes[0])));
    }
}

TEST_CASE("synchronous: workers with the same data are one worker", "[algorithm][synchronous][equivalence]") {
    const auto same = [](std::size_t) { return bowl(0); };
    const auto trained = [&](std::size_t workers) {
        auto nodes = synchronous({.workers = workers}, same, start, full_batch{}, identity{}, mean{},
                                 momentum{.learning_rate = 0.1});
        const double loss = run(tbb_engine{}, nodes, rounds{20}).loss;
        return std::pair(loss, model_of(nodes[0]));
    };
    CHECK((trained(4) == trained(1)));
}

TEST_CASE("synchronous: a split batch with unequal parts is the whole batch", "[algorithm][synchronous][equivalence]") {
    std::vector<float> x, y;
    for (std::size_t i = 0; i < 60; ++i) {
        for (std::size_t k = 0; k < 5; ++k) {
            x.push_back(std::sin(static_cast<float>(5 * i + k)));
        }
        y.push_back(std::cos(static_cast<float>(i)));
    }
    const regression_dataset data(x, y, 5);
    const least_squares f(data);
    const auto train = [&](std::size_t workers) {
        auto nodes = synchronous(
            {.workers = workers}, f, std::vector<float>(5),
            [&](std::size_t k) { return batch_sampler::global(60, 20, k, workers, 3); }, identity{}, mean{},
            sgd{.learning_rate = 0.1});
        run(tbb_engine{}, nodes, rounds{30});
        return model_of(nodes[0]);
    };
    const auto one = train(1), six = train(6);  // 20 over 6: three or four samples each
    for (std::size_t k = 0; k < 5; ++k) {
        CHECK(one[k] == Approx(six[k]).margin(1e-5));
    }
}

TEST_CASE("synchronous: batches from a callable of round and worker, and weights", "[algorithm][synchronous]") {
    const std::vector<std::uint32_t> all{0, 1, 2};
    const regression_dataset data(std::vector<float>{1, 1, 1}, std::vector<float>{1, 2, 3}, 1);
    const auto batches = [&](std::uint64_t round, std::size_t worker) {
        return std::span<const std::uint32_t>(all).subspan((round + worker) % 3, 1);
    };
    const auto trained = [&](std::vector<float> weights) {
        auto nodes = synchronous({.workers = 2, .weights = weights}, least_squares(data), {0.0f}, batches, identity{},
                                 mean{}, sgd{.learning_rate = 1});
        run(tbb_engine{}, nodes, rounds{1});
        return nodes[0].parameters()[0];
    };
    CHECK(trained({}) == Approx(1.5));  // labels 1 and 2 in round 0
    CHECK(trained({3, 1}) == Approx(1.25));
    CHECK_THROWS_AS(trained({1}), invalid_input);
}

TEST_CASE("synchronous: feedback reaches the optimum that the mean objective has", "[algorithm][synchronous][long]") {
    const error_feedback feedback{sparse_compressor{top_k{.fraction = 0.1}}};
    auto nodes = synchronous({.workers = 6, .seed = 9}, bowl, start, full_batch{}, feedback, mean{},
                             sgd{.learning_rate = cosine_decay(0.1, 0.0005, 3000)});
    run(tbb_engine{}, nodes, rounds{3000});
    const auto minimum = test::minimum_of_bowls(6);
    for (std::size_t k = 0; k < 100; ++k) {
        CHECK(double(nodes[0].parameters()[k]) == Approx(minimum[k]).margin(0.02));
    }
}

TEST_CASE("synchronous: TernGrad's workers share the largest scale of the round", "[algorithm][synchronous][ternary]") {
    const std::size_t workers = 6;
    const scalar_compressor shared{ternary{}, shared_norm{}, radix{}};
    auto nodes = synchronous({.workers = workers, .seed = 9}, bowl, start, full_batch{}, shared, mean{},
                             sgd{.learning_rate = 0.05});
    const auto one_round = run(tbb_engine{}, nodes, rounds{1});
    float norm = 0;
    std::vector<std::vector<float>> gradients;
    for (std::size_t k = 0; k < workers; ++k) {
        auto& g = gradients.emplace_back(100);
        bowl(k).value_and_gradient(start, {}, g);
        norm = std::max(norm, max_norm{}.measure(g));
    }
    scalar_compressor agreed{ternary{}, fixed{norm}, radix{}};
    std::vector<float> expected(100, 0.0f), decoded(100);
    for (std::size_t k = 0; k < workers; ++k) {
        message m;
        const random_key key{9, static_cast<std::uint32_t>(k + 1), 0, 0x80000000u | 1u << 14};
        agreed.compress(gradients[k], key, m);
        agreed.decompress(m, key, decoded);
        for (std::size_t i = 0; i < 100; ++i) {
            expected[i] += decoded[i] / static_cast<float>(workers);
        }
    }
    for (std::size_t i = 0; i < 100; ++i) {
        CHECK(nodes[0].parameters()[i] == Approx(1.0f - 0.05f * expected[i]).margin(1e-6));
    }
    // 100 symbols, a step and a number (64 bits) from each worker; the model and a number from the server, sent once
    CHECK(one_round.sent.payload_bits == workers * (160 + 32 + 64) + 3200 + 64);
}

TEST_CASE("synchronous: numbers that are not finite end the run as diverged", "[algorithm][synchronous][hostile]") {
    auto nodes = synchronous({.workers = 3}, bowl, start, full_batch{}, scalar_compressor{dithered{.levels = 1}},
                             mean{}, sgd{.learning_rate = 100});
    const auto report = run(tbb_engine{}, nodes, rounds{1000});
    CHECK(report.diverged());
    CHECK(report.round() < 100);
    CHECK_THROWS_AS(synchronous({.workers = 0}, bowl, start, full_batch{}, identity{}, mean{}, sgd{}), invalid_input);
    auto longer = synchronous({}, bowl, std::vector<float>(101), full_batch{}, identity{}, mean{}, sgd{});
    CHECK_THROWS_AS(run(tbb_engine{}, longer, rounds{1}), invalid_input);
}

}  // namespace synchronous_test
