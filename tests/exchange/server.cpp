// A server: exact means, the same bits as exchanges without one, hostile nodes.
#include <string>
#include <vector>

#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/diana.hpp>
#include <frugal/exchange/feedback.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/quantize/dithered.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

static_assert(Exchange<server<>> && AveragingExchange<server<>>);

TEST_CASE("server: the mean of all others, the same bits everywhere", "[exchange][server]") {
    for (const std::size_t n : {2u, 3u, 9u, 20u}) {
        for (const std::size_t d : {1u, 31u, 1000u}) {
            const vectors inputs = inputs_of(n, d);
            const vectors x = averaged(server{}, inputs);
            CHECK(all_equal(x));
            CHECK(distance(x[0], mean_of_inputs(inputs, 1)) < 2e-6);
            const vectors with = averaged(server{identity{}, identity{}, mean{}, {.contributes = true}}, inputs);
            CHECK(all_equal(with));
            CHECK(distance(with[0], mean_of_inputs(inputs)) < 2e-6);
        }
    }
    const vectors alone = inputs_of(1, 10);
    CHECK((averaged(server{identity{}, identity{}, mean{}, {.contributes = true}}, alone) == alone));
}

TEST_CASE("server: weights, and what an update makes of the mean", "[exchange][server]") {
    const vectors inputs = inputs_of(5, 30);
    const std::vector<float> weights{9, 1, 0, 2, 3};
    auto mine = server{identity{}, identity{}, mean{}, {.block = 7, .how = {.weights = weights}}};
    const auto nodes = play(5, [&, mine](peer here, std::vector<float>& x) -> task<> {
        server exchange = mine;
        x = inputs[here.self()];
        const auto update = [](std::size_t first, std::span<float> part) {
            CHECK(first == 0);
            for (float& v : part) {
                v = 2 * v + 1;
            }
        };
        co_await mean_of(exchange, here, x, update);
    });
    const auto mean = mean_of_inputs(inputs, 1, weights);
    for (const auto& node : nodes) {
        CHECK((node.x == nodes[0].x));
    }
    for (std::size_t k = 0; k < 30; ++k) {
        CHECK(double(nodes[2].x[k]) == Approx(2 * mean[k] + 1).margin(1e-5));
    }
}

TEST_CASE("server: it serves unless it contributes, and so do its wrappers", "[exchange][server]") {
    const server alone, together(identity{}, identity{}, mean{}, {.contributes = true});
    CHECK(has_server(alone));
    CHECK_FALSE(has_server(together));
    CHECK(has_server(feedback(alone)));
    CHECK(has_server(diana(alone, 0.5f)));
    CHECK_FALSE(has_server(feedback(together)));
    CHECK_FALSE(has_server(all_gather{}));
}

TEST_CASE("server: its halves alone", "[exchange][server]") {
    const vectors inputs = inputs_of(4, 20);
    const auto nodes = play(4, [&](peer here, std::vector<float>& x) -> task<> {
        server<> exchange;
        x = inputs[here.self()];
        co_await exchange.collect(here.lane(0), x);
        if (here.self() != 0) {
            CHECK((x == inputs[here.self()]));
        }
        co_await exchange.spread(here.lane(1), x);
    });
    CHECK(distance(nodes[3].x, mean_of_inputs(inputs, 1)) < 1e-6);
    CHECK((nodes[3].x == nodes[0].x));
}

namespace {

using coded = scalar_compressor<dithered, max_norm, range_coder>;

//! What node 0 gets where node 3 of five sends a message that breaks off in the middle; the run's report.
std::pair<std::vector<float>, run_report> with_hostile_node(bool drop, std::size_t n = 5) {
    const vectors inputs = inputs_of(n, 100);
    auto nodes = scripted_nodes(n, [&, drop](peer here, std::vector<float>& x) -> task<> {
        const averaging_options options{.how = {.drop_malformed = drop}};
        server exchange(coded{dithered{.levels = 3}}, identity{}, mean{}, options);
        x = inputs[here.self()];
        if (here.self() != 3 || here.round() != 1) {
            co_await mean_of(exchange, here, x);
            co_return;
        }
        const peer up = here.lane(0), down = here.lane(1);
        coded codec{dithered{.levels = 3}};
        message whole;
        codec.compress(x, up.key(up.take_legs(), 3), whole);
        letter_ref broken = here.draft();
        broken->begin(whole.scheme(), whole.key(here.seed()), 100);
        const auto half = whole.payload().first(whole.payload().size() / 2);
        broken->buffer().insert(broken->buffer().end(), half.begin(), half.end());
        broken->seal(8 * half.size());
        up.send(0, std::move(broken));
        co_await down.receive(0);
    });
    const run_report report = run(tbb_engine{.threads = 2}, nodes, rounds{2});
    return {nodes[0].x, report};
}

}  // namespace

TEST_CASE("server: a message that breaks off ends the run, naming sender, receiver and round",
          "[exchange][server][hostile]") {
    for (const std::size_t n : {5u, 12u}) {
        const std::string text = failure_of([&] { with_hostile_node(false, n); });
        CHECK_THAT(text, contains_text("a message from node 3 to node 0, round 1, lane 1: "));
    }
}

TEST_CASE("server: dropped, it is counted and nothing of it remains", "[exchange][server][hostile]") {
    const auto [x, report] = with_hostile_node(true);
    CHECK(report.counted("messages dropped") == 1);
    const vectors inputs = inputs_of(5, 100);
    mean expected;
    expected.reset(100);
    std::vector<float> out(100);
    for (const std::uint32_t i : {1u, 2u, 4u}) {
        coded codec{dithered{.levels = 3}};
        message m;
        const random_key key{0, i, 1, 0x80000000u | 1u << 14};
        codec.compress(inputs[i], key, m);
        std::vector<float> y(100);
        codec.decompress(m, key, y);
        expected.add(y, 1.0f);
    }
    expected.result(out);
    CHECK((x == out));
}
