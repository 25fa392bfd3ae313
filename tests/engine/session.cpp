#include <frugal/engine/session.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <frugal/engine/local_session.hpp>
#include <frugal/engine/reactor_session.hpp>

#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;

namespace {

struct idle {
    void begin(event_clock&) {}
    void on(const event&, event_clock&) {}
    void state(state_archive&) {}
};

static_assert(Session<local_session<test::scripted>> && Session<reactor_session<idle>>);
static_assert(!Session<int> && !Session<network_model> && !Session<crew<test::scripted>>);

struct collected {
    std::vector<round_record> records;
    std::vector<std::pair<std::string, double>> counts;
};

collected read(std::span<const std::byte> bytes) {
    collected all;
    read_records(
        bytes, [&](const round_record& r) { all.records.push_back(r); },
        [&](const std::string& name, double value) { all.counts.emplace_back(name, value); });
    return all;
}

}  // namespace

TEST_CASE("session: records and counters come back in order", "[engine][session]") {
    std::vector<std::byte> bytes;
    round_record first, second;
    first.node = 3;
    first.loss = 0.25;
    first.sent = {1, 2, 3};
    second.node = 7;
    second.diverged = true;
    const std::vector<counter> counters{{"dropped", 2}, {"", -1}};
    append_record(bytes, first, counters);
    append_record(bytes, second, {});
    const collected all = read(bytes);
    REQUIRE(all.records.size() == 2);
    CHECK(all.records[0].node == 3);
    CHECK(all.records[0].loss == 0.25);
    CHECK(all.records[0].sent == traffic{1, 2, 3});
    CHECK(all.records[1].node == 7);
    CHECK(all.records[1].diverged);
    CHECK(all.counts == std::vector<std::pair<std::string, double>>{{"dropped", 2}, {"", -1}});
    CHECK(read({}).records.empty());
}

TEST_CASE("session: records that end early or announce what is not there are refused", "[engine][session][hostile]") {
    std::vector<std::byte> bytes;
    append_record(bytes, {}, std::vector<counter>{{"dropped", 2}});
    for (std::size_t kept = 1; kept < bytes.size(); ++kept) {
        CHECK_THROWS_AS(read(std::span(bytes).first(kept)), malformed_message);
    }
    for (const std::size_t at : {sizeof(round_record), sizeof(round_record) + 8}) {  // the count, a name's length
        for (const std::uint64_t lie : {std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
            auto altered = bytes;
            std::memcpy(altered.data() + at, &lie, sizeof lie);
            CHECK_THROWS_AS(read(altered), malformed_message);
        }
    }
}
