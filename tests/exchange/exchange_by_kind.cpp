// Truth values and numbers, each through an exchange of their own.
#include <frugal/exchange/exchange_by_kind.hpp>

#include <vector>

#include <frugal/aggregate/majority_vote.hpp>
#include <frugal/compress/signs.hpp>
#include <frugal/exchange/server.hpp>

#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

namespace {

tensor_layout mixed() {
    tensor_layout layout;
    layout.add("a", {1}).add("b", {9}, value_kind::boolean).add("c", {2});
    return layout;
}

}  // namespace

TEST_CASE("exchange_by_kind: a vote and a mean, a bit and 32 bits", "[exchange][exchange_by_kind]") {
    const auto nodes = play(4, [](peer here, std::vector<float>& x) -> task<> {
        exchange_by_kind exchange(server{signs(), signs(), majority_vote(0.5)}, server<>(), mixed());
        CHECK(has_server(exchange));
        exchange.weigh({0, 1, 1, 1});
        const auto i = float(here.self());
        x.assign(12, i);
        for (std::size_t k = 1; k < 10; ++k) {
            // all agree on 1, two of three on 2: no quorum, so that the server keeps what it had
            x[k] = k == 1 || (k == 2 && here.self() != 1) ? 1.0f : -1.0f;
        }
        co_await exchange.collect(here.lane(0), x);
        co_await exchange.spread(here.lane(1), x);
    });
    for (const auto& node : nodes) {
        CHECK(node.x[0] == 2);
        CHECK(node.x[1] == 1);
        CHECK(node.x[2] == 1);  // number 0's old value
        CHECK(node.x[3] == -1);
        CHECK(node.x[11] == 2);
    }
}

TEST_CASE("exchange_by_kind: what travels is a bit for each truth value", "[exchange][exchange_by_kind]") {
    auto nodes = scripted_nodes(2, [](peer here, std::vector<float>& x) -> task<> {
        exchange_by_kind exchange(server{signs(), signs(), majority_vote()}, server<>(), mixed());
        x.assign(12, 1.0f);
        co_await exchange.collect(here.lane(0), x);
    });
    const run_report report = run(tbb_engine{}, nodes, rounds{1});
    CHECK(report.per_node[1].sent.payload_bits == 9 + 3 * 32);
    CHECK(report.per_node[0].sent.payload_bits == 0);
    CHECK(nodes[0].x == std::vector<float>(12, 1.0f));
    const auto none = play(2, [](peer here, std::vector<float>& x) -> task<> {
        exchange_by_kind exchange(server{signs(), signs(), majority_vote()}, server<>(), tensor_layout::flat(3));
        x.assign(3, float(here.self()));
        co_await exchange.collect(here.lane(0), x);
    });
    CHECK(none[0].x == std::vector<float>{1, 1, 1});
}
