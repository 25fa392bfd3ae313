// The channel adds up: means, exact errors, power, silence, and what error feedback makes of a biased code.
#include <frugal/exchange/over_the_air.hpp>

#include <cmath>
#include <vector>

#include <frugal/compress/contractive.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/selector/random_k.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/exchange/feedback.hpp>
#include <frugal/quantize/dithered.hpp>

#include "averaging.hpp"
#include "catch.hpp"
#include "scripted.hpp"

using namespace frugal;
using namespace test;

static_assert(AveragingExchange<over_the_air<>>);

namespace {

constexpr double quiet = 200;  // dB: a channel whose noise vanishes beside the signal

//! Gains of 1 on sub-channels first, ..., first + count - 1 of each node, which differ, and of almost 0 elsewhere.
struct two_windows {
    static constexpr bool flat = false;
    void gains(random_key k, std::span<float> h) const {
        const std::size_t first = k.node == 0 ? 0 : 2;
        const std::size_t count = k.node == 0 ? 5 : 6;
        for (std::size_t l = 0; l < h.size(); ++l) {
            h[l] = l >= first && l < first + count ? 1.0f : 0.001f;
        }
    }
};
constexpr std::size_t shared_sub_channels = 3;  // 2, 3, 4

struct outcome {
    moments squared_error;
    moments along;  // the inner product with the mean
    double energy = 0;
    double channel_uses = 0;
};

//! Means of two vectors over so many rounds, each of a fresh code.
template <class E>
outcome play_rounds(E exchange, const vectors& x, const std::vector<float>& weights, std::uint64_t count) {
    exchange.weigh(weights);
    std::vector<E> exchanges(x.size(), exchange);
    const std::vector<double> mean = mean_of_inputs(x, 0, weights);
    outcome seen;
    auto nodes = scripted_nodes(x.size(), [&](peer here, std::vector<float>&) -> task<> {
        std::vector<float> v = x[here.self()];
        co_await mean_of(exchanges[here.self()], here, v);
        if (here.self() == 0) {
            double error = 0, inner = 0;
            for (std::size_t k = 0; k < v.size(); ++k) {
                error += (double(v[k]) - mean[k]) * (double(v[k]) - mean[k]);
                inner += double(v[k]) * mean[k];
            }
            seen.squared_error.add(error);
            seen.along.add(inner);
        }
    });
    const run_report report = run(tbb_engine{.threads = 1}, nodes, rounds{count});
    seen.energy = report.counted("energy sent over the air");
    seen.channel_uses = report.counted("channel uses");
    return seen;
}

double norm2(const std::vector<float>& x) {
    double s = 0;
    for (const float v : x) {
        s += double(v) * double(v);
    }
    return s;
}
double inner(const std::vector<float>& a, const std::vector<float>& b) {
    double s = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        s += double(a[k]) * double(b[k]);
    }
    return s;
}

}  // namespace

TEST_CASE("over_the_air: with as many sums as coordinates and no noise, the mean", "[exchange][over_the_air][exact]") {
    const vectors x = inputs_of(5, 300);
    const std::vector<double> mean = mean_of_inputs(x);
    for (const auto& means : {averaged(over_the_air{random_linear(1, 64), {.snr_db = quiet}}, x),
                              averaged(over_the_air{identity(), {.snr_db = quiet}}, x)}) {
        CHECK(all_equal(means));
        CHECK(distance(means[0], mean) < 1e-5);
    }
    over_the_air weighted{random_linear(1, 64), {.snr_db = quiet}};
    const std::vector<float> weights{1, 2, 0, 4, 1};
    weighted.weigh(weights);
    CHECK(distance(averaged(weighted, x)[2], mean_of_inputs(x, 0, weights)) < 1e-5);
    CHECK((averaged(over_the_air{}, x, 2, 1) == averaged(over_the_air{}, x, 2, 3)));
}

TEST_CASE("over_the_air: lemma 13, (d / m - 1) ||g||^2 + d sigma^2 / c^2", "[exchange][over_the_air][statistical]") {
    const vectors x = inputs_of(3, 16, 4);
    std::vector<float> mean(16);
    for (std::size_t k = 0; k < 16; ++k) {
        mean[k] = float(mean_of_inputs(x)[k]);
    }
    const outcome seen = play_rounds(over_the_air{random_linear(4, 16), {.snr_db = 60, .amplitude = 2}}, x, {}, 20000);
    CHECK(seen.squared_error.z_of((16.0 / 4 - 1) * norm2(mean) + 16.0 / 4) < z_limit);
    CHECK(seen.along.z_of(norm2(mean)) < z_limit);
    CHECK(seen.channel_uses == 4 * 20000);
}

TEST_CASE("over_the_air: the exact error with chosen sub-channels and silent nodes",
          "[exchange][over_the_air][statistical]") {
    const double d = 16;
    const vectors x = inputs_of(2, 16, 7);
    const std::vector<float> weights{0.3f, 0.7f};
    const double a0 = 0.3, a1 = 0.7, m0 = 5, m1 = 6, c = 3;
    const std::vector<double> mean = mean_of_inputs(x, 0, weights);
    for (const double activity : {1.0, 0.5}) {
        const over_the_air exchange{
            random_linear(2, 16), {.snr_db = 100, .activity = activity, .weakest = 0.5, .amplitude = c}, two_windows{}};
        const outcome seen = play_rounds(exchange, x, weights, 40000);
        const double exact =
            a0 * a0 * (d / (activity * m0) - 1) * norm2(x[0]) + a1 * a1 * (d / (activity * m1) - 1) * norm2(x[1]) +
            2 * a0 * a1 * (d * double(shared_sub_channels) / (m0 * m1) - 1) * inner(x[0], x[1]) + d / (c * c);
        CHECK(seen.squared_error.z_of(exact) < z_limit);
        double signal = 0;
        for (const double v : mean) {
            signal += v * v;
        }
        CHECK(seen.along.z_of(signal) < z_limit);
        // (5.8), 1 / pi of it where nodes are silent: gains are 1, so ||q||^2 = m_i.
        const double energy = 8 * c * c / activity * (a0 * a0 * norm2(x[0]) / m0 + a1 * a1 * norm2(x[1]) / m1);
        CHECK(seen.energy / 40000 == Approx(energy).epsilon(0.02));
        const double sum_of_norms = a0 * std::sqrt(norm2(x[0])) + a1 * std::sqrt(norm2(x[1]));
        if (activity == 1) {  // lemma 14
            CHECK(exact < (d / m0 * a0 * std::sqrt(norm2(x[0])) + d / m1 * a1 * std::sqrt(norm2(x[1]))) * sum_of_norms -
                              signal + d / (c * c));
        }
    }
}

TEST_CASE("over_the_air: nobody spends more than its power", "[exchange][over_the_air]") {
    const std::size_t n = 4, d = 256;
    const vectors x = inputs_of(n, d, 3);
    const double m = d / 8.0, power = 10;
    const outcome agreed = play_rounds(over_the_air{random_linear(8, 64), {.snr_db = 10}}, x, {}, 50);
    CHECK(agreed.energy <= 50 * n * m * power * (1 + 1e-5));
    CHECK(agreed.energy > 50 * m * power * (1 - 1e-5));  // whoever sets the pace spends all
    // Given an amplitude, nodes take the most sub-channels that they can pay for: on average, within the power.
    const over_the_air given{random_linear(8, 64), {.snr_db = 10, .amplitude = 2}, rayleigh_fading{}};
    const outcome chosen = play_rounds(given, x, {}, 400);
    CHECK(chosen.energy <= 400 * n * m * power);
    CHECK(chosen.energy > 100 * m * power);
    double signal = 0;
    for (const double v : mean_of_inputs(x)) {
        signal += v * v;
    }
    CHECK(chosen.along.z_of(signal) < z_limit);
}

TEST_CASE("over_the_air: a node that cannot pay for one sub-channel is silent", "[exchange][over_the_air]") {
    vectors x = inputs_of(2, 64, 2);
    for (float& v : x[1]) {
        v *= 1e6f;
    }
    std::vector<over_the_air<>> exchanges(2, over_the_air{random_linear(2, 64), {.snr_db = 40, .amplitude = 10}});
    auto nodes = scripted_nodes(2, [&](peer here, std::vector<float>&) -> task<> {
        std::vector<float> v = x[here.self()];
        co_await mean_of(exchanges[here.self()], here, v);
        CHECK(norm2(v) < 1e6);
    });
    CHECK(run(tbb_engine{}, nodes, rounds{3}).counted("nodes out of power") == 3);
}

TEST_CASE("over_the_air: swapping what adds up to the same changes nothing that is received",
          "[exchange][over_the_air][exact]") {
    vectors x = inputs_of(2, 64, 5);
    const over_the_air exchange{random_linear(4, 64), {.snr_db = quiet, .amplitude = 1e8}};
    const vectors before = averaged(exchange, x);
    const std::vector<float> v = inputs_of(1, 64, 6)[0];
    for (std::size_t k = 0; k < 64; ++k) {
        x[0][k] += v[k];
        x[1][k] -= v[k];
    }
    CHECK(distance(averaged(exchange, x)[0], before[0]) < 1e-5);
}

TEST_CASE("over_the_air: what a biased code loses is kept and comes later", "[exchange][over_the_air]") {
    const std::size_t n = 3, d = 64, rounds = 400;
    const vectors x = inputs_of(n, d, 9);
    const std::vector<double> mean = mean_of_inputs(x);
    for (const air_options& options :
         {air_options{.snr_db = 40, .activity = 0.5}, air_options{.snr_db = 40, .amplitude = 3}}) {
        const feedback relaxed{over_the_air{contractive{random_linear(4, 64)}, options, rayleigh_fading{}}};
        std::vector<feedback<over_the_air<contractive<random_linear>, rayleigh_fading>>> exchanges(n, relaxed);
        std::vector<double> came(d);
        play(
            n,
            [&](peer here, std::vector<float>&) -> task<> {
                std::vector<float> v = x[here.self()];
                co_await mean_of(exchanges[here.self()], here, v);
                for (std::size_t k = 0; k < d && here.self() == 0; ++k) {
                    came[k] += double(v[k]) / double(rounds);
                }
            },
            rounds);
        double signal = 0;
        for (const double v : mean) {
            signal += v * v;
        }
        double error = 0;
        for (std::size_t k = 0; k < d; ++k) {
            error += (came[k] - mean[k]) * (came[k] - mean[k]);
        }
        CHECK(error < 0.01 * signal);
        for (const auto& e : exchanges) {
            CHECK(norm2({e.residual().begin(), e.residual().end()}) < 400 * norm2(x[0]));
        }
    }
}

TEST_CASE("over_the_air: what is not linear is refused", "[exchange][over_the_air]") {
    using dqsg = scalar_compressor<dithered>;
    CHECK_THROWS_WITH(over_the_air(dqsg(dithered{})), contains_text("linear"));
    CHECK_THROWS_WITH(over_the_air(sparse_compressor{top_k{.count = 3}}), contains_text("linear"));
    CHECK_THROWS_WITH(over_the_air(random_linear(), air_options{.activity = 0}), contains_text("activity"));
    CHECK_THROWS_WITH(over_the_air(random_linear(), air_options{.snr_db = 1e9}), contains_text("snr_db"));
    const vectors x = inputs_of(3, 50);
    averaged(over_the_air{sparse_compressor{random_k{.count = 5}}}, x);
    vectors bad = x;
    bad[1][7] = INFINITY;
    CHECK(failure_of([&] { averaged(over_the_air{}, bad); }).empty());  // ends the run as diverged
}
