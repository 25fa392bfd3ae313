#include "catch.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <frugal/data/sampler.hpp>

using namespace frugal;

namespace {

std::vector<std::uint32_t> copy(std::span<const std::uint32_t> s) {
    return {s.begin(), s.end()};
}

}  // namespace

TEST_CASE("sampler: the nodes' batches of an epoch hold every sample once", "[data][sampler]") {
    constexpr std::size_t samples = 1000;
    constexpr std::size_t batch = 200;
    constexpr std::size_t nodes = 16;
    for (const std::uint64_t epoch : {0u, 1u, 7u}) {
        std::vector<int> seen(samples);
        for (std::size_t p = 0; p < nodes; ++p) {
            auto s = batch_sampler::global(samples, batch, p, nodes, 4);
            CHECK(s.rounds_per_epoch() == 5);
            for (std::uint64_t r = 0; r < 5; ++r) {
                const auto b = s.batch(epoch * 5 + r);
                CHECK((b.size() == 12 || b.size() == 13));
                CHECK(b.size() == s.batch_size());
                for (const std::uint32_t i : b) {
                    ++seen.at(i);
                }
            }
        }
        CHECK(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
    }
}

TEST_CASE("sampler: weights of the nodes sum to one", "[data][sampler]") {
    double sum = 0;
    for (std::size_t p = 0; p < 16; ++p) {
        sum += batch_sampler::global(1000, 200, p, 16, 4).weight();
    }
    CHECK(sum == Approx(1.0));
}

TEST_CASE("sampler: a batch depends on the round alone, not on what was asked before", "[data][sampler]") {
    auto forward = batch_sampler::global(103, 10, 1, 3, 4);
    std::vector<std::vector<std::uint32_t>> batches;
    for (std::uint64_t r = 0; r < 40; ++r) {
        batches.push_back(copy(forward.batch(r)));
    }
    auto other = batch_sampler::global(103, 10, 1, 3, 4);
    for (std::uint64_t r = 40; r-- > 0;) {
        CHECK(copy(other.batch(r)) == batches[r]);
    }
    CHECK(batches[0] != batches[10]);  // another epoch, another permutation
    CHECK(copy(batch_sampler::global(103, 10, 1, 3, 5).batch(0)) != batches[0]);
    const auto warm = forward.batch(39).data();
    CHECK(forward.batch(3).data() >= warm - 103);  // the same buffer
}

TEST_CASE("sampler: a local epoch holds every sample of the node once, the last batch may be short",
          "[data][sampler]") {
    const std::vector<std::uint32_t> own{3, 5, 8, 13, 21, 34, 55};
    auto s = batch_sampler::local(own, 3, 2, 4);
    CHECK(s.rounds_per_epoch() == 3);
    CHECK(s.weight() == 1.0);
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
        std::vector<std::uint32_t> seen;
        for (std::uint64_t r = 0; r < 3; ++r) {
            const auto b = s.batch(epoch * 3 + r);
            CHECK(b.size() == (r < 2 ? 3u : 1u));
            seen.insert(seen.end(), b.begin(), b.end());
        }
        std::sort(seen.begin(), seen.end());
        CHECK(seen == own);
    }
    auto whole = batch_sampler::local(own, 100, 2, 4);
    CHECK(whole.batch(5).size() == 7);
    CHECK(copy(batch_sampler::local(own, 7, 0, 4).batch(0)) != copy(batch_sampler::local(own, 7, 1, 4).batch(0)));
}

TEST_CASE("sampler: what would give an empty batch is refused", "[data][sampler][hostile]") {
    CHECK_THROWS_AS(batch_sampler::global(100, 3, 0, 4, 1), invalid_input);
    CHECK_THROWS_AS(batch_sampler::global(100, 101, 0, 4, 1), invalid_input);
    CHECK_THROWS_AS(batch_sampler::global(100, 50, 4, 4, 1), invalid_input);
    CHECK_THROWS_AS(batch_sampler::global(0, 0, 0, 0, 1), invalid_input);
    CHECK_THROWS_AS(batch_sampler::local({}, 3, 0, 1), invalid_input);
    const std::vector<std::uint32_t> own{3};
    CHECK_THROWS_AS(batch_sampler::local(own, 0, 0, 1), invalid_input);
}
