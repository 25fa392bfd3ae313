// Federated averaging: reductions, cohorts, and what a round costs.
#include <vector>

#include <frugal/algorithm/fedavg.hpp>

#include "programs.hpp"
#include "trained.hpp"

namespace fedavg_test {

using namespace frugal;
using test::bowl;
using test::close;
using test::trained;

namespace {

const std::vector<float> start(100, 1.0f);
const sgd step{.learning_rate = 0.05};

}  // namespace

TEST_CASE("fedavg: everyone with one step is synchronous training", "[algorithm][fedavg][equivalence]") {
    close(trained(fedavg({.clients = 4}, bowl, start, full_batch{}, step), 20),
          trained(synchronous({.workers = 4}, bowl, start, full_batch{}, server{}, step), 20));
    close(trained(fedavg({.clients = 4, .steps = {.count = 3}}, bowl, start, full_batch{}, step), 10),
          trained(local_sgd({.workers = 4}, {.count = 3}, bowl, start, full_batch{}, server{}, step), 10));
}

TEST_CASE("fedavg: clients forget their optimizer's state, at the server it stays", "[algorithm][fedavg]") {
    const momentum heavy{.learning_rate = 0.05};
    // with one step a round, fresh momentum is a plain step
    close(trained(fedavg({.clients = 4}, bowl, start, full_batch{}, heavy), 10),
          trained(fedavg({.clients = 4}, bowl, start, full_batch{}, step), 10));
    close(trained(fedavg({.clients = 4}, bowl, start, full_batch{}, sgd{.learning_rate = 1}, heavy), 10),
          trained(synchronous({.workers = 4}, bowl, start, full_batch{}, server{}, heavy), 10));
}

}  // namespace fedavg_test
