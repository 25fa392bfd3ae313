// Reduce-scatter and all-gather: the bits of a server and of all_gather, for every kind of compressor and any length.
#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/coder/rans.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/selector/random_k.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/compress/stovoq.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/natural.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

static_assert(Exchange<sharded<>> && AveragingExchange<sharded<>>);

namespace {

std::vector<any_compressor> kinds() {
    return {identity{},
            scalar_compressor{dithered{.levels = 1}},
            scalar_compressor{dithered{.levels = 3}, max_norm{}, rans{}},
            scalar_compressor{one_bit_dithered{}},
            scalar_compressor{stochastic{.levels = 4}, l2_norm{}},
            scalar_compressor{ternary{}},
            scalar_compressor{natural{.levels = 8}},
            scalar_compressor{sign{}, mean_abs{}},
            scalar_compressor{dithered{.levels = 7}, bucketed{max_norm{}, 16}},
            sparse_compressor{top_k{.fraction = 0.1}},
            sparse_compressor{random_k{.fraction = 0.2}},
            error_feedback{sparse_compressor{top_k{.fraction = 0.1}}},
            stovoq{.dimension = 4, .codewords = 16}};
}

template <class C>
void agree(const C& codec, std::size_t n, std::size_t d, std::size_t block) {
    const vectors inputs = inputs_of(n, d);
    const std::uint64_t rounds = d < 10000 ? 3 : 1;
    const vectors gathered = averaged(all_gather(codec, mean{}, {.block = block}), inputs, rounds);
    INFO(codec.name() << ", " << n << " nodes, " << d << " elements in blocks of " << block);
    CHECK(all_equal(gathered));
    CHECK((averaged(server(codec, identity{}, mean{}, {.block = block, .contributes = true}), inputs, rounds) ==
           gathered));
    CHECK((averaged(sharded(codec, identity{}, mean{}, {.block = block}), inputs, rounds) == gathered));
}

}  // namespace

TEST_CASE("sharded: the bits of server and all_gather with the same blocks", "[exchange][sharded][equivalence]") {
    for (const any_compressor& codec : kinds()) {
        for (const std::size_t d : {1u, 2u, 31u, 33u, 1000u}) {
            agree(codec, 5, d, 32);
            agree(codec, 3, d, d / 7 + 1);
        }
        agree(codec, 3, 65537, 16384);
    }
    agree(kinds()[1], 1, 100, 32);
    agree(kinds()[1], 9, 100, 32);  // fewer blocks than nodes, and runs that are merged
    agree(kinds()[1], 2, 100, 1);
}

TEST_CASE("sharded: the mean, in a part for each node or in blocks", "[exchange][sharded]") {
    for (const std::size_t n : {1u, 2u, 3u, 9u}) {
        for (const std::size_t d : {1u, 2u, 31u, 1000u}) {
            for (const std::size_t block : {0u, 1u, 64u}) {
                const vectors inputs = inputs_of(n, d);
                const vectors x = averaged(sharded{identity{}, identity{}, mean{}, {.block = block}}, inputs);
                CHECK(all_equal(x));
                CHECK(distance(x[0], mean_of_inputs(inputs)) < 2e-6);
            }
        }
    }
}

TEST_CASE("sharded: lossy both ways, all nodes still have the same bits, for any number of threads",
          "[exchange][sharded][equivalence]") {
    const scalar_compressor dither{dithered{.levels = 3}};
    const sharded exchange{dither, dither, mean{}, {.block = 100, .downlink_feedback = true}};
    const vectors inputs = inputs_of(7, 1234);
    const vectors one = averaged(exchange, inputs, 4, 1);
    CHECK(all_equal(one));
    CHECK((averaged(exchange, inputs, 4, 2) == one));
    CHECK((averaged(exchange, inputs, 4, 3) == one));
    CHECK((one != averaged(sharded{dither, dither, mean{}, {.block = 100}}, inputs, 4)));
}

TEST_CASE("sharded: updates work on the parts of their owners", "[exchange][sharded]") {
    const vectors inputs = inputs_of(3, 100);
    std::vector<std::vector<int>> touched(3, std::vector<int>(100));
    const auto nodes = play(3, [&](peer here, std::vector<float>& x) -> task<> {
        sharded exchange{identity{}, identity{}, mean{}, {.block = 8}};
        x = inputs[here.self()];
        const auto update = [&touched, here](std::size_t first, std::span<float> part) {
            for (std::size_t k = 0; k < part.size(); ++k) {
                part[k] += 1;
                ++touched[here.self()][first + k];
            }
        };
        co_await mean_of(exchange, here, x, update);
    });
    const auto mean = mean_of_inputs(inputs);
    for (std::size_t k = 0; k < 100; ++k) {
        CHECK(touched[0][k] + touched[1][k] + touched[2][k] == 1);
        CHECK(double(nodes[1].x[k]) == Approx(mean[k] + 1).margin(1e-5));
    }
    CHECK((nodes[0].x == nodes[1].x));
    CHECK((nodes[0].x == nodes[2].x));
}
