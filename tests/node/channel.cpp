// A compressor on the wire: keys, echoes, state per block, attribution.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/node/channel.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"
#include "scripted.hpp"
#include "statistics.hpp"

using namespace frugal;
using test::failure_of;
using test::play;

namespace {

const scalar_compressor dither{dithered{.levels = 1}};

}  // namespace

TEST_CASE("channel: the echo is what the receiver decodes, under the key of lane and leg", "[node][channel]") {
    const std::vector<float> x = test::normal_vector(100, 1), y = test::normal_vector(100, 2);
    std::vector<float> echo_x(100), echo_y(100), got_x(100), got_y(100), sum(100, 1.0f);
    play(2, [&](peer here, std::vector<float>&) -> task<> {
        channel c{dither};
        const peer talk = here.lane(3);
        const std::uint32_t first = talk.take_legs(2);
        if (here.self() == 0) {
            letter_ref a = talk.draft(), b = talk.draft();
            c.prepare(2);
            c.encode(talk, first, 0, x, *a, echo_x);
            c.encode(talk, first + 1, 1, y, *b, echo_y);
            CHECK(a->key(here.seed()) == talk.key(first, 0));
            talk.send(1, std::move(a));
            talk.send(1, std::move(b));
            co_return;
        }
        const auto of_x = co_await talk.receive(0);
        c.decode(talk, first, of_x[0], got_x);
        const auto of_y = co_await talk.receive(0);
        c.decode(talk, first + 1, of_y[0], got_y);
        c.decode_add(talk, first + 1, of_y[0], 2.0f, sum);
    });
    CHECK(got_x == echo_x);
    CHECK(got_y == echo_y);
    CHECK(echo_x != x);
    for (std::size_t i = 0; i < 100; ++i) {
        CHECK(sum[i] == Approx(1 + 2 * got_y[i]).margin(1e-5));
    }
}

TEST_CASE("channel: what cannot be decoded names sender, receiver, round and lane", "[node][channel][hostile]") {
    const std::string text = failure_of([] {
        play(
            4,
            [](peer here, std::vector<float>&) -> task<> {
                channel c{dither};
                std::vector<float> y(10);
                if (here.self() == 3) {
                    const peer talk = here.lane(1);
                    letter_ref m = talk.draft();
                    c.encode(talk, talk.take_legs(), 0, std::vector<float>(here.round() == 2 ? 11 : 10, 1.0f), *m);
                    talk.send(1, std::move(m));
                }
                if (here.self() == 1) {
                    const auto got = co_await here.lane(1).receive(3);
                    c.decode(here.lane(1), here.lane(1).take_legs(), got[0], y);
                }
            },
            5);
    });
    CHECK_THAT(text, test::contains_text("a message from node 3 to node 1, round 2, lane 2: "));
}

TEST_CASE("channel: numbers that are not finite are a divergence, not an error", "[node][channel]") {
    auto nodes = test::scripted_nodes(2, [](peer here, std::vector<float>&) -> task<> {
        channel c{dither};
        const float value = here.round() == 3 && here.self() == 1 ? std::numeric_limits<float>::infinity() : 1.0f;
        letter_ref m = here.draft();
        c.encode(here, here.take_legs(), 0, std::vector<float>(5, value), *m);
        co_return;
    });
    try {
        const auto report = run(tbb_engine{}, nodes, rounds{10});
        CHECK(report.diverged());
        CHECK(report.completed == 4);
    } catch (const nonfinite_input&) {
        FAIL("an encoder's refusal was not translated");
    }
}

TEST_CASE("channel: a sender's memory is one per block, and is saved", "[node][channel][checkpoint]") {
    const error_feedback codec{sparse_compressor{top_k{.count = 1}}};
    const auto encode = [](channel<error_feedback<sparse_compressor<top_k>>>& c, std::uint64_t rounds_before,
                           std::uint32_t used = 0) {
        std::vector<float> sent;
        play(1, [&](peer here, std::vector<float>&) -> task<> {
            here.take_legs(used + 1);
            for (std::uint32_t k = 0; k < rounds_before + 1; ++k) {
                for (std::uint32_t b = 0; b < 2; ++b) {
                    std::vector<float> x{3, 2, 1}, echo(3);
                    if (b == 1) {
                        x = {0, 0, 5};
                    }
                    letter_ref m = here.draft();
                    c.encode(here, here.take_legs(), b, x, *m, echo);
                    if (k == rounds_before) {
                        sent.insert(sent.end(), echo.begin(), echo.end());
                    }
                }
            }
            co_return;
        });
        return sent;
    };
    channel whole{codec}, first{codec}, second{codec};
    const auto expected = encode(whole, 1);
    CHECK(expected == std::vector<float>{0, 4, 0, 0, 0, 5});
    encode(first, 0);
    std::vector<std::byte> bytes;
    state_archive out(bytes);
    first.state(out);
    state_archive in{std::span<const std::byte>(bytes)};
    second.state(in);
    in.finish();
    CHECK(encode(second, 0, 2) == expected);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        channel damaged{codec};
        state_archive part{std::span<const std::byte>(bytes).first(length)};
        CHECK_THROWS_AS(damaged.state(part), malformed_message);
    }
}
