// A program of its own, because it counts every allocation.
#include <frugal/compress/any_compressor.hpp>
#include <memory>
#include <vector>

#include <frugal/compress/contractive.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/compress/stovoq.hpp>

#include "catch.hpp"
#include "compositions.hpp"
#include "counted_allocations.hpp"

namespace {

std::vector<float> normal_vector(std::size_t n, std::uint64_t seed) {
    const frugal::random_stream stream({.seed = seed});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

//! Allocations in ten messages after sixty of the same kind.
std::size_t allocations_once_warm(frugal::any_compressor& c, std::size_t n) {
    const auto x = normal_vector(n, n);
    std::vector<float> y(n);
    std::vector<float> sum(n);
    frugal::message m;
    std::uint64_t round = 0;
    const auto exchange = [&] {
        const frugal::random_key key{.seed = 1, .node = 0, .round = ++round};
        c.compress(x, key, m);
        c.decompress(m, key, x, y);
        c.decompress_add(m, key, 0.5f, sum);
    };
    for (int i = 0; i < 60; ++i) {
        exchange();
    }
    const std::size_t before = test::allocations;
    for (int i = 0; i < 10; ++i) {
        exchange();
    }
    return test::allocations - before;
}

}  // namespace

TEST_CASE("allocation: the counter counts", "[allocation]") {
    const std::size_t before = test::allocations;
    const auto p = std::make_unique<int>(1);
    CHECK(test::allocations == before + 1);
}

TEST_CASE("allocation: compressors allocate nothing once warm", "[allocation]") {
    auto all = test::all_compositions();
    using namespace frugal;
    all.push_back(contractive{sparse_compressor{random_k{.fraction = 0.1}}});
    all.push_back(stovoq{.dimension = 8, .codewords = 256});
    for (any_compressor& prototype : all) {
        for (const std::size_t n : {33u, 1000u}) {
            any_compressor c = prototype;
            INFO(c.name() << " on " << n << " coordinates");
            CHECK(allocations_once_warm(c, n) == 0);
        }
    }
}
