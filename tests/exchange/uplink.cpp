// What the exchanges over a group share, by a route of its own: even blocks to node 0, odd ones to node 1.
#include <frugal/exchange/uplink.hpp>

#include <cstddef>
#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

namespace {

constexpr std::size_t block_size = 16;

template <class C>
using uplink_to_mean = uplink<C, mean>;

//! Each block to the node of its parity, which keeps its own.
template <class U>
auto by_parity(U& up, const peer& here, const block_cut& cut) {
    return [&up, here, count = cut.count()](auto encode) {
        encode(std::size_t{0}, count, [&](std::size_t b, letter_ref content) {
            const auto to = static_cast<std::uint32_t>(b % 2);
            to == here.self() ? up.keep(std::move(content)) : here.send(to, std::move(content));
        });
    };
}

//! One round: x becomes the mean where this node combines, and stays what it was elsewhere.
template <class U>
task<> half_of_a_mean(U& up, peer here, std::vector<float>& x, std::span<float> echo) {
    const block_cut cut = up.cut(x.size(), block_size);
    const auto route = by_parity(up, here, cut);
    up.begin(here, x, echo, cut, route);
    co_await up.agree(here, x, cut, route);
    std::size_t kept = 0;
    for (std::size_t b = here.self(); b < cut.count() && here.self() < 2; b += 2) {
        const auto got = co_await here.receive_from_others();
        up.combine(here, b, kept++, got, cut.part(std::span(x), b));
    }
    up.finish();
}

template <class C>
std::vector<scripted> combined(const C& codec, const vectors& inputs, vectors* echoes = nullptr,
                               const std::vector<float>& weights = {}) {
    std::vector<uplink_to_mean<C>> ups(inputs.size(), uplink_to_mean<C>(codec, mean{}, {.weights = weights}));
    return play(inputs.size(), [&](peer here, std::vector<float>& x) -> task<> {
        x = inputs[here.self()];
        const std::span<float> echo = echoes == nullptr ? std::span<float>() : std::span((*echoes)[here.self()]);
        co_await half_of_a_mean(ups[here.self()], here, x, echo);
    });
}

//! Is x the mean in the blocks of this parity, and the node's own vector in the others?
void check_blocks(const std::vector<float>& x, std::size_t parity, const std::vector<double>& expected,
                  const std::vector<float>& own) {
    for (std::size_t i = 0; i < x.size(); ++i) {
        const bool combines = i / block_size % 2 == parity;
        CHECK(std::fabs(double(x[i]) - (combines ? expected[i] : double(own[i]))) < 1e-5);
    }
}

}  // namespace

TEST_CASE("uplink: every block is combined where its route leads, of all nodes' vectors", "[exchange][uplink]") {
    const vectors inputs = inputs_of(4, 5 * block_size + 3);
    const auto nodes = combined(identity{}, inputs);
    check_blocks(nodes[0].x, 0, mean_of_inputs(inputs), inputs[0]);
    check_blocks(nodes[1].x, 1, mean_of_inputs(inputs), inputs[1]);
    CHECK((nodes[2].x == inputs[2]));
    const std::vector<float> weights{1, 2, 0, 4};
    const auto weighted = combined(identity{}, inputs, nullptr, weights);
    check_blocks(weighted[1].x, 1, mean_of_inputs(inputs, 0, weights), inputs[1]);
}

TEST_CASE("uplink: the echo is what others decode, block by block", "[exchange][uplink]") {
    const vectors inputs = inputs_of(4, 4 * block_size);
    vectors echoes(inputs.size(), std::vector<float>(inputs[0].size()));
    const auto nodes = combined(scalar_compressor{dithered{.levels = 3}}, inputs, &echoes);
    const auto expected = mean_of_inputs(echoes);
    check_blocks(nodes[0].x, 0, expected, inputs[0]);
    check_blocks(nodes[1].x, 1, expected, inputs[1]);
}

TEST_CASE("uplink: senders that agree encode after it, and have no echo", "[exchange][uplink][hostile]") {
    const vectors inputs = inputs_of(3, 3 * block_size);
    const scalar_compressor together{stochastic{.levels = 8191}, shared_norm{}};
    const auto nodes = combined(together, inputs);
    const auto expected = mean_of_inputs(inputs);
    for (std::size_t i = 0; i < block_size; ++i) {
        CHECK(std::fabs(double(nodes[0].x[i]) - expected[i]) < 4.0 / 8191);
    }
    vectors echoes(inputs.size(), std::vector<float>(inputs[0].size()));
    CHECK_THROWS_WITH(combined(together, inputs, &echoes), test::contains_text("encodes at once"));
}

TEST_CASE("uplink: blocks end where the compressor may be cut", "[exchange][uplink]") {
    const uplink up(scalar_compressor{dithered{}, bucketed{max_norm{}, 48}}, mean{}, {});
    CHECK(up.cut(1000, block_size).size % 48 == 0);
    CHECK(uplink(identity{}, mean{}, {}).cut(1000, block_size).size == block_size);
    CHECK(uplink(identity{}, mean{}, {}).cut(1000, 0).count() == 1);
}
