#include <frugal/catalogue/units.hpp>

#include <string>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("units: times and bandwidths read and write with their units", "[catalogue][units][exact]") {
    CHECK(duration::read(parse_term("50us")).seconds == 50 * 1e-6);
    CHECK(duration::read(parse_term("1.5ms")).seconds == 1.5 * 1e-3);
    CHECK(duration::read(parse_term("2s")).seconds == 2);
    CHECK(duration::read(parse_term("1/4s")).seconds == 0.25);
    CHECK(bit_rate::read(parse_term("100Mbps")).bits_per_second == 1e8);
    CHECK(bit_rate{1e9}.name() == "1Gbps");
    CHECK(bit_rate{12.5e6}.name() == "12.5Mbps");
    CHECK(bit_rate{0}.name() == "0bps");
    CHECK(duration{2}.name() == "2s");
    for (const double seconds : {0.0, 1e-9, 5e-5, 0.3, 1.0 / 3, 12345.678}) {
        CHECK(duration::read(parse_term(duration{seconds}.name())).seconds == seconds);
    }
}

TEST_CASE("units: what is no quantity is refused", "[catalogue][units][hostile]") {
    for (const char* text : {"50", "us", "-1s", "nans", "infs", "1s(2)", "1h", "s"}) {
        CAPTURE(text);
        CHECK_THROWS_WITH(duration::read(parse_term(text)), test::contains_text("write a number and one of the units"));
    }
    CHECK_THROWS_AS(bit_rate::read(parse_term("1e308Gbps")), expression_error);
}
