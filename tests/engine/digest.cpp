// Digests of parameters.
#include <cstdint>
#include <vector>

#include <frugal/engine/digest.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("digest: sensitive to every bit, to length, order and node", "[engine][digest]") {
    const std::vector<float> a{1, 2, 3}, b{1, 2, 3, 0}, c{1, 3, 2}, zero{0.0f}, negative_zero{-0.0f}, none;
    CHECK(digest_of(a) != digest_of(b));
    CHECK(digest_of(a) != digest_of(c));
    CHECK(digest_of(zero) != digest_of(negative_zero));
    CHECK(digest_of(none) == digest_of(std::vector<float>{}));
    const std::vector<std::uint64_t> one{1, 2}, two{2, 1};
    CHECK(combine_digests(one) != combine_digests(two));
    CHECK(combine_digests(one).size() == 16);
}
