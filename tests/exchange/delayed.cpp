// Exchanges that end some rounds after they began, also across a checkpoint.
#include <string>
#include <vector>

#include <frugal/compress/scalar.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/engine/checkpoint.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/choco.hpp>
#include <frugal/exchange/delayed.hpp>
#include <frugal/exchange/gossip.hpp>
#include <frugal/exchange/hierarchical.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/mix/topologies.hpp>
#include <frugal/quantize/dithered.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scratch_directory.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

static_assert(Exchange<delayed<all_gather<>>> && Exchange<delayed<gossip<>>>);

namespace {

//! x <- x - 0.1 (mean of (x - center) of some rounds ago).
template <class E>
struct late_gradients {
    E exchange;
    std::vector<float> x;
    std::vector<float> center;

    task<> round(peer here) {
        std::vector<float> g(x.size());
        for (std::size_t k = 0; k < x.size(); ++k) {
            g[k] = x[k] - center[k];
        }
        exchange.begin(here, g, std::span<float>());
        std::fill(g.begin(), g.end(), 0.0f);
        co_await exchange.end(here, g);
        for (std::size_t k = 0; k < x.size(); ++k) {
            x[k] -= 0.1f * g[k];
        }
    }
    std::span<const float> parameters() const { return x; }
    void state(state_archive& a) {
        a(x);
        exchange.state(a);
    }
};

template <class E>
population<late_gradients<E>> training(const E& exchange) {
    return population<late_gradients<E>>(6, 5, [=](std::uint32_t i) {
        return late_gradients<E>{exchange, std::vector<float>(50, 1.0f), normal_vector(50, i)};
    });
}

template <class E>
void resumes(const E& exchange) {
    auto whole = training(exchange), first = training(exchange), second = training(exchange);
    const auto expected = run(tbb_engine{}, whole, rounds{20});
    const scratch_directory dir;
    run(tbb_engine{}, first, rounds{9}, checkpoint_every{7, dir.path});
    const auto report = run(tbb_engine{}, second, rounds{20}, resume{dir.path});
    CHECK(report.parameters_digest == expected.parameters_digest);
    CHECK(report.received == expected.received);
    CHECK(report.network_seconds == expected.network_seconds);
}

const scalar_compressor dither{dithered{.levels = 3}};

}  // namespace

TEST_CASE("delayed: what comes is the mean of so many rounds ago", "[exchange][delayed]") {
    for (const std::uint32_t delay : {0u, 1u, 3u}) {
        const auto check = [&](const auto& inner, std::size_t first) {
            std::vector<delayed<std::remove_cvref_t<decltype(inner)>>> exchanges(4, delayed(inner, delay));
            const auto nodes = play(
                4,
                [&](peer here, std::vector<float>& x) -> task<> {
                    x = normal_vector(20, 10 * here.round() + here.self());
                    exchanges[here.self()].begin(here, x, std::span<float>());
                    std::fill(x.begin(), x.end(), -1.0f);
                    co_await exchanges[here.self()].end(here, x);
                    if (here.round() < delay) {
                        CHECK(x == std::vector<float>(20, -1.0f));
                    }
                },
                8);
            vectors then;
            for (std::size_t i = 0; i < 4; ++i) {
                then.push_back(normal_vector(20, 10 * (7 - delay) + i));
            }
            for (const auto& node : nodes) {
                CHECK(distance(node.x, mean_of_inputs(then, first)) < 2e-6);
            }
        };
        check(all_gather{}, 0);
        check(sharded{}, 0);
        check(server{}, 1);
    }
    CHECK_THROWS_AS(delayed(all_gather{}, 101), invalid_input);
}

TEST_CASE("delayed: late gradients still find the minimum", "[exchange][delayed]") {
    auto nodes = training(delayed(all_gather{}, 2));
    run(tbb_engine{}, nodes, rounds{300});
    vectors centers;
    for (std::uint32_t i = 0; i < 6; ++i) {
        centers.push_back(nodes[i].center);
    }
    CHECK(distance(nodes[3].x, mean_of_inputs(centers)) < 1e-5);
}

TEST_CASE("delayed: a checkpoint has what is under way", "[exchange][delayed][checkpoint]") {
    resumes(delayed(all_gather{dither, mean{}, {.block = 16}}, 2));
    resumes(delayed(all_gather{}, 1));
    resumes(delayed(sharded{dither, dither, mean{}, {.block = 16, .downlink_feedback = true}}, 3));
    resumes(delayed(server{dither, identity{}, mean{}, {.contributes = true}}, 2));
    resumes(delayed(gossip(ring(6)), 1));
    resumes(delayed(gossip(ring(6), dither), 2));
    resumes(delayed(choco_exchange(ring(6), sparse_compressor{top_k{.fraction = 0.2}}), 2));
    resumes(delayed(hierarchical(all_gather{dither}, all_gather{}, 3), 2));
}
