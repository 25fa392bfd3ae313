#include "catch.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include <frugal/data/sampler.hpp>
#include <frugal/data/synthetic.hpp>
#include <frugal/objective/any_objective.hpp>
#include <frugal/objective/least_squares.hpp>
#include <frugal/objective/mlp.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/objective/softmax_regression.hpp>

namespace {

std::atomic<std::size_t> allocations = 0;

void* counted(std::size_t n, std::size_t alignment) {
    ++allocations;
    void* p = std::aligned_alloc(alignment, (n + alignment - 1) / alignment * alignment);
    if (p == nullptr) {
        throw std::bad_alloc();
    }
    return p;
}

}  // namespace

// All allocations of this program are counted.
void* operator new(std::size_t n) {
    return counted(n, alignof(std::max_align_t));
}
void* operator new(std::size_t n, std::align_val_t alignment) {
    return counted(n, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
    std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
    std::free(p);
}

using namespace frugal;

TEST_CASE("objectives and samplers allocate nothing once warm", "[objective][data][sampler]") {
    const auto data = gaussian_mixture{.samples = 600, .dimension = 40, .classes = 5}({1, 0, 0, purposes::data}).train;
    const auto regression = linear_regression{.samples = 600, .dimension = 40}({1, 0, 0, purposes::data}).data;
    const std::vector<std::uint32_t> own{1, 5, 9, 80, 599};
    std::vector<any_objective> objectives{quadratic(std::vector<float>(40)), least_squares(regression),
                                          softmax_regression(data), mlp(data, {30, 20}, 0.1f)};
    for (any_objective& f : objectives) {
        auto global = batch_sampler::global(600, 50, 1, 4, 1);
        auto local = batch_sampler::local(own, 2, 1, 1);
        std::vector<float> w(f.dimension());
        std::vector<float> g(f.dimension());
        std::vector<float> scores(600 * f.classes());
        std::size_t before = 0;
        for (std::uint64_t round = 0; round < 30; ++round) {  // more than two epochs
            f.value_and_gradient(w, global.batch(round), g);
            f.value_and_gradient(w, local.batch(round), g);
            f.value_and_gradient(w, {}, g);
            f.value(w, {});
            if (f.classes() > 0) {
                f.logits(w, {}, scores);
            }
            if (round == 0) {
                before = allocations;
            }
        }
        const std::size_t after = allocations;
        INFO(f.name());
        CHECK(after == before);
    }
}
