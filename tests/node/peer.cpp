// What a node sees of the world: groups, lanes, keys, lasting lanes, and every mistake by its name.
#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <frugal/node/peer.hpp>

#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using test::failure_of;
using test::note;
using test::play;
using test::value_of;

TEST_CASE("peer: numbers, and a message to all others", "[node][peer]") {
    const auto nodes = play(5, [](peer here, std::vector<float>& x) -> task<> {
        x = {static_cast<float>(here.self()), static_cast<float>(here.size())};
        here.send_to_others(note(here, static_cast<float>(10 * here.self())));
        for (const envelope& e : co_await here.receive_from_others()) {
            x.push_back(static_cast<float>(e.from));
            x.push_back(value_of(e));
        }
    });
    CHECK(nodes[0].x == std::vector<float>{0, 5, 1, 10, 2, 20, 3, 30, 4, 40});
    CHECK(nodes[3].x == std::vector<float>{3, 5, 0, 0, 1, 10, 2, 20, 4, 40});
}

TEST_CASE("peer: a group has numbers of its own, keys and the wire have those of the population", "[node][peer]") {
    static const std::vector<std::uint32_t> odd{1, 3, 5}, even{0, 2, 4};
    const auto nodes = play(6, [](peer here, std::vector<float>& x) -> task<> {
        const peer near = here.among(here.self() % 2 == 1 ? odd : even);
        x = {static_cast<float>(near.self()), static_cast<float>(near.size()), static_cast<float>(near.global(2)),
             static_cast<float>(near.key(0, near.self()).node)};
        near.send((near.self() + 1) % 3, note(near, static_cast<float>(here.self())));
        const auto got = co_await near.receive((near.self() + 2) % 3);
        x.push_back(static_cast<float>(got[0].from));
        x.push_back(value_of(got[0]));
        x.push_back(static_cast<float>(got[0].content->key(here.seed()).node));
    });
    CHECK(nodes[3].x == std::vector<float>{1, 3, 5, 3, 0, 1, 1});
    CHECK(nodes[0].x == std::vector<float>{0, 3, 4, 0, 2, 4, 4});
}

TEST_CASE("peer: lanes are conversations that do not meet", "[node][peer]") {
    const auto nodes = play(2, [](peer here, std::vector<float>& x) -> task<> {
        const std::uint32_t other = 1 - here.self();
        for (std::uint32_t k = 0; k < 3; ++k) {
            here.lane(k).send(other, note(here.lane(k), static_cast<float>(k)));
            here.lane(k).lane(1).send(other, note(here.lane(k).lane(1), static_cast<float>(10 + k)));
        }
        here.send(other, note(here, 99));
        here.send(other, note(here, 100));
        for (std::uint32_t k = 3; k > 0; --k) {
            const auto inner = co_await here.lane(k - 1).lane(1).receive(other);
            x.push_back(value_of(inner[0]));
            const auto outer = co_await here.lane(k - 1).receive(other);
            x.push_back(value_of(outer[0]));
        }
        for (int k = 0; k < 2; ++k) {
            const auto plain = co_await here.receive(other);
            x.push_back(value_of(plain[0]));
        }
    });
    CHECK(nodes[0].x == std::vector<float>{12, 2, 11, 1, 10, 0, 99, 100});
    CHECK(nodes[1].x == nodes[0].x);
}

TEST_CASE("peer: no key is used twice in a round, whatever the lane and leg", "[node][peer]") {
    play(1, [](peer here, std::vector<float>&) -> task<> {
        std::set<std::uint32_t> purposes;
        std::size_t keys = 0;
        const auto take = [&](const peer& p, std::uint32_t n) {
            const std::uint32_t first = p.take_legs(n);
            for (std::uint32_t leg = first; leg < first + n; ++leg) {
                purposes.insert(p.key(leg, 0).purpose);
                ++keys;
            }
        };
        for (int repeat = 0; repeat < 2; ++repeat) {
            take(here, 5);
            for (const std::uint32_t a : {0u, 1u, 5u, 126u}) {
                take(here.lane(a), 3);
                for (const std::uint32_t b : {0u, 1u, 126u}) {
                    take(here.lane(a).lane(b), 2);
                    if (a < 7) {
                        take(here.lane(a).lane(b).lane(0), 1);
                        take(here.lane(a).lane(b).lane(126), 1);
                    }
                }
            }
        }
        CHECK(purposes.size() == keys);
        CHECK(*purposes.begin() >= 0x80000000u);  // apart from a user's own purposes
        const peer full = here.lane(2);
        full.take_legs(1u << 14);
        CHECK_THROWS_AS(full.take_legs(1), invalid_input);
        CHECK_THROWS_AS(here.lane(127), invalid_input);
        CHECK_THROWS_AS(here.lane(7).lane(0).lane(0), invalid_input);
        co_return;
    });
}

TEST_CASE("peer: legs start anew in every round, keys do not", "[node][peer]") {
    std::set<std::tuple<std::uint64_t, std::uint32_t>> keys;
    play(
        1,
        [&](peer here, std::vector<float>&) -> task<> {
            for (int k = 0; k < 3; ++k) {
                const random_key key = here.key(here.take_legs(), 0);
                keys.insert({key.round, key.purpose});
            }
            co_return;
        },
        4);
    CHECK(keys.size() == 12);
}

TEST_CASE("peer: messages of a lasting lane are received in a later round", "[node][peer]") {
    const auto nodes = play(
        2,
        [](peer here, std::vector<float>& x) -> task<> {
            const std::uint32_t other = 1 - here.self();
            const peer now = here.lane(0).lasting(here.round());
            now.send(other, note(now, static_cast<float>(here.round())));
            if (here.round() >= 2) {
                const peer before = here.lane(0).lasting(here.round() - 2);
                const auto got = co_await before.receive(other);
                x.push_back(value_of(got[0]));
                CHECK(got[0].content->key(here.seed()) == before.key(0, other));
            }
        },
        5);
    CHECK(nodes[0].x == std::vector<float>{0, 1, 2});
    CHECK(nodes[1].x == nodes[0].x);
}

TEST_CASE("peer: common randomness is common to nodes, not to rounds, lanes and purposes", "[node][peer]") {
    const auto nodes = play(
        3,
        [](peer here, std::vector<float>& x) -> task<> {
            x.push_back(here.common_randomness(1).uniform(0));
            x.push_back(here.common_randomness(2).uniform(0));
            x.push_back(here.lane(0).common_randomness(1).uniform(0));
            co_return;
        },
        2);
    CHECK(nodes[0].x == nodes[1].x);
    CHECK(nodes[0].x == nodes[2].x);
    CHECK(std::set<float>(nodes[0].x.begin(), nodes[0].x.end()).size() == 6);
}

TEST_CASE("peer: work in parallel, borrowed vectors, counters and losses", "[node][peer]") {
    auto nodes = test::scripted_nodes(4, [](peer here, std::vector<float>& x) -> task<> {
        borrowed_vector squares = here.borrow(1000);
        here.parallel(squares.size(), [&](std::size_t i) { squares[i] = static_cast<float>(i * i); });
        x = {squares[999], static_cast<float>(here.threads())};
        here.count("apples", 2);
        here.count("apples");
        if (here.self() == 1) {
            here.count("pears", 0.5);
        }
        here.report(static_cast<double>(here.self()), 1 + here.self());
        co_return;
    });
    const auto report = run(tbb_engine{.threads = 2}, nodes, rounds{3});
    CHECK(nodes[2].x == std::vector<float>{998001, 2});
    CHECK(report.counted("apples") == 4 * 3 * 3);
    CHECK(report.counted("pears") == 1.5);
    CHECK(report.counted("plums") == 0);
    CHECK(report.loss == Approx((0 * 1 + 1 * 2 + 2 * 3 + 3 * 4) / 10.0));
}

TEST_CASE("peer: whoever waits for ever is named, with lane and source", "[node][peer][hostile]") {
    const std::string text = failure_of([] {
        play(4, [](peer here, std::vector<float>&) -> task<> {
            if (here.self() == 2) {
                co_await here.lane(1).receive(3);
            }
        });
    });
    CHECK(text == "round 0 cannot end: node 2 waits on lane 2 for node 3, and no message is under way");
    const std::string ring = failure_of([] {
        play(
            3,
            [](peer here, std::vector<float>&) -> task<> {
                const std::uint32_t left = (here.self() + 2) % 3;
                if (here.round() == 1) {
                    co_await here.receive(left);
                }
                here.send((here.self() + 1) % 3, note(here, 1));
                if (here.round() == 0) {
                    co_await here.receive(left);
                }
            },
            2);
    });
    CHECK(ring == "round 1 cannot end: node 0 waits on lane 0 for node 2, and no message is under way");
}

TEST_CASE("peer: a message that nobody receives is an error, naming all that is known of it", "[node][peer][hostile]") {
    const std::string text = failure_of([] {
        play(
            3,
            [](peer here, std::vector<float>&) -> task<> {
                if (here.self() == 2 && here.round() == 1) {
                    here.lane(4).send(1, note(here.lane(4), 1));
                }
                co_return;
            },
            3);
    });
    CHECK(
        text ==
        "node 1 never received a message that node 2 sent it on lane 5 in round 1: receive it, or use a lasting lane");
}

TEST_CASE("peer: impossible addresses and messages are refused where they are given", "[node][peer][hostile]") {
    const auto failing = [](std::function<void(peer)> use) {
        return failure_of([&] {
            play(3, [use](peer here, std::vector<float>&) -> task<> {
                if (here.self() == 1) {
                    use(here);
                }
                co_return;
            });
        });
    };
    CHECK(failing([](peer here) { here.lane(0).send(1, note(here, 1)); }) ==
          "node 1, round 0, lane 1: a message is for number 1 of a group of 3, which is the sender");
    CHECK(failing([](peer here) { here.send(3, note(here, 1)); }) ==
          "node 1, round 0, lane 0: a message is for number 3 of a group of 3");
    CHECK(failing([](peer here) { here.send(0, here.draft()); }) ==
          "node 1, round 0, lane 0: a message without content was sent");
    const std::string order = "the numbers must be increasing, and not the receiver's own";
    for (const std::vector<std::uint32_t>& from :
         {std::vector<std::uint32_t>{2, 0}, {0, 0}, {0, 1}, {0, 3}, std::vector<std::uint32_t>{1}}) {
        CHECK_THAT(failing([&](peer here) { (void)here.receive(from); }), test::contains_text(order));
    }
    static const std::vector<std::uint32_t> others{0, 2};
    CHECK_THAT(failing([](peer here) { (void)here.among(others); }), test::contains_text("a group it belongs to"));
    CHECK(failing([](peer here) {
              here.send(std::span<const std::uint32_t>(), note(here, 1));  // to nobody
          }).empty());
}

TEST_CASE("peer: a failure leaves nothing behind that the next run could meet", "[node][peer][hostile]") {
    auto nodes = test::scripted_nodes(4, [](peer here, std::vector<float>& x) -> task<> {
        here.send_to_others(note(here, static_cast<float>(here.self())));
        if (here.self() == 3 && x.empty()) {
            x.push_back(1);
            throw std::runtime_error("not yet");
        }
        for (const envelope& e : co_await here.receive_from_others()) {
            x.push_back(value_of(e));
        }
    });
    CHECK_THROWS_WITH(run(tbb_engine{}, nodes, rounds{1}), "not yet");
    CHECK(run(tbb_engine{}, nodes, rounds{1}).completed == 1);
    CHECK(nodes[0].x == std::vector<float>{1, 2, 3});
    CHECK(nodes[3].x == std::vector<float>{1, 0, 1, 2});
}
