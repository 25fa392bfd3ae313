// The second file of a level: what it throws passes through the first, and both have the same inline functions.
#include <span>
#include <vector>

#include <frugal/core/error.hpp>
#include <frugal/kernels/norms.hpp>

void expect_not_empty(std::span<const float> x) {
    const std::vector<float> copy(x.begin(), x.end());
    frugal::expect(!copy.empty() && frugal::kernels::max_abs(copy) >= 0, "refused");
}
