// An exchange chosen at run time is the one it holds.
#include <frugal/exchange/any_exchange.hpp>

#include <frugal/algorithm/synchronous.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/feedback.hpp>
#include <frugal/exchange/hierarchical.hpp>
#include <frugal/exchange/server.hpp>
#include <frugal/exchange/sharded.hpp>
#include <frugal/exchange/when_it_pays.hpp>
#include <frugal/objective/quadratic.hpp>
#include <frugal/quantize/dithered.hpp>

#include "averaging.hpp"
#include "catch.hpp"

using namespace frugal;
using namespace test;

static_assert(AveragingExchange<any_exchange>);

TEST_CASE("any_exchange: the bits, the laws and the roles of what it holds", "[exchange][any_exchange]") {
    const scalar_compressor codec{dithered{.levels = 3}};
    const vectors inputs = inputs_of(5, 100);
    const any_exchange parts(sharded(codec, codec, mean{}, {.block = 16}), "sharded(...)");
    CHECK((averaged(parts, inputs) == averaged(sharded(codec, codec, mean{}, {.block = 16}), inputs)));
    CHECK(parts.name() == "sharded(...)");
    CHECK_FALSE(parts.exact());
    CHECK_FALSE(has_server(parts));
    CHECK(parts.compressor().name() == codec.name());
    CHECK(parts.laws_for(100) == laws_of(codec, 100));
    const any_exchange biased(all_gather(sparse_compressor{top_k{.count = 5}}), "all_gather(...)");
    CHECK_FALSE(averages(biased.laws_for(100)));
    CHECK(averages(any_exchange(feedback(biased), "feedback(...)").laws_for(100)));
    CHECK(averages(any_exchange(hierarchical(parts, any_exchange(feedback(biased), "f"), 2), "h").laws_for(100)));
    CHECK_FALSE(averages(any_exchange(hierarchical(parts, biased, 2), "h").laws_for(100)));
    CHECK(averages(any_exchange(when_it_pays(any_exchange(feedback(biased), "f")), "w").laws_for(100)));

    const any_exchange served{frugal::server(codec), "server(...)"};
    CHECK(served.exact());
    CHECK(has_server(served));
    any_exchange copy = parts;
    copy = served;
    CHECK(copy.name() == "server(...)");
    CHECK(has_server(copy));
}

TEST_CASE("any_exchange: trains as what it holds does; without a server it refuses to spread",
          "[exchange][any_exchange]") {
    const quadratic objective(std::vector<float>(20, 1.0f), std::vector<float>(20, 0.5f));
    const std::vector<float> initial(20);
    const auto train = [&](auto exchange) {
        auto nodes = synchronous({.workers = 3, .seed = 5}, objective, initial, full_batch{}, exchange,
                                 sgd{.learning_rate = 0.1});
        return run(tbb_engine{}, nodes, rounds{20}).parameters_digest;
    };
    const frugal::server held(scalar_compressor{dithered{.levels = 3}});
    CHECK(train(any_exchange(held, "server")) == train(held));

    struct spreading {
        any_exchange exchange;
        std::vector<float> x;
        task<> round(peer here) { return exchange.spread(here, x); }
        void state(state_archive&) {}
    };
    std::vector<spreading> nodes(2, {any_exchange(all_gather<>{}, "all_gather"), std::vector<float>(3)});
    CHECK_THROWS_WITH(run(tbb_engine{}, nodes, rounds{1}),
                      "this algorithm needs an exchange with a server, such as server(...)");
}
