#include <frugal/compress/coder/symbol.hpp>

#include <cstddef>
#include <cstdint>

#include "catch.hpp"

using namespace frugal;

static_assert(Symbol<std::uint8_t> && Symbol<std::uint32_t>);
static_assert(!Symbol<int> && !Symbol<std::uint16_t> && !Symbol<char> && !Symbol<std::byte> &&
              !Symbol<const std::uint8_t>);

TEST_CASE("expect_alphabet: from one symbol to as many as the type can number", "[compress][coder][hostile]") {
    for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{255}, std::size_t{256}}) {
        CHECK_NOTHROW(expect_alphabet<std::uint8_t>(size));
        CHECK_NOTHROW(expect_alphabet<std::uint32_t>(size));
    }
    CHECK_NOTHROW(expect_alphabet<std::uint32_t>(std::size_t{1} << 32));
    CHECK_THROWS_WITH(expect_alphabet<std::uint8_t>(0), test::contains_text("empty"));
    CHECK_THROWS_WITH(expect_alphabet<std::uint32_t>(0), test::contains_text("empty"));
    CHECK_THROWS_WITH(expect_alphabet<std::uint8_t>(257), test::contains_text("more symbols"));
    CHECK_THROWS_WITH(expect_alphabet<std::uint32_t>((std::size_t{1} << 32) + 1), test::contains_text("more symbols"));
}
