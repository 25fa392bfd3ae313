#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <frugal/data/batch_source.hpp>
#include <frugal/data/sampler.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

struct source_of_vectors {
    std::vector<std::uint32_t> indices;
    const std::vector<std::uint32_t>& batch(std::uint64_t) { return indices; }
};
struct source_of_one_index {
    std::uint32_t batch(std::uint64_t) { return 0; }
};
struct source_of_long_indices {
    std::vector<std::uint64_t> indices;
    const std::vector<std::uint64_t>& batch(std::uint64_t) { return indices; }
};
struct source_without_round {
    sample_indices batch() const { return {}; }
};
struct source_that_stays : full_batch {
    source_that_stays(source_that_stays&&) = delete;
};

static_assert(BatchSource<batch_sampler> && BatchSource<full_batch> && BatchSource<source_of_vectors>);
static_assert(BatchSource<batch_function<sample_indices (*)(std::uint64_t, std::size_t)>>);
static_assert(!BatchSource<source_of_one_index> && !BatchSource<source_of_long_indices> && !BatchSource<int>);
static_assert(!BatchSource<source_without_round> && !BatchSource<source_that_stays>);
static_assert(!BatchSource<sample_indices (*)(std::uint64_t, std::size_t)>);

}  // namespace

TEST_CASE("batch_source: all samples, or what a function of round and worker says", "[data][batch_source]") {
    CHECK(full_batch{}.batch(7).empty());
    const std::vector<std::uint32_t> indices{1, 2, 3, 4, 5, 6};
    batch_function source(
        [&](std::uint64_t round, std::size_t worker) {
            return std::span<const std::uint32_t>(indices).subspan(static_cast<std::size_t>(round), worker);
        },
        2);
    CHECK(source.batch(3).size() == 2);
    CHECK(source.batch(3)[0] == 4);
}
