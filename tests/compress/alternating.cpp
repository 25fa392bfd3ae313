#include <frugal/compress/alternating.hpp>

#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/aggregate/side_information_mean.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

using plain = scalar_compressor<dithered>;
using nested_compressor = scalar_compressor<nested_dithered>;
static_assert(SideInformationCompressor<alternating<plain, nested_compressor>>);
static_assert(!SideInformationCompressor<alternating<plain, identity>>);
static_assert(sample::UnbiasedWithVariance<alternating<plain, identity>> &&
              !sample::UnbiasedWithVariance<alternating<plain, nested_compressor>>);
static_assert(!sample::Contraction<alternating<plain, scalar_compressor<sign>>>);

}  // namespace

TEST_CASE("alternating: even nodes use the one, odd nodes the other, and receivers follow", "[compress][alternating]") {
    alternating c{identity{}, scalar_compressor{sign{}}};
    CHECK(c.name() == "alternating(identity,scalar(sign,mean_abs,packed))");
    CHECK(c.contraction(33) == Approx(1.0 / 33));
    const auto x = sample::normal_vector(33, 1);
    scalar_compressor signs{sign{}};
    for (std::uint32_t node = 0; node < 5; ++node) {
        const random_key k{.seed = 1, .node = node};
        const auto y = sample::round_trip(c, x, k);
        CHECK(y == (node % 2 == 0 ? x : sample::round_trip(signs, x, k)));
        message m;
        c.compress(x, k, m);
        CHECK(m.payload_bits() == (node % 2 == 0 ? 33 * 32u : 33u + 32));
        std::vector<float> acc(33, 0.0f);
        c.decompress_add(m, k, 1.0f, acc);
        CHECK(acc == y);
        CHECK_THROWS_AS(c.decompress(m, {.seed = 1, .node = node + 1}, acc), malformed_message);
    }
}

TEST_CASE("alternating: only the nested half needs side information", "[compress][alternating][nested]") {
    alternating c{scalar_compressor{dithered{.levels = 3}}, scalar_compressor{nested_dithered{}}};
    CHECK_FALSE(c.needs_side_information({.node = 0}));
    CHECK(c.needs_side_information({.node = 1}));
    alternating two_deep{c, identity{}};
    CHECK_FALSE(two_deep.needs_side_information({.node = 0}));
    const auto x = sample::normal_vector(500, 2);
    std::vector<float> y(500);
    for (const std::uint32_t node : {0u, 1u}) {
        const random_key k{.seed = 3, .node = node};
        message m;
        c.compress(x, k, m);
        c.decompress(m, k, x, y);
        const float limit = max_norm{}.measure(x) / 6;
        for (std::size_t i = 0; i < x.size(); ++i) {
            REQUIRE(std::fabs(x[i] - y[i]) <= limit * 1.0001f);
        }
    }
}

TEST_CASE("alternating: state goes to both halves", "[compress][alternating]") {
    using feedback = error_feedback<scalar_compressor<sign>>;
    alternating c{feedback{scalar_compressor{sign{}}}, feedback{scalar_compressor{sign{}}}};
    alternating restored = c;
    const auto x = sample::normal_vector(20, 4);
    message m, n;
    c.compress(x, {.node = 0, .round = 1}, m);
    std::vector<std::byte> bytes;
    state_archive saved(bytes);
    c.state(saved);
    state_archive loaded{std::span<const std::byte>(bytes)};
    restored.state(loaded);
    loaded.finish();
    c.compress(x, {.node = 0, .round = 2}, m);
    restored.compress(x, {.node = 0, .round = 2}, n);
    CHECK(std::equal(m.bytes().begin(), m.bytes().end(), n.bytes().begin(), n.bytes().end()));
}

TEST_CASE("half and half on a synthetic estimation problem: as accurate as plain dither at 0.78 of its bits",
          "[compress][alternating][nested][statistical]") {
    const std::size_t d = 100000;
    const std::uint32_t senders = 16;
    const auto truth = sample::normal_vector(d, 100);
    plain dqsg{dithered{.levels = 3}};
    scalar_compressor qsgd{stochastic{.levels = 3}};
    alternating half{dqsg, nested_compressor{nested_dithered{.fine = 1.0 / 3, .coarse = 1}}};
    mean plain_mean, random_mean;
    side_information_mean nested_mean;
    plain_mean.reset(d);
    random_mean.reset(d);
    nested_mean.reset(d);
    double charged_plain = 0, charged_half = 0;
    double noise = 0;
    for (std::uint32_t p = 0; p < senders; ++p) {
        auto x = sample::normal_vector(d, 200 + p);
        for (std::size_t i = 0; i < d; ++i) {
            x[i] = truth[i] + 0.3f * x[i];
        }
        noise += dqsg.expected_error(x) / (senders * senders);
        const random_key k{.seed = 5, .node = p};
        message m;
        dqsg.compress(x, k, m);
        plain_mean.add(dqsg, m, k, 1.0f);
        qsgd.compress(x, k, m);
        random_mean.add(qsgd, m, k, 1.0f);
        half.compress(x, k, m);
        nested_mean.add(half, m, k, 1.0f);

        scalar_compressor dense_plain{dithered{.levels = 3}, max_norm{}, radix{}};
        alternating dense_half{dense_plain,
                               scalar_compressor{nested_dithered{.fine = 1.0 / 3, .coarse = 1}, max_norm{}, radix{}}};
        dense_plain.compress(x, k, m);
        charged_plain += static_cast<double>(m.payload_bits());
        dense_half.compress(x, k, m);
        charged_half += static_cast<double>(m.payload_bits());
    }
    std::vector<float> estimate(d);
    plain_mean.result(estimate);
    const double plain_error = sample::squared_distance(truth, estimate);
    random_mean.result(estimate);
    const double random_error = sample::squared_distance(truth, estimate);
    nested_mean.result(estimate);
    const double nested_error = sample::squared_distance(truth, estimate);
    CHECK(nested_error == Approx(plain_error).epsilon(0.05));
    CHECK(plain_error == Approx(d * 0.09 / senders + noise).epsilon(0.02));
    CHECK(random_error > 1.2 * plain_error);
    CHECK((std::log2(7.0) + std::log2(3.0)) / (2 * std::log2(7.0)) == Approx(0.782).margin(5e-4));
    CHECK(charged_half / charged_plain == Approx(0.782).epsilon(0.005));
}
