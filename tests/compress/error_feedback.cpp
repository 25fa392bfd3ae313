#include <frugal/compress/alternating.hpp>
#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/codebook.hpp>
#include <frugal/compress/compressive_sampling.hpp>
#include <frugal/compress/contractive.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/any_scale.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

static_assert(!sample::Contraction<error_feedback<sparse_compressor<top_k>>>);
static_assert(Compressor<error_feedback<error_feedback<identity>>>);
static_assert(!error_feedback<identity>::unbiased);

TEST_CASE("error_feedback: the sum of what was decoded plus the residual is the sum of the inputs",
          "[compress][error_feedback]") {
    const auto check = [](auto inner) {
        error_feedback c{std::move(inner)};
        const std::size_t d = 333;
        std::vector<double> inputs(d), outputs(d);
        for (std::uint64_t round = 0; round < 60; ++round) {
            const auto x = sample::normal_vector(d, round);
            const auto y = sample::round_trip(c, x, {.seed = 1, .round = round});
            for (std::size_t i = 0; i < d; ++i) {
                inputs[i] += x[i];
                outputs[i] += y[i];
            }
        }
        INFO(c.name());
        for (std::size_t i = 0; i < d; ++i) {
            CHECK(std::fabs(outputs[i] + double(c.residual()[i]) - inputs[i]) < 2e-4);
        }
    };
    check(scalar_compressor{sign{}, mean_abs{}});
    check(codebook_compressor{one_bit{}});
    check(scalar_compressor{dithered{.levels = 1}});
    check(scalar_compressor{ternary{}});
    check(contractive{scalar_compressor{stochastic{.levels = 4}, l2_norm{}}});
    check(sparse_compressor{top_k{.fraction = 0.05}});
    check(sparse_compressor{top_k{.fraction = 0.05}, scalar_compressor{sign{}, mean_abs{}}});
    check(sparse_compressor{random_k{.fraction = 0.1, .unbiased = false}});
    check(sparse_compressor{threshold{2.0f}});
    check(identity{});
}

TEST_CASE("error_feedback: what a lost message carried is kept back", "[compress][error_feedback]") {
    const auto check = [](auto c) {
        INFO(c.name());
        const std::size_t d = 333;
        std::vector<double> inputs(d), arrived(d);
        std::vector<message> late;
        for (std::uint64_t round = 0; round < 60; ++round) {
            const auto x = sample::normal_vector(d, round);
            const random_key k{.seed = 1, .round = round};
            message m;
            c.compress(x, k, m);
            std::vector<float> y(d);
            c.decompress(m, k, y);
            for (std::size_t i = 0; i < d; ++i) {
                inputs[i] += x[i];
                arrived[i] += round % 3 == 0 ? 0 : y[i];
            }
            if (round % 3 == 0) {
                late.push_back(m);
            } else if (round % 3 == 2) {  // it is known two rounds later
                c.take_back(late.back(), {.seed = 1, .round = round - 2});
            }
        }
        for (std::size_t i = 0; i < d; ++i) {
            CHECK(std::fabs(arrived[i] + double(c.residual()[i]) - inputs[i]) < 3e-4);
        }
    };
    check(error_feedback{sparse_compressor{top_k{.fraction = 0.05}}});
    check(error_feedback{scalar_compressor{sign{}, mean_abs{}}});
    check(error_feedback{error_feedback{scalar_compressor{dithered{.levels = 1}}}});
    check(weighted_error_feedback{scalar_compressor{dithered{.levels = 3}}, 0.5f});
}

TEST_CASE("error_feedback: takes back its own messages only", "[compress][error_feedback][hostile]") {
    error_feedback c{sparse_compressor{top_k{.count = 1}}};
    const std::vector<float> x{3, -4, 1};
    message m;
    CHECK_THROWS_AS(c.take_back(m, {}), malformed_message);
    const random_key k{.seed = 1, .round = 2};
    c.compress(x, k, m);
    CHECK_THROWS_AS(c.take_back(m, {.seed = 9, .round = 2}), malformed_message);
    CHECK_THROWS_AS(error_feedback{sparse_compressor{top_k{.count = 1}}}.take_back(m, k), invalid_input);
    CHECK(std::vector<float>(c.residual().begin(), c.residual().end()) == std::vector<float>{3, 0, 1});
    c.take_back(m, k);
    CHECK(std::vector<float>(c.residual().begin(), c.residual().end()) == x);
}

TEST_CASE("error_feedback: top-k by hand, to the bit", "[compress][error_feedback][exact]") {
    error_feedback c{sparse_compressor{top_k{.count = 1}}};
    CHECK(sample::round_trip(c, std::array{3.0f, 2.0f, -1.0f}, {.round = 0}) == std::vector{3.0f, 0.0f, 0.0f});
    CHECK(std::vector(c.residual().begin(), c.residual().end()) == std::vector{0.0f, 2.0f, -1.0f});
    CHECK(sample::round_trip(c, std::array{1.0f, 1.0f, -1.0f}, {.round = 1}) == std::vector{0.0f, 3.0f, 0.0f});
    CHECK(sample::round_trip(c, std::array{0.0f, 0.0f, -1.0f}, {.round = 2}) == std::vector{0.0f, 0.0f, -3.0f});
    CHECK(std::vector(c.residual().begin(), c.residual().end()) == std::vector{1.0f, 0.0f, 0.0f});
}

TEST_CASE("error_feedback: the first message is that of the inner compressor", "[compress][error_feedback]") {
    const auto x = sample::normal_vector(100, 3);
    for (const std::size_t d : {1u, 31u, 32u, 33u, 100u}) {
        const auto part = std::span(x).first(d);
        scalar_compressor plain{dithered{.levels = 2}};
        error_feedback fed{scalar_compressor{dithered{.levels = 2}}};
        message a, b;
        plain.compress(part, {.seed = 5}, a);
        fed.compress(part, {.seed = 5}, b);
        CHECK(a.payload_bits() == b.payload_bits());
        CHECK(std::equal(a.payload().begin(), a.payload().end(), b.payload().begin(), b.payload().end()));
        CHECK(a.scheme() != b.scheme());
    }
}

TEST_CASE("error_feedback: top-k leaves an error orthogonal to what is sent, within 1 - k / d",
          "[compress][error_feedback]") {
    error_feedback c{sparse_compressor{top_k{.fraction = 0.1}}};
    for (std::uint64_t round = 0; round < 20; ++round) {
        const std::vector<float> before(c.residual().begin(), c.residual().end());
        const auto x = sample::normal_vector(200, round);
        const auto y = sample::round_trip(c, x, {.round = round});
        double dot = 0;
        double corrected = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float z = x[i] + (before.empty() ? 0.0f : before[i]);
            dot += double(y[i]) * double(c.residual()[i]);
            corrected += double(z) * double(z);
        }
        CHECK(dot == 0);
        CHECK(sample::squared_norm(c.residual()) <= (1 - 0.1) * corrected);
    }
}

TEST_CASE("error_feedback: 1-bit class means leave a residual that sums to zero", "[compress][error_feedback]") {
    error_feedback c{codebook_compressor{one_bit{}}};
    for (std::uint64_t round = 0; round < 10; ++round) {
        sample::round_trip(c, sample::normal_vector(500, round), {.round = round});
        CHECK(std::fabs(std::accumulate(c.residual().begin(), c.residual().end(), 0.0)) < 1e-3);
    }
}

TEST_CASE("error_feedback: the residual of a contraction stays bounded in the mean", "[compress][error_feedback]") {
    error_feedback c{contractive{sparse_compressor{random_k{.fraction = 0.2}}}};
    const auto x = sample::normal_vector(100, 1);
    const double delta = c.inner().contraction(100);
    CHECK(delta == Approx(0.2));
    sample::estimate residual;
    for (std::uint64_t round = 0; round < 500; ++round) {
        sample::round_trip(c, x, {.seed = 3, .round = round});
        residual.add(sample::squared_norm(c.residual()) / sample::squared_norm(x));
    }
    CHECK(residual.mean() < 4 * (1 - delta) / (delta * delta));  // Karimireddy et al. 2019, lemma 3
}

TEST_CASE("error_feedback: a key is used once, a dimension stays", "[compress][error_feedback][hostile]") {
    error_feedback c{sparse_compressor{top_k{.count = 2}}};
    const auto x = sample::normal_vector(10, 1);
    message m;
    c.compress(x, {.seed = 1, .round = 0}, m);
    CHECK_THROWS_AS(c.compress(x, {.seed = 1, .round = 0}, m), invalid_input);
    CHECK(m.empty());
    CHECK_THROWS_AS(c.compress(std::span(x).first(9), {.seed = 1, .round = 1}, m), invalid_input);
    const std::vector<float> residual(c.residual().begin(), c.residual().end());
    auto bad = x;
    bad[4] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_AS(c.compress(bad, {.seed = 1, .round = 1}, m), invalid_input);
    CHECK(std::vector<float>(c.residual().begin(), c.residual().end()) == residual);  // unharmed
    c.compress(x, {.seed = 1, .round = 1}, m);
    CHECK_FALSE(m.empty());
}

TEST_CASE("error_feedback: names what is not finite in a vector measured in pieces",
          "[compress][error_feedback][hostile]") {
    const auto check = [](auto scale) {
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
            for (const std::size_t at : {std::size_t{5}, std::size_t{9999}}) {
                error_feedback c{scalar_compressor{dithered{.levels = 3}, scale}};
                std::vector<float> x(10000, 1.0f);
                x[at] = bad;
                message m;
                CHECK_THROWS_WITH(c.compress(x, {}, m), test::contains_text("element " + std::to_string(at) + " "));
            }
        }
    };
    check(max_norm{});
    check(l2_norm{});
    check(mean_abs{});
    check(any_scale(max_norm{}));
}

//! A compressor whose own way of encoding a sum is out of sight.
template <class C>
struct without_sums {
    C inner;
    void encode(std::span<const float> x, random_key k, payload_writer& w) { inner.encode(x, k, w); }
    void decode_add(payload_reader& r, random_key k, float weight, std::span<float> acc) const {
        inner.decode_add(r, k, weight, acc);
    }
};

TEST_CASE("error_feedback: sums that are never written are encoded as those that are, to the bit",
          "[compress][error_feedback][exact]") {
    const auto check = [](auto inner) {
        INFO(inner.name());
        for (const std::size_t d : {1u, 2u, 15u, 16u, 17u, 63u, 64u, 65u, 511u, 512u, 513u, 1000u, 5000u}) {
            without_sums<decltype(inner)> plain{inner};
            std::vector<float> residual(d), expected(d);
            for (std::uint64_t round = 0; round < 4; ++round) {
                const auto x = sample::normal_vector(d, round);
                const random_key k{.seed = 4, .round = round};
                std::vector<std::byte> bytes, expected_bytes;
                payload_writer w(bytes), expected_w(expected_bytes);
                inner.encode_sum(x, residual, k, w);
                encode_sum(plain, x, expected, k, expected_w);
                w.align();
                expected_w.align();
                REQUIRE(bytes == expected_bytes);
                REQUIRE(residual == expected);
            }
            auto x = sample::normal_vector(d, 9);
            x[d / 2] = std::numeric_limits<float>::quiet_NaN();
            std::vector<std::byte> bytes;
            payload_writer w(bytes);
            REQUIRE_THROWS_AS(inner.encode_sum(x, residual, {}, w), nonfinite_input);
            REQUIRE(residual == expected);
        }
    };
    check(sparse_compressor{top_k{.fraction = 0.01}});
    check(sparse_compressor{top_k{.fraction = 0.4}, scalar_compressor{dithered{.levels = 1}}});
    check(sparse_compressor{threshold{1.0f}, identity{}, rice_indices{}});
}

TEST_CASE("error_feedback: refuses messages that only side information decodes",
          "[compress][error_feedback][hostile]") {
    error_feedback c{alternating{scalar_compressor{dithered{}}, scalar_compressor{nested_dithered{}}}};
    error_feedback<any_compressor> erased{any_compressor{c.inner()}};
    const auto x = sample::normal_vector(10, 1);
    message m;
    c.compress(x, {.node = 2}, m);
    CHECK_THROWS_WITH(c.compress(x, {.node = 3}, m), test::contains_text("near a vector only the receiver knows"));
    erased.compress(x, {.node = 2}, m);
    CHECK_THROWS_AS(erased.compress(x, {.node = 3}, m), invalid_input);
}

TEST_CASE("error_feedback: state survives an archive, and a damaged archive is refused", "[compress][error_feedback]") {
    const auto make = [] {
        return error_feedback{sparse_compressor{top_k{.count = 3}, scalar_compressor{sign{}, mean_abs{}}}};
    };
    auto a = make();
    for (std::uint64_t round = 0; round < 5; ++round) {
        sample::round_trip(a, sample::normal_vector(40, round), {.round = round});
    }
    std::vector<std::byte> saved;
    state_archive save(saved);
    a.state(save);
    auto b = make();
    state_archive restore{std::span<const std::byte>(saved)};
    b.state(restore);
    restore.finish();
    message m, n;
    CHECK_THROWS_AS(b.compress(sample::normal_vector(40, 4), {.round = 4}, n), invalid_input);  // the key is remembered
    a.compress(sample::normal_vector(40, 5), {.round = 5}, m);
    b.compress(sample::normal_vector(40, 5), {.round = 5}, n);
    CHECK(std::equal(m.bytes().begin(), m.bytes().end(), n.bytes().begin(), n.bytes().end()));
    for (std::size_t length = 0; length < saved.size(); ++length) {
        auto c = make();
        state_archive cut{std::span<const std::byte>(saved).first(length)};
        CHECK_THROWS_AS(c.state(cut), malformed_message);
    }
}

TEST_CASE("error_feedback: mutated messages are refused or decode within bounds",
          "[compress][error_feedback][hostile]") {
    error_feedback c{sparse_compressor{top_k{.count = 7}, scalar_compressor{dithered{.levels = 1}}}};
    const auto x = sample::normal_vector(64, 1);
    message m;
    c.compress(x, {}, m);
    std::vector<float> y(64);
    sample::mutate(m, 1, [&](const message& other) { c.decompress(other, {}, y); });
    sample::mutate(m, 1, [&](const message& other) { c.decompress_add(other, {}, 0.5f, y); });
}

TEST_CASE("error_feedback: decay forgets what is kept, by hand", "[compress][error_feedback][exact]") {
    error_feedback c{sparse_compressor{top_k{.count = 1}}, 0.5f};
    CHECK(c.name() == "error_feedback(sparse(top_k(count=1),identity,fixed_width_indices),decay=0.5)");
    CHECK(sample::round_trip(c, std::array{3.0f, 2.0f, -1.0f}, {.round = 0}) == std::vector{3.0f, 0.0f, 0.0f});
    CHECK(sample::round_trip(c, std::array{0.5f, 0.0f, -1.0f}, {.round = 1}) == std::vector{0.0f, 0.0f, -1.5f});
    CHECK(std::vector(c.residual().begin(), c.residual().end()) == std::vector{0.5f, 1.0f, 0.0f});
    CHECK_THROWS_AS((error_feedback{identity{}, 1.5f}), invalid_input);
}

TEST_CASE("weighted_error_feedback: messages and residual sum to the inputs for every beta; 1 is error_feedback",
          "[compress][error_feedback]") {
    for (const float beta : {0.1f, 0.5f, 1.0f}) {
        weighted_error_feedback c{scalar_compressor{dithered{.levels = 2}}, beta};
        error_feedback whole{scalar_compressor{dithered{.levels = 2}}};
        std::vector<double> difference(50, 0.0);
        for (std::uint64_t round = 0; round < 60; ++round) {
            const auto x = sample::normal_vector(50, round);
            const auto y = sample::round_trip(c, x, {.seed = 1, .round = round});
            for (std::size_t i = 0; i < x.size(); ++i) {
                difference[i] += double(x[i]) - double(y[i]);
            }
            if (beta == 1) {
                REQUIRE(y == sample::round_trip(whole, x, {.seed = 1, .round = round}));
            }
        }
        for (std::size_t i = 0; i < difference.size(); ++i) {
            CHECK(std::fabs(difference[i] - double(c.residual()[i])) < 1e-4);
        }
    }
}

TEST_CASE("weighted_error_feedback: the rule of stability", "[compress][error_feedback]") {
    const compressive_sampling coarse{.size = 64, .kept = 16, .levels = 1};
    const double gamma = coarse.variance(64);
    CHECK(gamma == Approx(5.957).margin(5e-4));
    const auto bound = [&](double beta) {
        return weighted_error_feedback{coarse, static_cast<float>(beta)}.residual_bound(64);
    };
    CHECK(bound(0.1).value() == Approx(45.7).margin(0.05));
    CHECK(bound(1 / (1 + gamma)).value() == Approx(gamma * (1 + gamma)));
    CHECK(bound(1 / (1 + gamma)).value() == Approx(41.4).margin(0.05));
    CHECK(bound(2 / (1 + gamma) - 1e-3));
    CHECK(!bound(2 / (1 + gamma) + 1e-3));
    const weighted_error_feedback shrunk{contractive{coarse}, 1.0f};
    CHECK(shrunk.residual_bound(64).value() == Approx(gamma * std::pow(std::sqrt(1 + gamma) + std::sqrt(gamma), 2)));
    CHECK(shrunk.residual_bound(64).value() == Approx(153.6).margin(0.1));
    CHECK(!(weighted_error_feedback{sparse_compressor{threshold{1.0f}}, 0.5f}.residual_bound(64)));

    const std::vector<float> x(64, 1.0f);
    message m;
    CHECK_THROWS_WITH((weighted_error_feedback{coarse, 0.3f}.compress(x, {}, m)),
                      test::contains_text("beta below 0.287"));
    CHECK_NOTHROW(weighted_error_feedback{coarse, 0.28f}.compress(x, {}, m));
    CHECK_NOTHROW(weighted_error_feedback{contractive{coarse}, 1.0f}.compress(x, {}, m));
    CHECK_THROWS_AS((weighted_error_feedback{identity{}, 0.0f}), invalid_input);
    CHECK_THROWS_AS((weighted_error_feedback{identity{}, 1.1f}), invalid_input);
}

TEST_CASE("weighted_error_feedback: the residual that was simulated, below its bound",
          "[compress][error_feedback][statistical]") {
    const compressive_sampling coarse{.size = 64, .kept = 16, .levels = 1};
    const auto residual = [](auto c) {
        double sum = 0;
        const std::uint64_t rounds = 4000;
        for (std::uint64_t round = 0; round < rounds; ++round) {
            auto x = sample::normal_vector(64, round);
            for (float& v : x) {
                v /= 8;
            }
            message m;
            c.compress(x, {.seed = 3, .round = round}, m);
            sum += round < 500 ? 0 : sample::squared_norm(c.residual());
        }
        const double mean = sum / static_cast<double>(rounds - 500);
        CHECK(mean < c.residual_bound(64).value());
        return mean;
    };
    CHECK(residual(weighted_error_feedback{coarse, 0.1f}) == Approx(31.2).epsilon(0.1));
    CHECK(residual(weighted_error_feedback{coarse, 0.1437f}) == Approx(26.2).epsilon(0.1));
    CHECK(residual(weighted_error_feedback{contractive{coarse}, 0.1f}) == Approx(30.2).epsilon(0.1));
    CHECK(residual(weighted_error_feedback{contractive{coarse}, 0.5f}) == Approx(7.2).epsilon(0.1));
    CHECK(residual(weighted_error_feedback{contractive{coarse}, 1.0f}) == Approx(4.76).epsilon(0.1));
}
