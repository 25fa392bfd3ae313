// expect: an Objective needs .double value_and_gradient
#include <span>
#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/optimize/sgd.hpp>

struct objective_without_batch {
    std::size_t dimension() const { return 1; }
    double value_and_gradient(std::span<const float>, std::span<float>) { return 0; }
};

auto f() {
    return frugal::synchronous({.workers = 2}, objective_without_batch{}, std::vector<float>(1), frugal::full_batch{},
                               frugal::identity{}, frugal::mean{}, frugal::sgd{});
}
