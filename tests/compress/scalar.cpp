#include <frugal/compress/agreement.hpp>
#include <frugal/compress/scalar.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/natural.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>
#include <frugal/quantize/stochastic_codebook.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

using dqsg = scalar_compressor<dithered>;
using nested_compressor = scalar_compressor<nested_dithered>;
static_assert(sample::UnbiasedWithVariance<dqsg> && !SideInformationCompressor<dqsg>);
static_assert(sample::UnbiasedWithVariance<scalar_compressor<stochastic, l2_norm>>);
static_assert(sample::UnbiasedWithVariance<scalar_compressor<natural, bucketed<max_norm>>>);
static_assert(sample::Contraction<scalar_compressor<sign>> && !sample::UnbiasedWithVariance<scalar_compressor<sign>>);
static_assert(SideInformationCompressor<nested_compressor> && !sample::UnbiasedWithVariance<nested_compressor>);
// Scales that an element may exceed clip, and clipping is biased.
static_assert(!scalar_compressor<dithered, mean_abs>::unbiased && !scalar_compressor<dithered, fixed>::unbiased);
static_assert(!scalar_compressor<dithered, bucketed<mean_abs>>::unbiased);
static_assert(scalar_compressor<ternary, shared_norm>::unbiased);
static_assert(AgreeingScale<shared_norm> && AgreeingScale<bucketed<shared_norm>> && !AgreeingScale<max_norm>);
static_assert(Scale<max_norm> && Scale<l2_norm> && Scale<mean_abs> && Scale<fixed> && Scale<shared_norm>);
static_assert(Scale<bucketed<max_norm>> && !Scale<dithered> && !Scale<int> && !Scale<std::string>);

//! Calls f for one compressor of each kind.
template <class F>
void for_every_compressor(F f) {
    f(scalar_compressor{dithered{.levels = 1}});
    f(scalar_compressor{dithered{.levels = 3}, max_norm{}, radix{}});
    f(scalar_compressor{dithered{.levels = 3}, max_norm{}, range_coder{}});
    f(scalar_compressor{dithered{.levels = 3}, bucketed{max_norm{}, 10}});
    f(scalar_compressor{dithered{.levels = 300}});
    f(scalar_compressor{one_bit_dithered{}});
    f(scalar_compressor{half_dithered{.levels = 2, .dithers = 2}});
    f(scalar_compressor{nested_dithered{.fine = 1.0 / 3, .coarse = 1}});
    f(scalar_compressor{stochastic{.levels = 4}, l2_norm{}});
    f(scalar_compressor{ternary{}, max_norm{}, radix{}});
    f(scalar_compressor{sign{}});
    f(scalar_compressor{natural{.levels = 5}});
    f(scalar_compressor{dorefa{.bits = 4}});
    f(scalar_compressor{stochastic_codebook{.levels = {-1.0f, -0.1f, 0.1f, 1.0f}}});
}

//! Calls f for one unbiased compressor of each kind.
template <class F>
void for_every_unbiased_compressor(F f) {
    f(scalar_compressor{dithered{.levels = 2}});
    f(scalar_compressor{dithered{.levels = 2}, l2_norm{}});
    f(scalar_compressor{dithered{.levels = 2}, bucketed{max_norm{}, 16}});
    f(scalar_compressor{one_bit_dithered{}});
    f(scalar_compressor{half_dithered{.levels = 2}});
    f(scalar_compressor{half_dithered{.levels = 2, .dithers = 2}});
    f(scalar_compressor{stochastic{.levels = 2}});
    f(scalar_compressor{stochastic{.levels = 2}, l2_norm{}});
    f(scalar_compressor{ternary{}});
    f(scalar_compressor{natural{.levels = 6}});
    f(scalar_compressor{natural{.levels = 6}, l2_norm{}});
    f(scalar_compressor{dorefa{.bits = 3}});
    f(scalar_compressor{stochastic_codebook{.levels = {-1.0f, -0.1f, 0.1f, 1.0f}}});
}

std::string message_of(auto&& action) {
    try {
        action();
    } catch (const error& e) {
        return e.what();
    }
    return "";
}

}  // namespace

TEST_CASE("scalar: every length comes back, with errors of at most a step", "[compress][scalar]") {
    for (const std::size_t n : {1u, 2u, 5u, 31u, 32u, 33u, 63u, 64u, 65u, 1000u, 20001u}) {
        const auto x = sample::normal_vector(n, n);
        CAPTURE(n);
        for_every_compressor([&](auto c) {
            CAPTURE(c.name());
            const auto y = sample::round_trip(c, x, {.seed = 1, .node = 2, .round = 3});
            REQUIRE(y == sample::round_trip(c, x, {.seed = 1, .node = 2, .round = 3}));
            for (const float v : y) {
                REQUIRE(std::isfinite(v));
            }
        });
        scalar_compressor exact{dithered{.levels = 300}};
        const auto y = sample::round_trip(exact, x, {.seed = 4});
        const float step = max_norm{}.measure(x) / 300;
        for (std::size_t i = 0; i < n; ++i) {
            REQUIRE(std::fabs(x[i] - y[i]) <= 0.5001f * step);
        }
    }
}

TEST_CASE("scalar: adding is decoding, weighting and adding", "[compress][scalar]") {
    const auto x = sample::normal_vector(777, 5);
    for_every_compressor([&](auto c) {
        CAPTURE(c.name());
        message m;
        const random_key k{.seed = 6, .node = 1};
        c.compress(x, k, m);
        std::vector<float> y(x.size()), sum(x.size(), 1.0f);
        c.decompress(m, k, y);
        c.decompress_add(m, k, 0.5f, sum);
        for (std::size_t i = 0; i < x.size(); ++i) {
            REQUIRE(sum[i] == Approx(1 + 0.5 * double{y[i]}).margin(1e-5));
        }
    });
}

TEST_CASE("scalar: a zero vector, and one whose step underflows, decode to zeros", "[compress][scalar]") {
    for (const float value : {0.0f, -0.0f, std::numeric_limits<float>::denorm_min(), 1e-41f}) {
        const std::vector<float> x(33, value);
        for_every_compressor([&](auto c) {
            CAPTURE(c.name(), value);
            const auto y = sample::round_trip(c, x, {.seed = 7});
            for (const float v : y) {
                REQUIRE(std::fabs(v) <= 1e-40f);
            }
            std::vector<float> acc(33, 2.0f);
            message m;
            c.compress(x, {.seed = 7}, m);
            c.decompress_add(m, {.seed = 7}, 1.0f, acc);
            REQUIRE(acc == std::vector<float>(33, 2.0f));
        });
    }
}

TEST_CASE("scalar: input that is empty or not finite is named", "[compress][scalar][hostile]") {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
        for (const std::size_t n : {1u, 31u, 32u, 33u, 100u}) {
            auto x = sample::normal_vector(n, 8);
            x.back() = bad;
            for_every_compressor([&](auto c) {
                CAPTURE(c.name(), n, bad);
                message m;
                const std::string text = message_of([&] { c.compress(x, {}, m); });
                CHECK(text.find("element " + std::to_string(n - 1) + " ") != std::string::npos);
                CHECK(m.empty());
            });
        }
    }
    for_every_compressor([](auto c) {
        message m;
        CHECK_THROWS_AS(c.compress(std::vector<float>{}, {}, m), invalid_input);
    });
    scalar_compressor wide{one_bit_dithered{}};  // its step is twice the norm
    message m;
    CHECK_THROWS_WITH(wide.compress(std::vector<float>{3e38f}, {}, m), test::contains_text("range of float"));
}

TEST_CASE("scalar: another key, dimension or composition is refused", "[compress][scalar][hostile]") {
    scalar_compressor c{dithered{.levels = 3}};
    scalar_compressor other{dithered{.levels = 1}};
    const auto x = sample::normal_vector(40, 9);
    std::vector<float> y(40), shorter(39);
    message m;
    const random_key k{.seed = 1, .node = 2, .round = 3};
    c.compress(x, k, m);
    CHECK_THROWS_AS(c.decompress(m, {.seed = 1, .node = 3, .round = 3}, y), malformed_message);
    CHECK_THROWS_AS(c.decompress(m, {.seed = 1, .node = 2, .round = 4}, y), malformed_message);
    CHECK_THROWS_AS(c.decompress(m, k, shorter), malformed_message);
    CHECK_THROWS_AS(other.decompress(m, k, y), malformed_message);
    CHECK_THROWS_AS(c.decompress(message{}, k, y), malformed_message);
    CHECK_NOTHROW(c.decompress(m, k, y));
}

TEST_CASE("scalar: altered messages give malformed_message or finite numbers, nothing else",
          "[compress][scalar][hostile]") {
    const auto x = sample::normal_vector(70, 10);
    for_every_compressor([&](auto c) {
        CAPTURE(c.name());
        message m;
        c.compress(x, {.seed = 1}, m);
        std::vector<float> y(x.size());
        sample::mutate(m, 3, [&](const message& altered) {
            c.decompress(altered, {.seed = 1}, y);
            c.decompress_add(altered, {.seed = 1}, 1.0f, y);
            if constexpr (SideInformationCompressor<decltype(c)>) {
                c.decompress(altered, {.seed = 1}, x, y);
            }
        });
    });
}

TEST_CASE("scalar: parameters out of range are refused when composed", "[compress][scalar][hostile]") {
    CHECK_THROWS_AS(scalar_compressor{dithered{.levels = 0}}, invalid_input);
    CHECK_THROWS_AS(scalar_compressor{dithered{.levels = 1 << 25}}, invalid_input);
    CHECK_THROWS_AS((scalar_compressor{nested_dithered{.fine = 0.4, .coarse = 1}}), invalid_input);
    CHECK_THROWS_AS((scalar_compressor{dithered{}, fixed{.kappa = 0}}), invalid_input);
    CHECK_THROWS_AS((scalar_compressor{dithered{}, bucketed{max_norm{}, 0}}), invalid_input);
}

TEST_CASE("scalar: payload bits are the ones papers count", "[compress][scalar]") {
    const auto bits = [](auto c, std::size_t n) {
        message m;
        c.compress(sample::normal_vector(n, 11), {}, m);
        return m.payload_bits();
    };
    CHECK(bits(scalar_compressor{sign{}}, 1000) == 1032);
    CHECK(bits(scalar_compressor{one_bit_dithered{}}, 33) == 65);
    CHECK(bits(scalar_compressor{dorefa{.bits = 4}}, 1000) == 4032);
    CHECK(bits(scalar_compressor{ternary{}, max_norm{}, radix{}}, 1000) == 1632);  // 5 symbols in a byte
    CHECK(bits(scalar_compressor{dithered{.levels = 3}}, 1000) == 3032);
    CHECK(bits(scalar_compressor{nested_dithered{.fine = 0.25, .coarse = 1}}, 1000) == 2032);
    CHECK(bits(scalar_compressor{dithered{.levels = 3}, bucketed{max_norm{}, 100}}, 1000) == 3320);
}

TEST_CASE("scalar: names are the composition, and the default scale suits the quantizer", "[compress][scalar]") {
    CHECK(scalar_compressor{dithered{.levels = 3}}.name() == "scalar(dithered(levels=3),max_norm,packed)");
    CHECK(scalar_compressor{sign{}}.name() == "scalar(sign,mean_abs,packed)");
    CHECK((scalar_compressor{stochastic{.levels = 4}, l2_norm{}, radix{}}.name() ==
           "scalar(stochastic(levels=4),l2_norm,radix)"));
}

TEST_CASE("scalar: every unbiased compressor is unbiased, its error what the formula says and within the bound",
          "[compress][scalar][statistical]") {
    const auto x = sample::normal_vector(48, 12);
    const double norm2 = sample::squared_norm(x);
    for_every_unbiased_compressor([&](auto c) {
        CAPTURE(c.name());
        static_assert(decltype(c)::unbiased);
        const int repeats = 6000;
        std::vector<test::moments> coordinate(x.size());
        test::moments error;
        for (int r = 0; r < repeats; ++r) {
            const auto y = sample::round_trip(c, x, {.seed = 13, .round = static_cast<std::uint64_t>(r)});
            for (std::size_t i = 0; i < x.size(); ++i) {
                coordinate[i].add(double{y[i]});
            }
            error.add(sample::squared_distance(x, y));
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            // An element on a level never errs but by the last bit of the product with the step.
            const bool kept = std::fabs(coordinate[i].mean() - double{x[i]}) < 1e-6 * double{max_norm{}.measure(x)};
            CHECK((kept || coordinate[i].z_of(double{x[i]}) < test::z_limit));
        }
        CHECK(error.z_of(c.expected_error(x)) < test::z_limit);
        CHECK(c.expected_error(x) <= c.variance(x.size()) * norm2 * (1 + 1e-6));
    });
}

TEST_CASE("scalar: variance bounds hold for one-hot, constant, sparse and heavy-tailed vectors", "[compress][scalar]") {
    const std::size_t n = 256;
    std::vector<std::vector<float>> inputs;
    inputs.reserve(5);  // references to its elements are kept below
    inputs.emplace_back(n, 0.0f)[17] = -3.0f;
    inputs.emplace_back(n, 0.3f);
    inputs.push_back(sample::normal_vector(n, 14));
    auto& worst_ternary = inputs.emplace_back(n, 1.0f / 17.0f);
    worst_ternary[0] = 1;
    auto& heavy = inputs.emplace_back(sample::normal_vector(n, 15));
    const auto modulation = sample::normal_vector(n, 16);
    for (std::size_t i = 0; i < n; ++i) {
        heavy[i] *= std::exp(1.5f * modulation[i]);
    }
    for (const auto& x : inputs) {
        for_every_unbiased_compressor([&](auto c) {
            CAPTURE(c.name());
            CHECK(c.expected_error(x) <= c.variance(n) * sample::squared_norm(x) * (1 + 1e-5) + 1e-9);
        });
    }
    // The bound of TernGrad is attained: (sqrt(256) - 1) / 2.
    scalar_compressor t{ternary{}};
    CHECK(t.expected_error(worst_ternary) / sample::squared_norm(worst_ternary) == Approx(t.variance(n)).epsilon(1e-5));
}

TEST_CASE("dithered: the error is N kappa^2 / 12 for every vector, and the message says so", "[compress][scalar]") {
    for (const int levels : {1, 3}) {
        for (const std::uint64_t seed : {1u, 2u}) {
            scalar_compressor c{dithered{.levels = levels}};
            const auto x = sample::normal_vector(500, seed);
            const double norm = max_norm{}.measure(x);
            const double exact = 500 * norm * norm / (12.0 * levels * levels);
            message m;
            c.compress(x, {.seed = 3}, m);
            CHECK(c.expected_error(x) == Approx(exact));
            CHECK(c.expected_error(m) == Approx(exact));
            CHECK(c.variance(500) == Approx(500 / (12.0 * levels * levels)));
        }
    }
    scalar_compressor one_bit{one_bit_dithered{}};  // behaves as half a level
    CHECK(one_bit.variance(12) == Approx(4));
}

TEST_CASE("dithered is not always better than ternary", "[compress][scalar]") {
    scalar_compressor dither{dithered{.levels = 1}};
    scalar_compressor tern{ternary{}};
    const std::size_t n = 256;
    const auto ratio = [&](auto& c, const std::vector<float>& x) {
        return c.expected_error(x) / sample::squared_norm(x);
    };
    std::vector<float> one_hot(n, 0.0f);
    one_hot[5] = 2;
    CHECK(ratio(tern, one_hot) == 0);
    CHECK(ratio(dither, one_hot) == Approx(n / 12.0));
    test::moments normal_tern, normal_dither, heavy_tern, heavy_dither;
    for (std::uint64_t s = 0; s < 2000; ++s) {
        const auto x = sample::normal_vector(n, 100 + s);
        auto heavy = x;
        const auto modulation = sample::normal_vector(n, 100000 + s);
        for (std::size_t i = 0; i < n; ++i) {
            heavy[i] *= std::exp(1.5f * modulation[i]);
        }
        normal_tern.add(ratio(tern, x));
        normal_dither.add(ratio(dither, x));
        heavy_tern.add(ratio(tern, heavy));
        heavy_dither.add(ratio(dither, heavy));
    }
    // E max|x| and E max|x|^2 of n normal numbers, by the trapezoidal rule.
    double largest = 0, largest_squared = 0;
    for (double t = 0; t < 8; t += 1e-3) {
        const double exceeded = 1 - std::pow(std::erf(t / std::sqrt(2.0)), double(n));
        largest += 1e-3 * exceeded;
        largest_squared += 1e-3 * 2 * t * exceeded;
    }
    CHECK(normal_tern.mean() == Approx(largest * std::sqrt(2 / 3.14159265) - 1).epsilon(0.02));
    CHECK(normal_dither.mean() == Approx(largest_squared / 12).epsilon(0.02));
    CHECK(normal_dither.mean() < normal_tern.mean() / 1.5);  // dense: dither wins
    CHECK(heavy_dither.mean() > 2 * heavy_tern.mean());      // heavy tail: it loses
}

TEST_CASE("QSGD: exact variances of the worked vectors", "[compress][scalar][stochastic]") {
    const auto error = [](int levels, std::vector<float> x) {
        scalar_compressor c{stochastic{.levels = levels}, l2_norm{}};
        CHECK(c.expected_error(x) <= c.variance(x.size()) * sample::squared_norm(x));
        return c.expected_error(x);
    };
    const std::vector<float> v{1, -2, 3, -4};
    CHECK(error(1, v) == Approx(24.772256).epsilon(1e-6));
    CHECK(error(2, v) == Approx(5.726707).epsilon(1e-6));
    CHECK(error(4, v) == Approx(1.260869).epsilon(1e-6));
    CHECK(error(8, v) == Approx(0.323369).epsilon(1e-5));
    CHECK(error(1, {3, -4}) == Approx(10).epsilon(1e-6));
    CHECK(error(2, {3, 4}) == Approx(2.5).epsilon(1e-5));
    CHECK((scalar_compressor{stochastic{.levels = 1}, l2_norm{}}.variance(4) * 30) == Approx(60));
    CHECK((scalar_compressor{stochastic{.levels = 4}, l2_norm{}}.variance(4) * 30) == Approx(7.5));
}

TEST_CASE("QSGD: probabilities of (3, -4) with one level", "[compress][scalar][stochastic][statistical]") {
    scalar_compressor c{stochastic{.levels = 1}, l2_norm{}};
    const std::vector<float> x{3, -4};
    const int n = 20000;
    int first = 0, second = 0;
    for (int r = 0; r < n; ++r) {
        const auto y = sample::round_trip(c, x, {.seed = 17, .round = static_cast<std::uint64_t>(r)});
        REQUIRE((y[0] == 0.0f || y[0] == 5.0f));
        REQUIRE((y[1] == 0.0f || y[1] == -5.0f));
        first += y[0] == 5.0f ? 1 : 0;
        second += y[1] == -5.0f ? 1 : 0;
    }
    CHECK(test::z_of_count(first, n, 0.6) < test::z_limit);
    CHECK(test::z_of_count(second, n, 0.8) < test::z_limit);
}

TEST_CASE("QSGD: one element that carries the whole norm takes the highest level", "[compress][scalar][stochastic]") {
    for (const int levels : {1, 2, 8, 128}) {
        scalar_compressor c{stochastic{.levels = levels}, l2_norm{}};
        std::vector<float> x(20, 0.0f);
        x[3] = -7.25f;
        CHECK(sample::round_trip(c, x, {.seed = 18}) == x);
    }
}

TEST_CASE("TernGrad: exact variance, and one scale shared by all senders", "[compress][scalar][ternary]") {
    const std::vector<float> g{1, -2, 3, -4};
    CHECK(scalar_compressor{ternary{}}.expected_error(g) == Approx(10));

    scalar_compressor c{ternary{}, shared_norm{}};
    const std::size_t senders = 5, d = 33;
    std::vector<std::vector<float>> x;
    float norm = 0;
    for (std::size_t i = 0; i < senders; ++i) {
        x.push_back(sample::normal_vector(d, 20 + i));
        float own = 0;
        share_of(c, x.back(), {&own, 1});
        norm = std::max(norm, own);
    }
    const std::string name = c.name();
    agree_with(c, std::array{norm});
    CHECK(c.name() == name);  // the norm is no part of the wire identity
    std::vector<float> sum(d, 0.0f);
    for (std::size_t i = 0; i < senders; ++i) {
        message m;
        const random_key k{.seed = 1, .node = static_cast<std::uint32_t>(i)};
        c.compress(x[i], k, m);
        c.decompress_add(m, k, 1.0f / norm, sum);
    }
    for (const float s : sum) {
        CHECK(s == Approx(std::round(double{s})).margin(1e-5));
        CHECK(std::fabs(s) <= senders + 1e-5f);
    }
    agree_with(c, std::array{norm / 2});
    message m;
    bool refused = false;
    for (std::size_t i = 0; i < senders; ++i) {
        try {
            c.compress(x[i], {}, m);
        } catch (const invalid_input& e) {
            refused = std::string(e.what()).find("shared norm") != std::string::npos;
        }
    }
    CHECK(refused);
}

TEST_CASE("sign: the worked vector and the exact error", "[compress][scalar][sign]") {
    scalar_compressor c{sign{}};
    const std::vector<float> x{1, -2, 3, 0};
    const auto y = sample::round_trip(c, x, {});
    CHECK(y == std::vector<float>{1.5f, -1.5f, 1.5f, 1.5f});
    CHECK(sample::squared_distance(x, y) == Approx(5));
    CHECK(c.contraction(4) == Approx(0.25));
    for (const std::size_t d : {1u, 33u, 1000u}) {
        const auto v = sample::normal_vector(d, d);
        const double one_norm = double(d) * double{mean_abs{}.measure(v)};
        const double error = sample::squared_distance(v, sample::round_trip(c, v, {}));
        CHECK(error == Approx(sample::squared_norm(v) - one_norm * one_norm / double(d)).margin(1e-5));
        CHECK(error <= (1 - c.contraction(d)) * sample::squared_norm(v) + 1e-6);
    }
    scalar_compressor bare{sign{}, fixed{.kappa = 1}};
    CHECK(sample::round_trip(bare, x, {}) == std::vector<float>{1, -1, 1, 1});
}

TEST_CASE("averaging n independent messages of one vector divides an unbiased error by n, a biased one by nothing",
          "[compress][scalar][statistical]") {
    const auto x = sample::normal_vector(64, 30);
    const std::uint32_t n = 8;
    const auto error_of_mean = [&](auto& c) {
        test::moments error;
        for (std::uint64_t r = 0; r < 1500; ++r) {
            std::vector<float> mean(x.size(), 0.0f);
            for (std::uint32_t node = 0; node < n; ++node) {
                message m;
                const random_key k{.seed = 31, .node = node, .round = r};
                c.compress(x, k, m);
                c.decompress_add(m, k, 1.0f / n, mean);
            }
            error.add(sample::squared_distance(x, mean));
        }
        return error;
    };
    for_every_unbiased_compressor([&](auto c) {
        CAPTURE(c.name());
        CHECK(error_of_mean(c).z_of(c.expected_error(x) / n) < test::z_limit);
    });
    scalar_compressor biased{sign{}};
    CHECK(error_of_mean(biased).mean() ==
          Approx(sample::squared_distance(x, sample::round_trip(biased, x, {}))).epsilon(1e-5));
}

TEST_CASE("nested: decoded near side information; the plain form takes zero", "[compress][scalar][nested]") {
    scalar_compressor c{nested_dithered{.fine = 1.0 / 3, .coarse = 1}};
    const std::size_t d = 5000;
    const auto x = sample::normal_vector(d, 33);
    const auto z = sample::normal_vector(d, 34);
    const float norm = max_norm{}.measure(x);
    std::vector<float> side(d), y(d), near_zero(d), plain(d);
    for (std::size_t i = 0; i < d; ++i) {
        side[i] = x[i] - 0.05f * norm * z[i];
    }
    const random_key k{.seed = 35};
    message m;
    c.compress(x, k, m);
    CHECK(c.needs_side_information(k));
    c.decompress(m, k, side, y);
    CHECK(wrap_failures(c.quantizer(), norm, x, y) == 0);
    for (std::size_t i = 0; i < d; ++i) {
        REQUIRE(std::fabs(x[i] - y[i]) <= norm / 6 * 1.0001f);
    }
    const double expected = d * double{norm} * norm / 9 / 12;
    CHECK(sample::squared_distance(x, y) == Approx(expected).epsilon(0.06));

    c.decompress(m, k, std::vector<float>(d, 0.0f), near_zero);
    c.decompress(m, k, plain);
    CHECK(sample::squared_distance(plain, near_zero) < 1e-8);
    CHECK(wrap_failures(c.quantizer(), norm, x, plain) > 0);
    c.decompress(m, k, side, side);  // in place
    CHECK(side == y);
    CHECK_THROWS_AS(c.decompress(m, k, std::vector<float>(d - 1), y), invalid_input);
}

TEST_CASE("nested: whatever the side information, k steps of the sender separate the values",
          "[compress][scalar][nested]") {
    // A sender of another norm than the side information's: the receiver divides by the sender's scale.
    scalar_compressor c{nested_dithered{.fine = 1.0 / 4, .coarse = 1}};
    for (const float size : {1e-3f, 1.0f, 500.0f}) {
        auto x = sample::normal_vector(300, 36);
        for (float& v : x) {
            v *= size;
        }
        const float norm = max_norm{}.measure(x);
        auto side = x;
        for (std::size_t i = 0; i < side.size(); ++i) {
            side[i] += (i % 2 == 0 ? 0.37f : -0.37f) * norm;  // just within (coarse - fine) / 2
        }
        message m;
        c.compress(x, {}, m);
        std::vector<float> y(300);
        c.decompress(m, {}, side, y);
        CHECK(wrap_failures(c.quantizer(), norm, x, y) == 0);
        for (float& s : side) {
            s += norm;  // one coarse step more: every value wraps by just that
        }
        std::vector<float> wrapped(300);
        c.decompress(m, {}, side, wrapped);
        CHECK(wrap_failures(c.quantizer(), norm, x, wrapped) == 300);
        for (std::size_t i = 0; i < 300; ++i) {
            REQUIRE(wrapped[i] - y[i] == Approx(norm).epsilon(1e-4));
        }
    }
}

namespace {

//! A user's quantizer in five lines, for floats and batches alike: three levels, deterministic.
struct coarse_levels {
    alphabet symbols() const { return {-1, 1}; }
    template <class T>
    T index(const T& x) const {
        return round_half_up(x);
    }
    template <class T>
    T value(const T& i) const {
        return T(0.75f) * i;
    }
    std::string name() const { return "coarse_levels"; }
};

//! The same for floats alone.
struct plain_levels {
    alphabet symbols() const { return {-1, 1}; }
    float index(float x) const { return x < -0.5f ? -1.0f : x < 0.5f ? 0.0f : 1.0f; }
    float value(float i) const { return 0.75f * i; }
    std::string name() const { return "plain_levels"; }
};

//! With dither, and indices far outside its alphabet, which the library clamps.
struct careless {
    alphabet symbols() const { return {-2, 2}; }
    float index(float x, float u) const { return 100 * x + u; }
    float value(float i) const { return i; }
    std::string name() const { return "careless"; }
};

}  // namespace

TEST_CASE("scalar: a user's own quantizer is five lines", "[compress][scalar][custom]") {
    const std::vector<float> x{1.0f, -0.2f, 0.6f, -2.0f, 0.9f};
    scalar_compressor generic{coarse_levels{}};
    scalar_compressor plain{plain_levels{}, max_norm{}, range_coder{}};
    scalar_compressor coded{coarse_levels{}, bucketed{max_norm{}, 2}, radix{}};
    const auto long_x = sample::normal_vector(1001, 40);
    CHECK(sample::round_trip(generic, std::vector<float>{1.0f, -0.2f, 0.4f, -1.6f, 0.7f}, {}) ==
          std::vector<float>{1.2000000477f, 0.0f, 0.0f, -1.2000000477f, 0.0f});
    CHECK(sample::round_trip(generic, long_x, {}) == sample::round_trip(plain, long_x, {}));
    CHECK(sample::round_trip(coded, std::vector<float>{4.0f, 1.0f, -8.0f}, {}) ==
          std::vector<float>{3.0f, 0.0f, -6.0f});

    scalar_compressor clamped{careless{}};
    for (const float v : sample::round_trip(clamped, long_x, {})) {
        CHECK(std::fabs(v) <= max_norm{}.measure(long_x) * 1.0001f);
    }
    error_feedback learned{scalar_compressor{coarse_levels{}}};
    std::vector<double> sent(5, 0.0);
    for (std::uint64_t r = 0; r < 50; ++r) {
        const auto y = sample::round_trip(learned, x, {.round = r});
        for (std::size_t i = 0; i < 5; ++i) {
            sent[i] += double{y[i]};
        }
    }
    for (std::size_t i = 0; i < 5; ++i) {
        CHECK(sent[i] + double{learned.residual()[i]} == Approx(50 * double{x[i]}).epsilon(1e-5));
    }
}

TEST_CASE("scalar: a weight that would decode to infinity is refused", "[compress][scalar][hostile]") {
    const scalar_compressor c{dithered{.levels = 2}};
    const std::vector<float> x{1e38f, -1e38f};
    message m;
    c.compress(x, {.seed = 1}, m);
    std::vector<float> acc(2);
    CHECK_THROWS_AS(c.decompress_add(m, {.seed = 1}, 4.0f, acc), invalid_input);
    CHECK(acc == std::vector<float>(2));
    c.decompress_add(m, {.seed = 1}, 1.3f, acc);
    CHECK((is_finite(acc[0]) && is_finite(acc[1])));
}
