#include <frugal/algorithm/federated.hpp>

#include <vector>

#include <frugal/algorithm/fedavg.hpp>

#include "catch.hpp"
#include "programs.hpp"
#include "trained.hpp"

namespace federated_test {

using namespace frugal;
using test::bowl;
using test::close;
using test::trained;

namespace {

const std::vector<float> start(100, 1.0f);
const sgd step{.learning_rate = 0.05};

//! All clients read one center.
struct shared_bowl {
    const std::vector<float>* center;
    std::size_t dimension() const { return center->size(); }
    double value_and_gradient(std::span<const float> w, sample_indices, std::span<float> g) const {
        double loss = 0;
        for (std::size_t k = 0; k < w.size(); ++k) {
            g[k] = w[k] - (*center)[k];
            loss += 0.5 * double(g[k]) * double(g[k]);
        }
        return loss;
    }
};

}  // namespace

TEST_CASE("fedavg: only those sampled send and receive", "[algorithm][fedavg]") {
    auto nodes = fedavg({.clients = 20, .sampled = 5, .seed = 3}, bowl, start, full_batch{}, step);
    std::vector<std::uint32_t> members;
    std::vector<std::uint64_t> times(21);
    for (std::uint64_t t = 0; t < 8; ++t) {
        sampled_clients(20, 5)(3, t, members);
        for (const std::uint32_t i : members) {
            ++times[i];
        }
    }
    const auto report = run(tbb_engine{}, nodes, rounds{8});
    for (std::size_t i = 0; i < 21; ++i) {
        CHECK(report.per_node[i].sent.messages == times[i]);
    }
    CHECK(report.per_node[0].received.messages == 8 * 5);
    CHECK_THROWS_AS(fedavg({.clients = 4, .sampled = 5}, bowl, start, full_batch{}, step), invalid_input);
    CHECK_THROWS_AS(fedavg({.clients = 4, .weights = {1, 2}}, bowl, start, full_batch{}, step), invalid_input);
}

TEST_CASE("fedavg: weights of the clients", "[algorithm][fedavg]") {
    const auto only_second = trained(fedavg({.clients = 2, .weights = {0, 5}}, bowl, start, full_batch{}, step), 5);
    const auto second = [](std::size_t) { return bowl(1); };
    close(only_second, trained(fedavg({.clients = 1}, second, start, full_batch{}, step), 5));
}

TEST_CASE("fedavg: ten thousand clients, ten at a time, a hundred thousand parameters", "[algorithm][fedavg]") {
    const std::vector<float> center(100000, 2.0f);
    auto nodes = fedavg({.clients = 10000, .sampled = 10, .steps = {.count = 2}, .seed = 1}, shared_bowl{&center},
                        std::vector<float>(100000), full_batch{}, sgd{.learning_rate = 0.5});
    const auto report = run(tbb_engine{}, nodes, rounds{3});
    CHECK(report.received.messages == 3 * 20);
    CHECK(nodes[0].parameters()[99999] == Approx(2 * (1 - 1.0 / 64)));
}

}  // namespace federated_test
