// An optimizer's step along a mean is the same step wherever the mean is reduced.
#include <frugal/exchange/update.hpp>

#include <frugal/compress/scalar.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/optimize/momentum.hpp>
#include <frugal/quantize/dithered.hpp>

#include "averaging.hpp"
#include "catch.hpp"

using namespace frugal;
using namespace test;

namespace {

template <class E>
struct stepping_node {
    E exchange;
    std::vector<float> direction;
    std::vector<float> x;
    by_part<momentum> optimizer{momentum{.learning_rate = 0.5, .factor = 0.5f}};

    task<> round(peer here) {
        borrowed_vector g = here.borrow(x.size());
        std::ranges::copy(direction, g.span().begin());
        co_await update_by_mean(exchange, here, x, g, optimizer);
    }
    std::span<const float> parameters() const { return x; }
    void state(state_archive& a) { a(x); }
};

template <class E>
vectors stepped(const E& exchange, const vectors& directions) {
    using node = stepping_node<E>;
    population<node> nodes(directions.size(), 3, [&](std::uint32_t i) {
        return node{exchange, directions[i], std::vector<float>(directions[0].size(), 1.0f)};
    });
    run(tbb_engine{}, nodes, rounds{3});
    vectors result;
    for (auto& n : nodes) {
        result.push_back(n.x);
    }
    return result;
}

}  // namespace

TEST_CASE("update_by_mean: momentum along the mean, part by part or whole", "[exchange][update]") {
    const vectors directions = inputs_of(4, 100);
    const std::vector<double> mean = mean_of_inputs(directions);
    const vectors parts = stepped(sharded(identity{}, identity{}, frugal::mean{}, {.block = 16}), directions);
    const vectors whole = stepped(all_gather{identity{}, frugal::mean{}, {.block = 16}}, directions);
    CHECK(all_equal(parts));
    CHECK((parts == whole));
    for (std::size_t i = 0; i < mean.size(); ++i) {
        // v: 1, 1.5, 1.75 times the mean; steps of half of each.
        CHECK(double(parts[0][i]) == Approx(1 - 0.5 * (1 + 1.5 + 1.75) * mean[i]).margin(1e-5));
    }
}

TEST_CASE("update_by_mean: where the answer is lossy, all nodes still have one x", "[exchange][update]") {
    const scalar_compressor codec{dithered{.levels = 7}};
    const vectors directions = inputs_of(4, 100);
    CHECK(all_equal(
        stepped(sharded(codec, codec, frugal::mean{}, {.block = 16, .downlink_feedback = true}), directions)));
    CHECK(all_equal(stepped(server(codec, codec, frugal::mean{}, {.contributes = true}), directions)));
}
