#include <frugal/aggregate/majority_vote.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/core/random.hpp>

#include "bytes.hpp"
#include "catch.hpp"

using namespace frugal;

static_assert(Aggregator<majority_vote> && AddsMessages<majority_vote, signs> && AddsMessages<majority_vote, identity>);
static_assert(is_coordinatewise<majority_vote>);

namespace {

//! What n votes of True among s make of an old value.
float outcome(majority_vote vote, std::size_t s, std::size_t n, float old) {
    vote.reset(1);
    for (std::size_t i = 0; i < s; ++i) {
        vote.add(std::vector<float>{i < n ? 1.0f : -1.0f}, 1);
    }
    std::vector<float> out{old};
    vote.result(out);
    return out[0];
}

struct quorum {
    std::size_t s;
    double threshold;
    std::size_t yes;  // votes from which on it is True
    int no;           // votes up to which it is False
};

}  // namespace

TEST_CASE("majority_vote: the quorum table", "[aggregate][majority_vote]") {
    for (const quorum q :
         {quorum{10, 0, 5, 4}, quorum{10, 0.5, 8, 2}, quorum{10, 1, 10, 0}, quorum{20, 0, 10, 9},
          quorum{20, 0.5, 15, 5}, quorum{20, 1, 20, 0}, quorum{5, 0, 3, 2}, quorum{5, 0.5, 4, 1}, quorum{5, 1, 5, 0},
          quorum{10, 0.1, 6, 4}, quorum{1, 0, 1, 0}, quorum{1, 1, 1, 0}, quorum{30, 0.7, 26, 4}}) {
        for (std::size_t n = 0; n <= q.s; ++n) {
            for (const float old : {-1.0f, 1.0f}) {
                CAPTURE(q.s, q.threshold, n, old);
                const float expected = n >= q.yes ? 1.0f : static_cast<int>(n) <= q.no ? -1.0f : old;
                CHECK(outcome(majority_vote(q.threshold), q.s, n, old) == expected);
            }
        }
    }
}

TEST_CASE("majority_vote: a draw is True as printed, or leaves what was", "[aggregate][majority_vote]") {
    for (const std::size_t s : {2u, 10u}) {
        CHECK(outcome(majority_vote(0), s, s / 2, -1) == 1);
        CHECK(outcome(majority_vote(0, vote_tie::keep), s, s / 2, -1) == -1);
        CHECK(outcome(majority_vote(0, vote_tie::keep), s, s / 2, 1) == 1);
        CHECK(outcome(majority_vote(0, vote_tie::keep), s, s / 2 - 1, 1) == -1);
        CHECK(outcome(majority_vote(0, vote_tie::keep), s, s / 2 + 1, -1) == 1);
    }
    CHECK(outcome(majority_vote(0, vote_tie::keep), 5, 2, 1) == -1);
    CHECK(outcome(majority_vote(0, vote_tie::keep), 5, 3, -1) == 1);
}

TEST_CASE("majority_vote: agrees with counting, in any number of coordinates and voters",
          "[aggregate][majority_vote][exact]") {
    const random_stream stream({.seed = 1, .purpose = purposes::user});
    std::uint64_t draw = 0;
    for (const std::size_t d : {1u, 63u, 64u, 65u, 200u}) {
        for (const std::size_t s : {1u, 2u, 3u, 7u, 8u, 31u}) {
            majority_vote vote(0.3), by_message(0.3), by_floats(0.3);
            vote.reset(d);
            by_message.reset(d);
            by_floats.reset(d);
            std::vector<int> sum(d);
            for (std::size_t i = 0; i < s; ++i) {
                std::vector<float> y(d);
                for (std::size_t j = 0; j < d; ++j) {
                    y[j] = (stream.word(draw++) & 1u) != 0 ? 1.0f : -1.0f;
                    sum[j] += int(y[j]);
                }
                message m;
                vote.add(y, 2);
                signs{}.compress(y, {}, m);
                by_message.add(signs{}, m, {}, 2);
                identity{}.compress(y, {}, m);
                by_floats.add(identity{}, m, {}, 2);
                vote.add(y, 0);  // no vote
            }
            CHECK(vote.votes() == s);
            std::vector<float> old(d), out, expected(d);
            for (std::size_t j = 0; j < d; ++j) {
                old[j] = (stream.word(draw++) & 1u) != 0 ? 1.0f : -1.0f;
                const double quorum = double(s) * 0.3;
                expected[j] = sum[j] >= quorum ? 1.0f : sum[j] <= -quorum ? -1.0f : old[j];
            }
            for (const majority_vote* v : {&vote, &by_message, &by_floats}) {
                out = old;
                v->result(out);
                CHECK(out == expected);
            }
        }
    }
}

TEST_CASE("majority_vote: errors of independent voters", "[aggregate][majority_vote][statistical]") {
    // ten voters, each right with probability 0.7
    const random_stream stream({.seed = 2, .purpose = purposes::user});
    constexpr std::size_t d = 100'000;
    const auto reached = [&](double threshold, float truth, std::uint64_t first) {
        majority_vote vote(threshold);
        vote.reset(d);
        std::vector<float> y(d);
        for (std::uint64_t i = 0; i < 10; ++i) {
            for (std::size_t j = 0; j < d; ++j) {
                y[j] = stream.uniform((first + i) * d + j) <= 0.7f ? truth : -truth;
            }
            vote.add(y, 1);
        }
        std::vector<float> out(d, -2.0f);  // an old value that is not a vote
        vote.result(out);
        return double(std::count(out.begin(), out.end(), 1.0f)) / d;
    };
    const auto margin = [](double p) { return 5 * std::sqrt(p * (1 - p) / d); };
    CHECK(1 - reached(0, 1, 0) == Approx(0.047349).margin(margin(0.047349)));
    CHECK(reached(0, -1, 10) == Approx(0.150268).margin(margin(0.150268)));
    CHECK(reached(0.5, 1, 20) == Approx(0.382783).margin(margin(0.382783)));
    CHECK(reached(0.5, -1, 30) == Approx(0.001590).margin(margin(0.001590)));
}

TEST_CASE("majority_vote: what it refuses", "[aggregate][majority_vote][hostile]") {
    CHECK_THROWS_AS(majority_vote(-0.1), invalid_input);
    CHECK_THROWS_AS(majority_vote(1.1), invalid_input);
    majority_vote vote;
    vote.reset(3);
    std::vector<float> out(3, 1.0f);
    CHECK_THROWS_AS(vote.result(out), invalid_input);
    const std::vector<float> y{1, -1, 1}, longer(4, 1.0f);
    CHECK_THROWS_AS(vote.add(longer, 1), invalid_input);
    CHECK_THROWS_AS(vote.add(y, -1), invalid_input);
    vote.add(y, 1);
    CHECK_THROWS_AS(vote.add(y, 2), invalid_input);
    message m;
    signs{}.compress(longer, {}, m);
    CHECK_THROWS_AS(vote.add(signs{}, m, {}, 1), malformed_message);
    CHECK_THROWS_AS(
        vote.add(signs{}, test::message_around(scheme_id("signs"), {}, 3, std::vector{std::byte{9}}), {}, 1),
        malformed_message);
    CHECK_THROWS_AS(vote.result(std::span(out).first(2)), invalid_input);
    vote.result(out);
    CHECK(out == y);
    CHECK(vote.votes() == 1);
}
