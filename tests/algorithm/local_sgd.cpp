// Local SGD: with one step it is synchronous training; post-local; two levels.
#include <vector>

#include <frugal/algorithm/local_sgd.hpp>

#include "programs.hpp"
#include "trained.hpp"

namespace local_sgd_test {

using namespace frugal;
using test::bowl;
using test::close;
using test::trained;

namespace {

const std::vector<float> start(100, 1.0f);
const sgd step{.learning_rate = 0.05};

auto local(local_steps steps, std::size_t workers = 4) {
    return local_sgd({.workers = workers}, steps, bowl, start, full_batch{}, all_gather{}, step);
}

}  // namespace

TEST_CASE("local_sgd: one step a round is synchronous training", "[algorithm][local_sgd][equivalence]") {
    close(trained(local({.count = 1}), 20),
          trained(synchronous({.workers = 4}, bowl, start, full_batch{}, all_gather{}, step), 20));
}

TEST_CASE("local_sgd: one worker takes all its steps alone", "[algorithm][local_sgd][equivalence]") {
    close(trained(local({.count = 5}, 1), 4), trained(local({.count = 1}, 1), 20));
}

TEST_CASE("local_sgd: post-local steps begin in their round", "[algorithm][local_sgd]") {
    CHECK((trained(local({.count = 8, .from_round = 10}), 10) == trained(local({.count = 1}), 10)));
    CHECK((trained(local({.count = 8, .from_round = 9}), 10) != trained(local({.count = 1}), 10)));
    CHECK_THROWS_AS(trained(local({.count = 0}), 1), invalid_input);
}

TEST_CASE("local_sgd: several steps are the closed form of quadratics", "[algorithm][local_sgd]") {
    const auto x = trained(local({.count = 3}), 1);
    for (std::size_t k = 0; k < 100; ++k) {
        double expected = 0;
        for (std::size_t worker = 0; worker < 4; ++worker) {
            const auto f = bowl(worker);
            const double c = double(f.center()[k]), shrink = 1 - 0.05 * double(f.curvature()[k]);
            expected += (c + shrink * shrink * shrink * (1 - c)) / 4;
        }
        CHECK(double(x[k]) == Approx(expected).margin(1e-5));
    }
}

TEST_CASE("local_sgd: two levels of one mean are the mean", "[algorithm][local_sgd][equivalence]") {
    close(trained(local({.count = 3}), 10), trained(local_sgd({.workers = 4}, {.count = 3}, bowl, start, full_batch{},
                                                              hierarchical(all_gather{}, all_gather{}, 2), step),
                                                    10));
}

}  // namespace local_sgd_test
