// The mailbox: order by source and arrival, several messages of one source, lanes, what is left over.
#include <cstdint>
#include <utility>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/core/random.hpp>
#include <frugal/node/mailbox.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

struct box {
    letter_pool letters;
    mailbox inbox;

    bool put(std::uint32_t lane, std::uint32_t source, std::size_t length, double time = 0) {
        letter_ref l = letters.take();
        const std::vector<float> x(length);
        identity().compress(x, {}, *l);
        return inbox.put(lane, {source, std::move(l), time});
    }
    bool await(std::uint32_t lane, std::vector<std::uint32_t> sources) {
        inbox.await(lane) = std::move(sources);
        return inbox.complete();
    }
    //! (source, length) of what was waited for.
    std::vector<std::pair<std::uint32_t, std::size_t>> take() {
        std::vector<std::pair<std::uint32_t, std::size_t>> all;
        for (const mailbox::arrival& a : inbox.take()) {
            all.emplace_back(a.source, a.content->dimension());
        }
        return all;
    }
};

using taken = std::vector<std::pair<std::uint32_t, std::size_t>>;

}  // namespace

TEST_CASE("mailbox: the order is that of the sources, whatever that of the arrivals", "[node][mailbox]") {
    box b;
    CHECK_FALSE(b.put(0, 5, 1));
    CHECK_FALSE(b.put(0, 2, 2));
    CHECK_FALSE(b.await(0, {2, 3, 5}));
    CHECK(b.inbox.waiting());
    CHECK(b.inbox.missing_source() == 3);
    CHECK(b.put(0, 3, 3));
    CHECK(b.take() == taken{{2, 2}, {3, 3}, {5, 1}});
    CHECK_FALSE(b.inbox.waiting());
    CHECK(b.inbox.empty());
}

TEST_CASE("mailbox: several messages of one source are taken one by one, in order of arrival", "[node][mailbox]") {
    box b;
    for (std::size_t k = 1; k <= 3; ++k) {
        b.put(0, 7, k);
        b.put(0, 4, 10 * k);
    }
    CHECK(b.await(0, {4, 7}));
    CHECK(b.take() == taken{{4, 10}, {7, 1}});
    CHECK(b.await(0, {7}));
    CHECK(b.take() == taken{{7, 2}});
    CHECK(b.await(0, {4, 7}));
    CHECK(b.take() == taken{{4, 20}, {7, 3}});
    CHECK_FALSE(b.await(0, {4, 7}));
    CHECK_FALSE(b.put(0, 9, 1));  // of somebody else
    CHECK(b.put(0, 7, 4));        // 4 has been here
    CHECK(b.take() == taken{{4, 30}, {7, 4}});
    CHECK_FALSE(b.inbox.empty());
}

TEST_CASE("mailbox: lanes do not meet, and a second message of a source completes nothing", "[node][mailbox]") {
    box b;
    CHECK_FALSE(b.await(1, {2, 3}));
    CHECK(b.inbox.awaited_lane() == 1);
    CHECK_FALSE(b.put(0, 2, 1));
    CHECK_FALSE(b.put(1, 2, 2));
    CHECK_FALSE(b.put(1, 2, 3));
    CHECK_FALSE(b.put(0, 3, 4));
    CHECK(b.put(1, 3, 5));
    CHECK(b.take() == taken{{2, 2}, {3, 5}});
    CHECK(b.await(0, {2, 3}));
    CHECK(b.take() == taken{{2, 1}, {3, 4}});
}

TEST_CASE("mailbox: random arrivals against a straightforward queue", "[node][mailbox]") {
    box b;
    std::vector<std::vector<std::vector<std::size_t>>> queues(3, std::vector<std::vector<std::size_t>>(6));
    const random_stream draw({.seed = 3});
    std::uint64_t i = 0;
    for (std::size_t step = 1; step < 3000; ++step) {
        if (draw.below(3, i++) > 0) {
            const auto lane = static_cast<std::uint32_t>(draw.below(3, i++));
            const auto source = static_cast<std::uint32_t>(draw.below(6, i++));
            b.put(lane, source, step);
            queues[lane][source].push_back(step);
            continue;
        }
        const auto lane = static_cast<std::uint32_t>(draw.below(3, i++));
        std::vector<std::uint32_t> sources;
        taken expected;
        bool here = true;
        for (std::uint32_t source = 0; source < 6; ++source) {
            if (draw.below(2, i++) == 0) {
                sources.push_back(source);
                here = here && !queues[lane][source].empty();
                if (!queues[lane][source].empty()) {
                    expected.emplace_back(source, queues[lane][source].front());
                }
            }
        }
        REQUIRE(b.await(lane, sources) == here);
        if (here) {
            REQUIRE(b.take() == expected);
            for (const std::uint32_t source : sources) {
                queues[lane][source].erase(queues[lane][source].begin());
            }
        }
    }
}

TEST_CASE("mailbox: what was not received, on lanes that are kept and on others", "[node][mailbox]") {
    box b;
    b.inbox.keep(4);
    b.put(4, 1, 1, 3.0);
    b.put(4, 2, 2, 4.0);
    b.put(5, 3, 3);
    std::vector<std::uint32_t> kept, lost;
    b.inbox.for_undelivered(true, [&](std::uint32_t lane, const mailbox::arrival& a) {
        CHECK(lane == 4);
        kept.push_back(a.source);
    });
    b.inbox.for_undelivered(false, [&](std::uint32_t lane, const mailbox::arrival& a) {
        CHECK(lane == 5);
        lost.push_back(a.source);
    });
    CHECK(kept == std::vector<std::uint32_t>{1, 2});
    CHECK(lost == std::vector<std::uint32_t>{3});
    b.inbox.release();
    b.inbox.forget_times();
    b.inbox.for_undelivered(true, [&](std::uint32_t, const mailbox::arrival& a) { CHECK(a.time == 0); });
    b.await(5, {9});
    b.inbox.clear();
    CHECK(b.inbox.empty());
    CHECK_FALSE(b.inbox.waiting());
}
