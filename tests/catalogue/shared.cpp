#include <frugal/catalogue/shared.hpp>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("shared catalogue: what another file instantiates parses here", "[catalogue][shared]") {
    CHECK(parse<any_compressor>("dqsg").name() == "scalar(dithered(levels=3),bucketed(max_norm,512),radix)");
    CHECK(parse<any_exchange>("server").exact());
    CHECK(&entries<any_optimizer>() == &entries<any_optimizer>());
}
