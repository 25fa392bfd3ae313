#include <frugal/quantize/sign.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("sign: a zero of either sign is positive", "[quantize][sign]") {
    const sign q;
    CHECK(q.value(q.index(0.0f)) == 1.0f);
    CHECK(q.value(q.index(-0.0f)) == 1.0f);
    CHECK(q.value(q.index(-1e-40f)) == -1.0f);
    CHECK(q.value(q.index(2.0f)) == 1.0f);
}
