// How vectors are cut: every element in one block, every block with one owner.
#include <numeric>
#include <vector>

#include <frugal/exchange/blocks.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("block_cut: blocks cover the vector, owners cover the blocks", "[exchange][blocks]") {
    for (const std::size_t d : {1u, 2u, 31u, 33u, 1000u, 65537u}) {
        for (const std::size_t preferred : {0u, 1u, 7u, 32u, 1000u, 65536u, 100000u}) {
            for (const std::size_t granule : {1u, 8u}) {
                const block_cut cut = block_cut::of(d, preferred, granule);
                std::vector<int> x(d);
                std::size_t at = 0;
                for (std::size_t b = 0; b < cut.count(); ++b) {
                    const auto part = cut.part(std::span<int>(x), b);
                    CHECK(cut.first(b) == at);
                    CHECK_FALSE(part.empty());
                    CHECK((part.size() % granule == 0 || b + 1 == cut.count()));
                    at += part.size();
                }
                CHECK(at == d);
                for (const std::size_t n : {1u, 2u, 3u, 10u, 100u}) {
                    CHECK(cut.first_of(0, n) == 0);
                    CHECK(cut.first_of(n, n) == cut.count());
                    for (std::size_t owner = 0; owner < n; ++owner) {
                        CHECK(cut.first_of(owner, n) <= cut.first_of(owner + 1, n));
                        CHECK(cut.first_of(owner + 1, n) - cut.first_of(owner, n) <= (cut.count() + n - 1) / n);
                    }
                }
            }
        }
    }
    CHECK(block_cut::of(10, 0, 1).count() == 1);
    CHECK(block_cut::of(10, 3, 1).count() == 4);
    CHECK(block_cut::of(10, 3, 4).size == 4);
    CHECK_THROWS_AS(block_cut::of(0, 0, 1), invalid_input);
}
