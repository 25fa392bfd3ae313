#include <frugal/algorithm/gradient_tracking.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <frugal/algorithm/dpsgd.hpp>
#include <frugal/engine/tbb_engine.hpp>
#include <frugal/mix/topologies.hpp>

#include "catch.hpp"
#include "programs.hpp"

namespace gradient_tracking_test {

using namespace frugal;
using test::bowl;

namespace {

double largest_error(population<any_node> nodes, std::uint64_t count, const std::vector<double>& expected) {
    run(tbb_engine{}, nodes, rounds{count});
    double worst = 0;
    for (any_node& node : nodes) {
        for (std::size_t k = 0; k < expected.size(); ++k) {
            worst = std::max(worst, std::fabs(double(node.parameters()[k]) - expected[k]));
        }
    }
    return worst;
}

}  // namespace

TEST_CASE("gradient_tracking: reaches the exact minimum, where D-PSGD stays a bias away",
          "[algorithm][gradient_tracking]") {
    const std::vector<float> w0(100, 1.0f);
    const auto minimum = test::minimum_of_bowls(8);
    const sgd step{.learning_rate = 0.1};
    CHECK(largest_error(erase(dpsgd({}, ring(8), bowl, w0, full_batch{}, step)), 1500, minimum) > 0.05);
    CHECK(largest_error(erase(gradient_tracking(1, ring(8), bowl, w0, full_batch{}, step)), 1500, minimum) < 1e-5);
}

}  // namespace gradient_tracking_test
