#include <frugal/algorithm/fedprox.hpp>

#include <cmath>
#include <vector>

#include <frugal/algorithm/fedavg.hpp>

#include "catch.hpp"
#include "programs.hpp"
#include "trained.hpp"

namespace fedprox_test {

using namespace frugal;
using test::bowl;
using test::trained;

namespace {

const std::vector<float> start(100, 1.0f);
const sgd step{.learning_rate = 0.05};

}  // namespace

TEST_CASE("fedprox: mu = 0 is fedavg, a large mu holds clients where they began", "[algorithm][fedprox][equivalence]") {
    const federated_options options{.clients = 9, .sampled = 4, .steps = {.count = 5}, .seed = 2};
    const auto plain = trained(fedavg(options, bowl, start, full_batch{}, step), 10);
    CHECK((trained(fedprox(options, 0.0f, bowl, start, full_batch{}, step), 10) == plain));
    const auto held = trained(fedprox(options, 10.0f, bowl, start, full_batch{}, step), 1);
    const auto free = trained(fedavg(options, bowl, start, full_batch{}, step), 1);
    double far = 0, near = 0;
    for (std::size_t k = 0; k < 100; ++k) {
        near += std::fabs(double(held[k]) - 1);
        far += std::fabs(double(free[k]) - 1);
    }
    CHECK(near < 0.5 * far);
    CHECK_THROWS_AS(trained(fedprox(options, -1.0f, bowl, start, full_batch{}, step), 1), invalid_input);
}

}  // namespace fedprox_test
