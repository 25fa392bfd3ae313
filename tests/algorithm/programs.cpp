// All algorithms: the same bits for any number of threads, and after an interruption.
#include <frugal/engine/checkpoint.hpp>
#include <frugal/engine/tbb_engine.hpp>

#include "catch.hpp"
#include "programs.hpp"
#include "scratch_directory.hpp"

namespace programs_test {

using namespace frugal;

TEST_CASE("every algorithm: the same bits for any number of threads, and after an interruption",
          "[algorithm][equivalence][checkpoint]") {
    const network_model network{.latency = 1e-4, .bandwidth = 1e7};
    for (const test::program& p : test::all_programs()) {
        INFO(p.name);
        auto one = p.make(), two = p.make(), first = p.make(), second = p.make();
        const auto expected = run(tbb_engine{.threads = 1, .network = network}, one, rounds{12});
        const auto threaded = run(tbb_engine{.threads = 2, .network = network}, two, rounds{12});
        CHECK(expected.reason == stop_reason::finished);
        CHECK(threaded.parameters_digest == expected.parameters_digest);
        CHECK(threaded.network_seconds == expected.network_seconds);
        CHECK(expected.network_seconds > 0);
        CHECK(threaded.sent == expected.sent);
        CHECK(threaded.loss == expected.loss);
        const test::scratch_directory dir;
        run(tbb_engine{.network = network}, first, rounds{7}, checkpoint_every{5, dir.path});
        const auto resumed = run(tbb_engine{.network = network}, second, rounds{12}, resume{dir.path});
        CHECK(resumed.parameters_digest == expected.parameters_digest);
        CHECK(resumed.sent == expected.sent);
        CHECK(resumed.received == expected.received);
        CHECK(resumed.network_seconds == Approx(expected.network_seconds));
        CHECK(resumed.loss == expected.loss);
    }
}

}  // namespace programs_test
