#include <frugal/optimize/buffer.hpp>

#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("expect_buffer: zeros on first use, later what is there", "[optimize][buffer]") {
    std::vector<float> buffer;
    expect_buffer(buffer, 3);
    CHECK(buffer == std::vector<float>{0, 0, 0});
    buffer[1] = 2;
    expect_buffer(buffer, 3);
    CHECK(buffer == std::vector<float>{0, 2, 0});
    std::vector<float> none;
    expect_buffer(none, 0);
    CHECK(none.empty());
}

TEST_CASE("expect_buffer, expect_same_length: other lengths are refused", "[optimize][buffer][hostile]") {
    std::vector<float> buffer{1, 2, 3};
    for (const std::size_t d : {0u, 2u, 4u}) {
        CHECK_THROWS_AS(expect_buffer(buffer, d), invalid_input);
        CHECK(buffer == std::vector<float>{1, 2, 3});
    }
    const std::vector<float> two(2), three(3);
    CHECK_NOTHROW(expect_same_length(two, two));
    CHECK_THROWS_AS(expect_same_length(two, three), invalid_input);
    CHECK_THROWS_AS(expect_same_length(three, two), invalid_input);
}
