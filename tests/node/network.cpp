// Simulated time on links of finite speed, against cases by hand.
#include <frugal/node/network.hpp>

#include <cmath>
#include <vector>

#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/delayed.hpp>
#include <frugal/exchange/gossip.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/mix/topologies.hpp>

#include "catch.hpp"
#include "exchange/averaging.hpp"
#include "scripted.hpp"

using namespace frugal;

namespace {

const network_model network{.latency = 1e-3, .bandwidth = 1e6};
constexpr std::size_t dimension = 100;
const double bytes = 4 * dimension + message::header_size + message::checksum_size;
const double T = 8 * bytes / network.bandwidth, L = network.latency;  // of one message

template <class E>
double seconds_of(const E& exchange, std::size_t n, std::uint64_t count = 1) {
    using node = averaging_node<E>;
    population<node> nodes(n, 1, [&](std::uint32_t) { return node(exchange, std::vector<float>(dimension)); });
    return run(tbb_engine{.network = network}, nodes, rounds{count}).network_seconds;
}

}  // namespace

TEST_CASE("network_model: transmission and refusals", "[node][network]") {
    CHECK(network.transmission(1000) == Approx(8e-3));
    CHECK(network_model{.latency = 1}.transmission(1000) == 0);
    auto nodes = test::scripted_nodes(1, [](peer, std::vector<float>&) -> task<> { co_return; });
    CHECK_THROWS_AS(run(tbb_engine{.network = {.latency = -1}}, nodes, rounds{1}), invalid_input);
    CHECK_THROWS_AS(run(tbb_engine{.network = {.bandwidth = NAN}}, nodes, rounds{1}), invalid_input);
    CHECK(run(tbb_engine{.network = network}, nodes, rounds{1}).network_seconds == 0);
}

TEST_CASE("network_model: a server hears n workers one after the other, and answers all at once", "[node][network]") {
    for (const std::size_t workers : {1u, 2u, 7u}) {
        const double up = L + static_cast<double>(workers) * T, down = T + L;
        CHECK(seconds_of(server{}, workers + 1) == Approx(up + down));
        CHECK(seconds_of(server{}, workers + 1, 5) == Approx(5 * (up + down)));
    }
}

TEST_CASE("network_model: a ring, and everyone to everyone", "[node][network]") {
    CHECK(seconds_of(gossip(ring(2)), 2) == Approx(T + L));
    CHECK(seconds_of(gossip(ring(8)), 8) == Approx(2 * T + L));
    CHECK(seconds_of(all_gather{}, 5) == Approx(4 * T + L));
}

TEST_CASE("network_model: messages are received in the order in which they come", "[node][network]") {
    auto nodes = test::scripted_nodes(4, [](peer here, std::vector<float>&) -> task<> {
        if (here.self() == 0) {
            co_await here.receive_from_others();
            co_return;
        }
        if (here.self() == 1) {
            here.busy(1.0);  // the first source is the last to come
        }
        here.send(0, test::note(here, 1));
    });
    const double t = network.transmission(4 + message::header_size + message::checksum_size);
    CHECK(run(tbb_engine{.network = network}, nodes, rounds{1}).network_seconds == Approx(1 + t + L));
}

TEST_CASE("network_model: a conversation of two, and waiting that computing hides", "[node][network]") {
    auto nodes = test::scripted_nodes(2, [](peer here, std::vector<float>&) -> task<> {
        for (int k = 0; k < 3; ++k) {
            if (here.self() == 0) {
                here.send(1, test::note(here, 1));
                co_await here.receive(1);
            } else {
                co_await here.receive(0);
                here.send(0, test::note(here, 1));
            }
        }
        here.busy(0.5);
    });
    const double t = network.transmission(4 + message::header_size + message::checksum_size);
    CHECK(run(tbb_engine{.network = network}, nodes, rounds{1}).network_seconds == Approx(6 * (t + L) + 0.5));
    auto hidden = test::scripted_nodes(2, [](peer here, std::vector<float>&) -> task<> {
        here.send_to_others(test::note(here, 1));
        here.busy(0.5);
        co_await here.receive_from_others();
    });
    CHECK(run(tbb_engine{.network = network}, hidden, rounds{1}).network_seconds == Approx(0.5));
}

TEST_CASE("network_model: a message of an earlier round left before this one began", "[node][network]") {
    // first round: only sending; later ones: what waits is received while the next leaves
    CHECK(seconds_of(delayed(gossip(ring(2)), 1), 2, 1) == Approx(T));
    CHECK(seconds_of(delayed(gossip(ring(2)), 1), 2, 4) == Approx(T + 3 * std::max(T, L)));
}
