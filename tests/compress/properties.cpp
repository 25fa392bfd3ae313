#include <frugal/compress/properties.hpp>

#include <span>
#include <type_traits>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

struct pair_of_vectors {};
struct history {};

struct peculiar {
    using input = pair_of_vectors;
    using receiver = history;
};
struct plain {};

static_assert(std::is_same_v<input_type_of<peculiar>, pair_of_vectors>);
static_assert(std::is_same_v<input_type_of<plain>, std::span<const float>>);
static_assert(std::is_same_v<receiver_type_of<peculiar>, history>);
static_assert(std::is_empty_v<receiver_type_of<plain>>);
static_assert(std::is_same_v<receiver_type_of<plain>, receiver_type_of<identity>>);

}  // namespace

TEST_CASE("granule_of: where a vector may be cut", "[compress][properties]") {
    CHECK(granule_of(plain{}) == 0);
    CHECK(granule_of(identity{}) == 1);
    CHECK(granule_of(scalar_compressor{ternary{}}) == 0);
    CHECK(granule_of(scalar_compressor{ternary{}, bucketed{max_norm{}, 48}}) == 48);
    CHECK(granule_of(sparse_compressor{top_k{.count = 2}}) == 0);
}
