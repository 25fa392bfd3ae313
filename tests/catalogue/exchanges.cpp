// Exchanges by name: what they say of themselves parses back to the same.
#include <frugal/catalogue/exchanges.hpp>

#include <frugal/catalogue/shared.hpp>

#include <string>

#include "catch.hpp"
#include "exchange/averaging.hpp"

using namespace frugal;

TEST_CASE("exchanges: every name parses back to the same exchange", "[catalogue][exchanges]") {
    for (const char* text :
         {"server", "server(up=dqsg,down=qsgd,aggregator=minimax_mean,block=100,contributes=1,drop_malformed=1)",
          "sharded(up=dqsg,down=dqsg,downlink_feedback=1)", "all_gather(sparse(top_k(fraction=0.1)),block=64)",
          "feedback(server(up=sparse(top_k(count=3))),decay=0.9)", "diana(all_gather(dqsg),alpha=0.125)",
          "hierarchical(all_gather,sharded(dqsg),nodes=4,period=2)", "when_it_pays(sharded(dqsg,dqsg),trials=5)",
          "server(isgq)", "over_the_air(random_linear(gain=5,block=256),snr_db=10,activity=0.5,fading=1,weakest=0.2)",
          "source_coded(levels=7,bucket=512,down=dqsg)",
          "feedback(over_the_air(contractive(random_linear),amplitude=2))"}) {
        const any_exchange exchange = parse<any_exchange>(text);
        CHECK(parse<any_exchange>(exchange.name()).name() == exchange.name());
        CHECK(parse<any_exchange>(exchange.name()).compressor().name() == exchange.compressor().name());
    }
    CHECK(has_server(parse<any_exchange>("feedback(server(up=sparse(top_k(count=3))))")));
    CHECK(parse<any_exchange>("sharded").exact());
    CHECK_FALSE(parse<any_exchange>("sharded(dqsg,dqsg)").exact());
}

TEST_CASE("exchanges: what makes no sense is refused with a reason", "[catalogue][exchanges]") {
    using Catch::Matchers::Contains;
    CHECK_THROWS_WITH(parse<any_exchange>("shared"), Contains("did you mean 'sharded'"));
    CHECK_THROWS_WITH(parse<any_exchange>("diana(all_gather(topk),alpha=0.5)"), Contains("unbiased"));
    CHECK_THROWS_WITH(parse<any_exchange>("feedback(all_gather(terngrad))"), Contains("feedback"));
    CHECK_THROWS_WITH(parse<any_exchange>("when_it_pays(server)"), Contains("every node contributes"));
    CHECK_THROWS_WITH(parse<any_exchange>("over_the_air(dqsg)"), Contains("linear"));
    CHECK_THROWS_WITH(parse<any_exchange>("feedback(over_the_air)"), Contains("feedback"));
    CHECK_THROWS_WITH(parse<any_exchange>("sharded(block=-1)"), Contains("whole number"));
}

TEST_CASE("exchanges: told the tensors, they are those whose compressors were given them",
          "[catalogue][exchanges][per_tensor][equivalence]") {
    tensor_layout layout;
    layout.add("weight", {5, 5}).add("bias", {5});
    const auto inputs = test::inputs_of(3, 30);
    auto by_name = parse<any_exchange>(
        "server(up=per_tensor(scalar(dithered(levels=3))),down=per_tensor(scalar(dithered)),contributes=1)");
    by_name.fit(layout);
    const server typed(per_tensor{scalar_compressor{dithered{.levels = 3}}, layout},
                       per_tensor{scalar_compressor{dithered{}}, layout}, mean{}, {.contributes = true});
    CHECK(test::averaged(by_name, inputs) == test::averaged(typed, inputs));
    CHECK_THROWS_WITH(test::averaged(parse<any_exchange>("all_gather(per_tensor(identity))"), inputs),
                      Catch::Matchers::Contains("which tensors the vector holds is not known"));
}
