#include <frugal/aggregate/minimax_mean.hpp>

#include <array>
#include <cmath>
#include <vector>

#include <frugal/aggregate/mean.hpp>
#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(Aggregator<minimax_mean> && Aggregator<mean> && !Aggregator<identity> && !Aggregator<int>);

TEST_CASE("minimax_mean: the recursion is the weighted mean of all at once", "[aggregate][minimax_mean]") {
    const std::size_t d = 33;
    minimax_mean recursive;
    recursive.reset(d);
    std::vector<double> weighted(d, 0.0);
    double gamma = 0;
    for (std::uint64_t p = 0; p < 20; ++p) {
        const auto y = test::normal_vector(d, p);
        const float weight = 1.0f / static_cast<float>(1 + p * p);
        recursive.add(y, weight);
        gamma += double{weight};
        for (std::size_t i = 0; i < d; ++i) {
            weighted[i] += double{weight} * double{y[i]};
        }
        for (std::size_t i = 0; i < d; ++i) {  // after every vector, not only at the end
            REQUIRE(recursive.estimate()[i] == Approx(weighted[i] / gamma).epsilon(1e-12).margin(1e-12));
        }
    }
    CHECK(recursive.precision() == Approx(gamma).epsilon(1e-14));
}

TEST_CASE("minimax_mean: variances 1, 2, 4 give weights 4/7, 2/7, 1/7 and error 4/7", "[aggregate][minimax_mean]") {
    const std::array<double, 3> v{1, 2, 4}, weight{4.0 / 7, 2.0 / 7, 1.0 / 7};
    for (std::size_t p = 0; p < 3; ++p) {
        minimax_mean m;
        m.reset(1);
        for (std::size_t q = 0; q < 3; ++q) {
            m.add(std::vector<float>{p == q ? 1.0f : 0.0f}, static_cast<float>(1 / v[q]));
        }
        CHECK(m.estimate()[0] == Approx(weight[p]).epsilon(1e-12));
        CHECK(1 / m.precision() == Approx(4.0 / 7));
    }
}

TEST_CASE("minimax_mean: equal weights are the mean, a worthless vector is ignored", "[aggregate][minimax_mean]") {
    const auto a = test::normal_vector(40, 1), b = test::normal_vector(40, 2), c = test::normal_vector(40, 3);
    minimax_mean m;
    mean plain;
    m.reset(40);
    plain.reset(40);
    for (const auto& y : {a, b}) {
        m.add(y, 0.25f);
        plain.add(y, 1.0f);
    }
    m.add(c, 0.0f);
    m.add(c, 1e-30f);
    std::vector<float> x(40), y(40);
    m.result(x);
    plain.result(y);
    for (std::size_t i = 0; i < 40; ++i) {
        CHECK(x[i] == Approx(y[i]).margin(1e-6));
    }
}

TEST_CASE("minimax_mean: the error is 1 / precision", "[aggregate][minimax_mean][statistical]") {
    const std::array<double, 4> v{0.5, 1, 3, 10};  // per coordinate
    test::moments square;
    double precision = 0;
    for (std::uint64_t r = 0; r < 400; ++r) {
        minimax_mean m;
        m.reset(50);
        for (std::size_t p = 0; p < v.size(); ++p) {
            auto y = test::normal_vector(50, 10 * r + p);
            for (float& e : y) {
                e *= static_cast<float>(std::sqrt(v[p]));  // the truth is 0
            }
            m.add(y, static_cast<float>(1 / v[p]));
        }
        for (const double e : m.estimate()) {
            square.add(e * e);
        }
        precision = m.precision();
    }
    CHECK(square.z_of(1 / precision) < test::z_limit);
}

TEST_CASE("minimax_mean: messages of subtractive dither bring their own variance", "[aggregate][minimax_mean]") {
    scalar_compressor fine{dithered{.levels = 3}}, coarse{dithered{.levels = 1}};
    const auto x = test::normal_vector(100, 5);
    message m;
    const random_key k{.seed = 1};
    minimax_mean weighed(2.0);
    weighed.reset(100);
    fine.compress(x, k, m);
    const double fine_error = fine.expected_error(m);
    weighed.add(fine, m, k, 1.0f);
    std::vector<float> y(100), z(100);
    fine.decompress(m, k, y);
    coarse.compress(x, k, m);
    const double coarse_error = coarse.expected_error(m);
    weighed.add(coarse, m, k, 1.0f);
    coarse.decompress(m, k, z);
    CHECK(coarse_error == Approx(9 * fine_error));
    CHECK(weighed.precision() == Approx(1 / (2 + fine_error) + 1 / (2 + coarse_error)));
    const double share = 1 / (2 + fine_error) / weighed.precision();
    for (std::size_t i = 0; i < 100; ++i) {
        CHECK(weighed.estimate()[i] == Approx(share * double{y[i]} + (1 - share) * double{z[i]}).margin(1e-9));
    }
    identity exact;  // a compressor that does not say: the weight is taken as it is
    exact.compress(x, k, m);
    const double before = weighed.precision();
    weighed.add(exact, m, k, 0.5f);
    CHECK(weighed.precision() == Approx(before + 0.5));
}

TEST_CASE("minimax_mean: a compressor chosen at run time weighs the same", "[aggregate][minimax_mean][equivalence]") {
    scalar_compressor c{dithered{.levels = 2}};
    any_compressor chosen{c};
    message m;
    c.compress(test::normal_vector(50, 3), {}, m);
    minimax_mean a(0.5), b(0.5);
    a.reset(50);
    b.reset(50);
    a.add(c, m, {}, 2.0f);
    b.add(chosen, m, {}, 2.0f);
    CHECK(a.precision() == b.precision());
    CHECK(a.precision() != 2.0);
}

TEST_CASE("minimax_mean: misuse is named", "[aggregate][minimax_mean][hostile]") {
    minimax_mean m;
    std::vector<float> y(3), out(3);
    m.reset(3);
    CHECK_THROWS_AS(m.result(out), invalid_input);
    CHECK_THROWS_AS(m.add(std::vector<float>(2), 1.0f), invalid_input);
    CHECK_THROWS_AS(m.add(y, -1.0f), invalid_input);
    CHECK_THROWS_AS(m.add(y, std::numeric_limits<float>::infinity()), invalid_input);
    CHECK_THROWS_AS(minimax_mean(-1), invalid_input);
}

TEST_CASE("minimax_mean: a message without error settles the result", "[aggregate][minimax_mean]") {
    scalar_compressor c{dithered{}};
    message zero, noisy;
    c.compress(std::vector<float>(3), {}, zero);
    c.compress(std::vector<float>{1, 2, 3}, {}, noisy);
    std::vector<float> out(3);
    for (const bool merged : {false, true}) {
        minimax_mean m, other;
        m.reset(3);
        other.reset(3);
        minimax_mean& last = merged ? other : m;
        m.add(c, noisy, {}, 1.0f);
        last.add(c, zero, {}, 0.0f);  // without weight it says nothing
        CHECK(std::isfinite(m.precision()));
        last.add(c, zero, {}, 1.0f);
        last.add(c, noisy, {}, 1.0f);
        m.merge(other);
        m.result(out);
        CHECK(out == std::vector<float>(3, 0.0f));
        CHECK(std::isinf(m.precision()));
    }
}
