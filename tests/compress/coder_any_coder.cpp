#include <frugal/compress/coder/any_coder.hpp>

#include <utility>

#include <frugal/compress/coder/range_coder.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("any_coder: a moved-from one may be copied and assigned to", "[compress][any_coder]") {
    any_coder a{range_coder{}};
    const any_coder b = std::move(a);
    any_coder c = a;
    c = b;
    CHECK(c.name() == "range_coder");
}
