// Agreement on the largest, the smallest and the sum.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <frugal/node/agree.hpp>

#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using test::failure_of;
using test::play;

TEST_CASE("agree: all learn the largest, the smallest and the sum in node order", "[node][agree]") {
    for (const std::size_t n : {1u, 2u, 7u}) {
        std::vector<std::vector<double>> got(n);
        play(n, [&](peer here, std::vector<float>&) -> task<> {
            const double i = here.self();
            std::vector<double> high{i, -i, 0.1 * i}, low = high, sum{std::pow(10.0, i), 1e16 * (1 - i)};
            co_await agree_on_largest(here.lane(0), high);
            co_await agree_on_smallest(here.lane(1), low);
            co_await agree_on_sum(here.lane(2), sum);
            got[here.self()] = high;
            got[here.self()].insert(got[here.self()].end(), low.begin(), low.end());
            got[here.self()].insert(got[here.self()].end(), sum.begin(), sum.end());
        });
        const double last = static_cast<double>(n - 1);
        double powers = 0, cancelling = 0;
        for (std::size_t i = 0; i < n; ++i) {
            powers += std::pow(10.0, static_cast<double>(i));
            cancelling += 1e16 * (1 - static_cast<double>(i));
        }
        for (const auto& g : got) {
            CHECK(g == std::vector<double>{last, 0, 0.1 * last, 0, -last, 0, powers, cancelling});
        }
    }
}

TEST_CASE("agree: within a group, and twice in a round", "[node][agree]") {
    static const std::vector<std::uint32_t> low{0, 1, 2}, high{3, 4};
    std::vector<double> got(5);
    play(5, [&](peer here, std::vector<float>&) -> task<> {
        const peer near = here.among(here.self() < 3 ? low : high);
        std::vector<double> v{static_cast<double>(here.self())};
        co_await agree_on_sum(near, v);
        co_await agree_on_sum(near, v);
        got[here.self()] = v[0];
    });
    CHECK(got == std::vector<double>{9, 9, 9, 14, 14});
}

TEST_CASE("agree: numbers that are not finite, and other messages, name their sender", "[node][agree][hostile]") {
    const auto failing = [](double value, std::size_t count) {
        return failure_of([&] {
            play(4, [=](peer here, std::vector<float>&) -> task<> {
                std::vector<double> v(here.self() == 2 ? count : 2, 1.0);
                if (here.self() == 2) {
                    v[0] = value;
                }
                co_await agree_on_largest(here, v);
            });
        });
    };
    CHECK(failing(1, 2).empty());
    CHECK_THAT(failing(std::numeric_limits<double>::infinity(), 2), test::contains_text("not finite from node 2"));
    CHECK_THAT(failing(std::nan(""), 2), test::contains_text("node 0, round 0, lane 1"));
    CHECK_THAT(failing(1, 3), test::contains_text("a message from node 2"));
}
