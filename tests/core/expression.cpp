#include <frugal/core/expression.hpp>

#include <cstdlib>
#include <limits>

#include <frugal/core/random.hpp>

#include "catch.hpp"

using frugal::composition;
using frugal::expression;
using frugal::number_text;

TEST_CASE("expression: names, named numbers and compositions", "[core][expression][exact]") {
    CHECK(expression("sign", {}) == "sign");
    CHECK(expression("dithered", {{"levels", 3}}) == "dithered(levels=3)");
    CHECK(expression("nested", {{"fine", 1.0 / 3}, {"coarse", 1}}) == "nested(fine=0.3333333333333333,coarse=1)");
    CHECK(composition("scalar", {"sign", "max_norm"}) == "scalar(sign,max_norm)");
    CHECK(composition("error_feedback", {composition("sparse", {expression("top_k", {{"fraction", 0.01}})})}) ==
          "error_feedback(sparse(top_k(fraction=0.01)))");
    CHECK(composition("ring", {}) == "ring");
}

TEST_CASE("number_text: the shortest text that reads back as the number", "[core][expression][exact]") {
    CHECK(number_text(0.0) == "0");
    CHECK(number_text(-0.0) == "-0");
    CHECK(number_text(1.0) == "1");
    CHECK(number_text(0.1) == "0.1");
    CHECK(number_text(0.1f) == "0.1");
    CHECK(number_text(1e300) == "1e+300");
    CHECK(number_text(std::uint64_t{1} << 63) == "9223372036854775808");
    CHECK(number_text(-7) == "-7");
    CHECK(number_text(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
    const frugal::random_stream s({.seed = 1});
    for (std::uint64_t i = 0; i < 2000; ++i) {
        const double v = std::bit_cast<double>(s.word64(i));
        if (v - v == 0) {
            REQUIRE(std::strtod(number_text(v).c_str(), nullptr) == v);
        }
    }
}
