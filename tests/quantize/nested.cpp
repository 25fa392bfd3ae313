#include <frugal/quantize/nested.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

struct nested_run {
    double failures = 0;
    double trials = 0;
    test::moments success_square;  // of the error, where nothing wrapped
    test::moments square;
    double largest_success = 0;
};

//! x uniform on (-1, 1), y = x - z with z of standard deviation sz; all in units of the norm.
nested_run run(const nested_dithered& q, double sz, std::size_t n, std::uint64_t seed) {
    const random_stream xs({.seed = seed, .purpose = 1}), zs({.seed = seed, .purpose = 2}),
        us({.seed = seed, .purpose = 3});
    nested_run r;
    r.trials = static_cast<double>(n);
    const float range = q.range();
    for (std::size_t i = 0; i < n; ++i) {
        const float x = 2 * xs.centered(i);
        const float y = x - static_cast<float>(sz) * zs.normal(i);
        const float u = us.centered(i);
        const float decoded = q.value(q.index(x * range, u), u, y * range) / range;
        const double e = double{decoded} - double{x};
        r.square.add(e * e);
        if (std::fabs(e) > q.shrink * q.coarse / 2) {
            ++r.failures;
        } else {
            r.success_square.add(e * e);
            r.largest_success = std::max(r.largest_success, std::fabs(e));
        }
    }
    return r;
}

//! Pr(|z + u| > coarse / 2) for z normal, u uniform on one fine step: by Simpson's rule over u.
double wrap_probability(const nested_dithered& q, double sz) {
    const int n = 2000;
    double sum = 0;
    for (int i = 0; i <= n; ++i) {
        const double u = q.fine * (double(i) / n - 0.5);
        const double inside = test::normal_cdf((q.coarse / 2 - u) / sz) - test::normal_cdf((-q.coarse / 2 - u) / sz);
        sum += (1 - inside) * (i == 0 || i == n ? 1 : i % 2 == 1 ? 4 : 2);
    }
    return sum / (3.0 * n);
}

}  // namespace

TEST_CASE("nested: the worked example of the source", "[quantize][nested]") {
    // Steps 1 and 3, x = -4.2, u = 0.3, y = -3.4: the index -4 is sent as -1, decoded as -4.3.
    const nested_dithered q{.fine = 1, .coarse = 3};
    CHECK(q.symbols() == alphabet{-1, 1});
    CHECK(q.index(-4.2f, 0.3f) == -1.0f);
    CHECK(q.value(-1.0f, 0.3f, -3.4f) == Approx(-4.3));
}

TEST_CASE("nested: symbols are indices modulo k, for odd and even k", "[quantize][nested]") {
    for (const int k : {2, 3, 4, 5, 8, 15, 16}) {
        const nested_dithered q{.fine = 1, .coarse = double(k)};
        q.validate();
        CAPTURE(k);
        CHECK(q.ratio() == k);
        CHECK(q.symbols().size() == static_cast<std::size_t>(k));
        for (int i = -40; i <= 40; ++i) {
            const float c = q.index(static_cast<float>(i), 0.0f);
            CHECK(c >= static_cast<float>(q.symbols().lowest));
            CHECK(c <= static_cast<float>(q.symbols().highest));
            CHECK((static_cast<int>(c) - i) % k == 0);
        }
    }
}

TEST_CASE("nested: every index is recovered with side information close enough", "[quantize][nested]") {
    for (const int k : {2, 3, 4, 7}) {
        const nested_dithered q{.fine = 1, .coarse = double(k)};
        for (float x = -20; x < 20; x += 0.37f) {
            for (const float u : {-0.49f, -0.2f, 0.0f, 0.31f, 0.49f}) {
                const float reach = 0.49f * static_cast<float>(k - 1);  // |z| < (coarse - fine) / 2
                for (const float z : {-reach, 0.0f, reach}) {
                    CAPTURE(k, x, u, z);
                    CHECK(std::fabs(q.value(q.index(x, u), u, x - z) - x) <= 0.5f + 1e-4f);
                }
            }
        }
    }
}

TEST_CASE("nested: close side information gives the error of plain dither exactly", "[quantize][nested][statistical]") {
    const nested_dithered q{.fine = 1.0 / 3, .coarse = 1};
    const random_stream xs({.seed = 5}), zs({.seed = 6}), us({.seed = 7});
    for (const double bound : {0.0, 0.2, 0.3333}) {  // (coarse - fine) / 2 = 1/3
        test::moments mean, square;
        for (std::size_t i = 0; i < 200000; ++i) {
            const float x = 6 * xs.centered(i);
            const float y = x - 3 * static_cast<float>(2 * bound) * zs.centered(i);
            const float e = q.value(q.index(x, us.centered(i)), us.centered(i), y) - x;
            REQUIRE(std::fabs(e) <= 0.5f + 1e-5f);
            mean.add(double{e});
            square.add(double{e} * double{e});
        }
        CHECK(mean.z_of(0) < test::z_limit);
        CHECK(square.z_of(1.0 / 12) < test::z_limit);
    }
}

TEST_CASE("nested: wrap rates and errors of the source's setting", "[quantize][nested][statistical]") {
    struct row {
        double sz, fail, bound, success, overall;
    };
    const nested_dithered q{.fine = 1.0 / 3, .coarse = 1};
    for (const row& expected : {row{0.1, 0.0001, 0.077, 0.00925, 0}, row{0.2, 0.0237, 0.197, 0.00917, 0.0285},
                                row{0.3, 0.112, 0.397, 0.0091, 0.109}}) {
        const auto r = run(q, expected.sz, 400000, 11);
        CAPTURE(expected.sz);
        CHECK(test::z_of_count(r.failures, r.trials, wrap_probability(q, expected.sz)) < test::z_limit);
        CHECK(r.failures / r.trials == Approx(expected.fail).epsilon(0.03).margin(5e-5));
        CHECK(q.wrap_bound(expected.sz) == Approx(expected.bound).margin(6e-4));
        CHECK(r.failures / r.trials <= q.wrap_bound(expected.sz));
        CHECK(r.success_square.mean() == Approx(expected.success).epsilon(0.01));
        CHECK(r.largest_success <= q.fine / 2 + 1e-5);
        if (expected.overall > 0) {
            CHECK(r.square.mean() == Approx(expected.overall).epsilon(0.03));
        }
    }
}

TEST_CASE("nested: the best shrink factor", "[quantize][nested][statistical]") {
    const double a = nested_dithered::optimal_shrink(1.0 / 3, 0.1);
    CHECK(a == Approx(0.7328).margin(1e-4));
    const nested_dithered q{.fine = 1.0 / 3, .coarse = 1, .shrink = a};
    CHECK(q.success_variance(0.1) == Approx(0.007116).margin(1e-6));
    CHECK(q.success_variance(0.1) == Approx((1.0 / 9 / 12) * (1 - (1.0 / 9) / (48 * 0.01))));
    const auto r = run(q, 0.1, 400000, 12);
    CHECK(r.failures == 0);
    CHECK(r.square.z_of(0.007116) < test::z_limit);
    CHECK(nested_dithered::optimal_shrink(1.0 / 3, 0.01) == 0);  // what is known is better than any message
    for (const double other : {0.6, 0.7, 0.77, 0.9, 1.0}) {
        CHECK((nested_dithered{.shrink = other}.success_variance(0.1)) >= q.success_variance(0.1));
    }
}

TEST_CASE("nested: failures are counted", "[quantize][nested]") {
    const nested_dithered q{.fine = 1.0 / 3, .coarse = 1};
    const std::vector<float> x{0.5f, -2.0f, 1.0f}, decoded{0.6f, 0.1f, 0.9f};
    CHECK(wrap_failures(q, 2.0f, x, decoded) == 1);
    wrap_statistic s;
    CHECK(s.rate() == 0);
    s.add(q, 2.0f, x, decoded);
    s.add(q, 2.0f, x, x);
    CHECK(s.rate() == Approx(1.0 / 6));
    CHECK_THROWS_AS(wrap_failures(q, 1.0f, x, std::vector<float>(2)), invalid_input);
}

TEST_CASE("nested: steps that do not nest are refused", "[quantize][nested][hostile]") {
    CHECK_THROWS_WITH((nested_dithered{.fine = 0.4, .coarse = 1}.validate()), test::contains_text("multiple"));
    CHECK_THROWS_AS((nested_dithered{.fine = 1, .coarse = 1}.validate()), invalid_input);
    CHECK_THROWS_AS((nested_dithered{.fine = 2, .coarse = 1}.validate()), invalid_input);
    CHECK_THROWS_AS((nested_dithered{.fine = 0, .coarse = 1}.validate()), invalid_input);
    CHECK_THROWS_AS((nested_dithered{.fine = -1, .coarse = -3}.validate()), invalid_input);
    CHECK_THROWS_AS((nested_dithered{.fine = NAN, .coarse = 1}.validate()), invalid_input);
    CHECK_THROWS_AS((nested_dithered{.fine = 1.0 / 3, .coarse = 1, .shrink = 0}.validate()), invalid_input);
    CHECK_THROWS_AS((nested_dithered{.fine = 1.0 / 3, .coarse = 1, .shrink = 1.1}.validate()), invalid_input);
    CHECK_NOTHROW((nested_dithered{.fine = 1.0f / 3, .coarse = 1}.validate()));
    CHECK_NOTHROW((nested_dithered{.fine = 0.333333, .coarse = 1}.validate()));
}
