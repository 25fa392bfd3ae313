// Distributed source coding: the mean that plain messages give, to the bit, in fewer bits; and what happens when it
// fails.
#include <frugal/exchange/source_coded.hpp>

#include <vector>

#include <frugal/exchange/server.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

static_assert(AveragingExchange<source_coded<>>);

namespace {

//! n vectors of d elements near a common one: deviation of the difference, relative to that of the vector.
vectors similar_inputs(std::size_t n, std::size_t d, float deviation) {
    vectors x = inputs_of(n + 1, d, 5);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < d; ++k) {
            x[i][k] = x[n][k] + deviation * x[i][k];
        }
    }
    x.pop_back();
    return x;
}

template <class E>
run_report report_of(const E& exchange, const vectors& inputs, std::uint64_t count, vectors* means = nullptr) {
    std::vector<E> exchanges(inputs.size(), exchange);
    if (means != nullptr) {
        means->resize(inputs.size());
    }
    auto nodes = scripted_nodes(inputs.size(), [&](peer here, std::vector<float>&) -> task<> {
        std::vector<float> x = inputs[here.self()];
        co_await mean_of(exchanges[here.self()], here, x);
        if (means != nullptr) {
            (*means)[here.self()] = x;
        }
    });
    return run(tbb_engine{.threads = 2}, nodes, rounds{count});
}

}  // namespace

TEST_CASE("source_coded: the bits of a server of plain dithered messages", "[exchange][source_coded][exact]") {
    for (const std::size_t n : {2u, 3u, 4u, 10u}) {
        const vectors x = similar_inputs(n, 3000, 0.3f);
        const vectors means = averaged(source_coded(3), x);
        CHECK(all_equal(means));
        CHECK((means == averaged(server{scalar_compressor{dithered{.levels = 3}}}, x)));
    }
    const vectors scaled = similar_inputs(5, 9000, 0.3f);
    CHECK((averaged(source_coded(3, 1000), scaled) ==
           averaged(server{scalar_compressor{dithered{.levels = 3}, bucketed{max_norm{}, 1000}}}, scaled)));
    const vectors few = similar_inputs(6, 50, 0.3f);
    CHECK((averaged(source_coded(1), few) == averaged(server{scalar_compressor{dithered{.levels = 1}}}, few)));
    source_coded weighted(7);
    weighted.weigh({0, 1, 2, 3, 4});
    server plain{scalar_compressor{dithered{.levels = 7}}};
    plain.weigh({0, 1, 2, 3, 4});
    const vectors x = similar_inputs(5, 5000, 0.1f);
    CHECK(distance(averaged(weighted, x)[0], averaged(plain, x)[0]) < 1e-6);
    CHECK((averaged(weighted, x, 1, 1) == averaged(weighted, x, 1, 3)));
}

TEST_CASE("source_coded: fewer bits where vectors are alike", "[exchange][source_coded]") {
    const std::size_t d = 40000;
    const vectors x = similar_inputs(5, d, 0.1f);
    const run_report coded =
        report_of(server{scalar_compressor{dithered{.levels = 3}, max_norm{}, range_coder{}}}, x, 3);
    const run_report ours = report_of(source_coded(3), x, 3);
    const auto answers = 3.0 * 32 * double(d);
    const double plain_bits = double(coded.sent.payload_bits) - answers;
    const double our_bits = double(ours.sent.payload_bits) - answers;
    CHECK(our_bits < 0.85 * plain_bits);
    CHECK(ours.counted("symbols asked for again") <= 1);
}

TEST_CASE("source_coded: vectors that have nothing in common cost no more than their own symbols",
          "[exchange][source_coded]") {
    const vectors x = inputs_of(5, 20000, 8);
    vectors means;
    const run_report ours = report_of(source_coded(3), x, 2, &means);
    const run_report raw = report_of(server{scalar_compressor{dithered{.levels = 3}}}, x, 2);
    CHECK(ours.sent.payload_bits < raw.sent.payload_bits);
    CHECK(all_equal(means));
}

TEST_CASE("source_coded: what cannot be found is asked for again", "[exchange][source_coded]") {
    // One sender's noise is many times that of those it is predicted from, so its checks do not suffice.
    vectors x = similar_inputs(6, 20000, 0.05f);
    const std::vector<float> other = inputs_of(1, 20000, 77)[0];
    for (std::size_t k = 0; k < other.size(); ++k) {
        x[2][k] = other[k];
    }
    vectors means, plain;
    const run_report ours = report_of(source_coded(3), x, 1, &means);
    report_of(server{scalar_compressor{dithered{.levels = 3}}}, x, 1, &plain);
    CHECK(ours.counted("symbols asked for again") == 1);
    CHECK((means == plain));
}

TEST_CASE("source_coded: zeros, and numbers that are not finite", "[exchange][source_coded]") {
    vectors x(5, std::vector<float>(4000, 0.0f));
    CHECK(averaged(source_coded(3), x)[0] == std::vector<float>(4000, 0.0f));
    x[2][17] = 1;
    CHECK((averaged(source_coded(3), x) == averaged(server{scalar_compressor{dithered{.levels = 3}}}, x)));
    x[2][17] = NAN;
    std::vector<source_coded<>> exchanges(5);
    auto nodes = scripted_nodes(5, [&](peer here, std::vector<float>&) -> task<> {
        std::vector<float> v = x[here.self()];
        co_await mean_of(exchanges[here.self()], here, v);
    });
    CHECK(run(tbb_engine{}, nodes, rounds{3}).diverged());
    CHECK_THROWS_WITH(source_coded(32), contains_text("levels"));
    CHECK_THROWS_WITH(source_coded(0), contains_text("levels"));
}
