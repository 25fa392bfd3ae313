// An exchange in one round of k.
#include <vector>

#include <frugal/exchange/all_gather.hpp>
#include <frugal/exchange/every.hpp>

#include "averaging.hpp"
#include "catch.hpp"

using namespace frugal;
using namespace test;

static_assert(Exchange<every<all_gather<>>> && !AveragingExchange<every<all_gather<>>>);

TEST_CASE("every: exchanges in rounds k - 1, 2 k - 1, ... and sends nothing in others", "[exchange][every]") {
    const vectors inputs = inputs_of(3, 10);
    const every exchange(all_gather{}, 3);
    CHECK((averaged(exchange, inputs, 2) == inputs));
    CHECK((averaged(exchange, inputs, 3) == averaged(all_gather{}, inputs)));
    using node = averaging_node<every<all_gather<>>>;
    population<node> nodes(3, 1, [&](std::uint32_t i) { return node(exchange, inputs[i]); });
    std::vector<std::uint64_t> messages;
    run(tbb_engine{}, nodes, rounds{7}, [&](const run_status& s) { messages.push_back(s.sent_now.messages); });
    CHECK(messages == std::vector<std::uint64_t>{0, 0, 3, 0, 0, 3, 0});
    CHECK_THROWS_AS(every(all_gather{}, 0), invalid_input);
}
