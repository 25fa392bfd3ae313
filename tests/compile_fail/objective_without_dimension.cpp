// expect: an Objective needs .std::size_t dimension
#include <span>
#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/optimize/sgd.hpp>

struct objective_without_dimension {
    std::size_t dimension() { return 1; }
    double value_and_gradient(std::span<const float>, frugal::sample_indices, std::span<float>) { return 0; }
};

auto f() {
    return frugal::synchronous({.workers = 2}, objective_without_dimension{}, std::vector<float>(1),
                               frugal::full_batch{}, frugal::identity{}, frugal::mean{}, frugal::sgd{});
}
