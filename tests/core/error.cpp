#include <frugal/core/error.hpp>

#include <stdexcept>
#include <string>
#include <type_traits>

#include "catch.hpp"

using namespace frugal;

static_assert(std::is_base_of_v<std::runtime_error, error>);
static_assert(std::is_base_of_v<error, invalid_input> && std::is_base_of_v<error, malformed_message>);
static_assert(std::is_base_of_v<invalid_input, nonfinite_input> &&
              !std::is_base_of_v<malformed_message, invalid_input>);

TEST_CASE("expect, expect_message: throw their own kind, with the text", "[core][error]") {
    CHECK_NOTHROW(expect(true, "never"));
    CHECK_NOTHROW(expect_message(true, "never"));
    CHECK_THROWS_AS(expect(false, "input"), invalid_input);
    CHECK_THROWS_AS(expect_message(false, "bytes"), malformed_message);
    CHECK_THROWS_WITH(expect(false, "input"), "input");
    CHECK_THROWS_WITH(expect_message(false, std::string("bytes")), "bytes");
}

TEST_CASE("expect, expect_message: a text is made only where it is needed", "[core][error]") {
    int made = 0;
    const auto text = [&made] { return "made " + std::to_string(++made); };
    expect(true, text);
    expect_message(true, text);
    CHECK(made == 0);
    CHECK_THROWS_WITH(expect(false, text), "made 1");
    CHECK_THROWS_WITH(expect_message(false, text), "made 2");
}

TEST_CASE("nonfinite_input: names the element and keeps its place", "[core][error]") {
    const nonfinite_input e(17);
    CHECK(e.index == 17);
    CHECK(std::string(e.what()).find("element 17 is not finite") != std::string::npos);
}
