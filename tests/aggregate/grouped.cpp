// Decoding in parallel groups: the same mean, and the same bits whatever the number of threads.
#include <cmath>
#include <cstdint>
#include <vector>

#include <oneapi/tbb/task_arena.h>

#include <frugal/aggregate/grouped.hpp>
#include <frugal/aggregate/mean.hpp>
#include <frugal/aggregate/minimax_mean.hpp>
#include <frugal/aggregate/side_information_mean.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(Aggregator<grouped<mean>> && Aggregator<grouped<side_information_mean>> && !Aggregator<grouped<mean>*>);

namespace {

constexpr std::size_t dimension = 1003;

struct sent {
    std::vector<scalar_compressor<dithered>> codecs;
    std::vector<message> messages;
};

sent messages_of(std::size_t n) {
    sent s{std::vector(n, scalar_compressor{dithered{.levels = 3}}), std::vector<message>(n)};
    for (std::size_t i = 0; i < n; ++i) {
        std::vector<float> x(dimension);
        for (std::size_t k = 0; k < dimension; ++k) {
            x[k] = std::sin(static_cast<float>(k + 100 * i));
        }
        s.codecs[i].compress(x, {.seed = 1, .node = static_cast<std::uint32_t>(i)}, s.messages[i]);
    }
    return s;
}

template <class A>
std::vector<float> result_of(A aggregator, sent& s, int threads = 2) {
    std::vector<float> out(dimension);
    oneapi::tbb::task_arena(threads).execute([&] {
        for (int repeat = 0; repeat < 2; ++repeat) {  // reusable after reset
            aggregator.reset(dimension);
            for (std::size_t i = 0; i < s.messages.size(); ++i) {
                aggregator.add(s.codecs[i], s.messages[i], {.seed = 1, .node = static_cast<std::uint32_t>(i)},
                               1.0f + static_cast<float>(i));
            }
            aggregator.result(out);
        }
    });
    return out;
}

template <class A>
void agrees(const A& aggregator) {
    for (const std::size_t n : {1u, 2u, 3u, 4u, 7u, 16u, 33u}) {
        auto s = messages_of(n);
        const auto alone = result_of(aggregator, s);
        const auto parallel = result_of(grouped{aggregator}, s);
        for (std::size_t k = 0; k < dimension; ++k) {
            REQUIRE(parallel[k] == Approx(alone[k]).margin(1e-6));
        }
        CHECK(result_of(grouped{aggregator}, s, 1) == result_of(grouped{aggregator}, s, 4));
        CHECK(result_of(grouped(aggregator, 1), s) == alone);
    }
}

}  // namespace

TEST_CASE("grouped: agrees with the aggregator alone, the same bits for any number of threads",
          "[aggregate][grouped][equivalence]") {
    agrees(mean{});
    agrees(side_information_mean{});
    agrees(minimax_mean{1.0});
}

TEST_CASE("grouped: vectors and damaged messages", "[aggregate][grouped][hostile]") {
    grouped a{mean{}};
    const std::vector<float> x{1, 2}, y{3, 6};
    std::vector<float> out(2);
    a.reset(2);
    a.add(x, 1.0f);
    a.add(y, 3.0f);
    a.result(out);
    CHECK(out == std::vector<float>{2.5f, 5.0f});
    auto s = messages_of(8);
    s.messages[6].clear();
    CHECK_THROWS_AS(result_of(grouped{mean{}}, s), malformed_message);
    CHECK_THROWS_AS(grouped(mean{}, 0), invalid_input);
}
