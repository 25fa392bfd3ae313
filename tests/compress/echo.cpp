#include <frugal/compress/echo.hpp>

#include <thread>
#include <vector>

#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/sign.hpp>

#include "catch.hpp"
#include "compositions.hpp"
#include "sample.hpp"

using namespace frugal;

TEST_CASE("echo: of zeros, and of the wrong length", "[compress][echo]") {
    scalar_compressor c{sign{}};
    const std::vector<float> zeros(70, 0.0f);
    std::vector<float> echo(70, 1.0f);
    message m;
    c.compress(zeros, {}, m, echo);
    CHECK(echo == zeros);
    CHECK_THROWS_AS(c.compress(zeros, {}, m, std::span(echo).first(69)), invalid_input);
}

TEST_CASE("one compressor decodes in many threads at once", "[compress][threads]") {
    for (const any_compressor& fresh : test::all_compositions()) {
        any_compressor c = fresh;
        const auto x = sample::normal_vector(500, 9);
        const random_key k{.seed = 3, .node = 2, .round = 2};
        message m;
        c.compress(x, k, m);
        std::vector<float> expected(x.size());
        c.decompress(m, k, expected);
        const any_compressor& shared = c;
        std::vector<std::vector<float>> y(3, std::vector<float>(x.size()));
        std::vector<std::thread> threads;
        for (auto& out : y) {
            threads.emplace_back([&] { shared.decompress(m, k, out); });
        }
        for (std::thread& t : threads) {
            t.join();
        }
        for (const auto& out : y) {
            REQUIRE(out == expected);
        }
    }
}
