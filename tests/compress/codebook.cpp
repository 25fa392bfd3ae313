#include <frugal/compress/codebook.hpp>
#include <frugal/compress/transformed.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/coder/range_coder.hpp>
#include <frugal/compress/error_feedback.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

static_assert(Codebook<one_bit> && Codebook<lloyd_max> && !Codebook<int> && !Codebook<max_norm> && !Codebook<packed>);
static_assert(sample::Contraction<codebook_compressor<one_bit>> &&
              !sample::UnbiasedWithVariance<codebook_compressor<lloyd_max>>);

//! The levels that fit chooses for x.
template <Codebook B>
std::vector<float> levels_for(const B& b, std::span<const float> x) {
    std::vector<float> levels(b.size()), boundaries(b.size() - 1);
    b.fit(x, levels, boundaries);
    return levels;
}

std::vector<float> folded_normal_vector(std::size_t n, std::uint64_t seed) {
    auto x = sample::normal_vector(n, seed);
    for (float& v : x) {
        v = std::fabs(v);
    }
    return x;
}

//! Sum of x_i - y_i, and of (x_i - y_i) y_i.
struct centroid_residual {
    double sum = 0, correlation = 0;
};
centroid_residual residual_of(std::span<const float> x, std::span<const float> y) {
    centroid_residual r;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double e = double{x[i]} - double{y[i]};
        r.sum += e;
        r.correlation += e * double{y[i]};
    }
    return r;
}

//! The least squared error of any K levels, by dynamic programming over the sorted elements.
double least_error(std::vector<float> x, std::size_t levels) {
    std::sort(x.begin(), x.end());
    const std::size_t n = x.size();
    std::vector<double> sum(n + 1), square(n + 1);
    for (std::size_t i = 0; i < n; ++i) {
        const double v = double(x[i]) - double(x[n / 2]);
        sum[i + 1] = sum[i] + v;
        square[i + 1] = square[i] + v * v;
    }
    std::vector<double> best(n + 1, 1e300);
    best[0] = 0;
    for (std::size_t k = 0; k < levels; ++k) {
        for (std::size_t end = n; end > 0; --end) {
            for (std::size_t first = 0; first < end; ++first) {
                const double s = sum[end] - sum[first];
                best[end] =
                    std::min(best[end], best[first] + square[end] - square[first] - s * s / double(end - first));
            }
        }
    }
    return best[n];
}

}  // namespace

TEST_CASE("lloyd_max: a bucket's levels are nearly the best there are, and as good as a vector's",
          "[compress][codebook]") {
    enum { normal, heavy, sparse, far_from_zero, one_sided };
    for (const int kind : {normal, heavy, sparse, far_from_zero, one_sided}) {
        for (const int levels : {2, 4, 8, 16}) {
            const std::size_t n = 256;
            double least = 0, of_buckets = 0, of_vectors = 0;
            codebook_compressor buckets{lloyd_max{.levels = levels}, packed{}, n};
            codebook_compressor whole{lloyd_max{.levels = levels}};
            for (std::uint64_t seed = 0; seed < 6; ++seed) {
                auto x = sample::normal_vector(n, 300 + seed);
                for (std::size_t i = 0; i < n; ++i) {
                    const float v = x[i];
                    x[i] = kind == heavy           ? v * v * v
                           : kind == sparse        ? (i % 3 == 0 ? v : 0.0f)
                           : kind == far_from_zero ? 100 + v
                           : kind == one_sided     ? -std::fabs(v)
                                                   : v;
                }
                least += least_error(x, static_cast<std::size_t>(levels));
                of_vectors += sample::squared_distance(x, sample::round_trip(whole, x, {}));
                const auto y = sample::round_trip(buckets, x, {});
                of_buckets += sample::squared_distance(x, y);
                const auto r = residual_of(x, y);
                CHECK(std::fabs(r.sum) < 1e-4 * (kind == far_from_zero ? 1e3 : 10.0));  // means of their cells
            }
            CAPTURE(kind, levels, least, of_vectors, of_buckets);
            CHECK(of_buckets >= least * (1 - 1e-5));
            CHECK(of_buckets <= (kind == heavy || kind == sparse ? 1.6 : 1.2) * least);
            CHECK(of_buckets <= 1.15 * of_vectors);
        }
    }
}

TEST_CASE("lloyd_max: buckets of one value, of few, of tiny and of huge ones", "[compress][codebook]") {
    for (const std::size_t n : {64u, 200u, 1000u}) {
        for (const int levels : {2, 4, 8}) {
            codebook_compressor c{lloyd_max{.levels = levels}, packed{}, n};
            for (const float v : {0.0f, -0.0f, 3.0f, -2.5f, 1e-44f, -3e38f}) {
                const std::vector<float> x(n, v);
                CHECK(sample::round_trip(c, x, {}) == x);
            }
            std::vector<float> two(n, -1e-3f);
            for (std::size_t i = 0; i < n; i += 3) {
                two[i] = 2e-3f;
            }
            const auto same = sample::round_trip(c, two, {});
            CHECK(sample::squared_distance(two, same) < 1e-12 * sample::squared_norm(two));
            for (const float scale : {1e-38f, 1e38f}) {
                auto x = sample::normal_vector(n, 400);
                for (float& v : x) {
                    v *= 0.5f * scale;
                }
                const auto y = sample::round_trip(c, x, {});
                double error = 0, norm = 0;
                for (std::size_t i = 0; i < n; ++i) {
                    const double v = double(x[i]) / double(scale);
                    error += (v - double(y[i]) / double(scale)) * (v - double(y[i]) / double(scale));
                    norm += v * v;
                }
                CHECK(error <= 0.4 * norm);
            }
        }
    }
}

TEST_CASE("lloyd_max: the published levels for normal and folded normal data", "[compress][codebook][statistical]") {
    const std::size_t n = 400000;
    const auto x = sample::normal_vector(n, 1);
    const auto two = levels_for(lloyd_max{.levels = 2, .iterations = 100}, x);
    CHECK(two[0] == Approx(-0.797885).margin(0.004));
    CHECK(two[1] == Approx(0.797885).margin(0.004));
    codebook_compressor c{lloyd_max{.levels = 2, .iterations = 100}};
    CHECK(sample::squared_distance(x, sample::round_trip(c, x, {})) / double(n) == Approx(0.36338).epsilon(0.01));

    const auto folded = folded_normal_vector(n, 2);
    const lloyd_max fit{.levels = 2, .iterations = 200};
    std::vector<float> levels(2), boundaries(1);
    fit.fit(folded, levels, boundaries);
    CHECK(levels[0] == Approx(0.452780).margin(0.006));
    CHECK(levels[1] == Approx(1.510418).margin(0.008));
    CHECK(boundaries[0] == Approx(0.981599).margin(0.008));
    codebook_compressor f{fit};
    CHECK(sample::squared_distance(folded, sample::round_trip(f, folded, {})) / double(n) ==
          Approx(0.117482).epsilon(0.01));
}

TEST_CASE("lloyd_max: more levels, less error; never worse than the class means", "[compress][codebook]") {
    for (const std::size_t n : {5u, 33u, 5000u}) {
        const auto x = sample::normal_vector(n, n);
        codebook_compressor means{one_bit{}};
        const double reference = sample::squared_distance(x, sample::round_trip(means, x, {}));
        for (const int levels : {2, 3, 4, 16, 17, 64, 256}) {
            codebook_compressor c{lloyd_max{.levels = levels}};
            const auto y = sample::round_trip(c, x, {});
            CAPTURE(n, levels);
            CHECK(sample::squared_distance(x, y) <= reference * (1 + 1e-6));
            CHECK(sample::squared_distance(x, y) <= (1 - c.contraction(n)) * sample::squared_norm(x));
        }
    }
    // Panter and Dite: the error falls as 1 / K^2; 2.721 / K^2 for normal data.
    const auto x = sample::normal_vector(100000, 3);
    codebook_compressor fine{lloyd_max{.levels = 64, .iterations = 200}};
    CHECK(sample::squared_distance(x, sample::round_trip(fine, x, {})) / 100000 ==
          Approx(2.721 / (64.0 * 64)).epsilon(0.08));
}

TEST_CASE("lloyd_max: long vectors are summed up in bins, at little cost in error", "[compress][codebook]") {
    for (const bool heavy : {false, true}) {
        auto x = sample::normal_vector(20000, 6);
        for (std::size_t i = 0; heavy && i < x.size(); ++i) {
            x[i] *= i % 5 == 0 ? x[i] * x[i] * x[i] : 0.0f;
        }
        for (const int levels : {2, 4, 16, 64}) {
            codebook_compressor c{lloyd_max{.levels = levels}};
            const auto fitted = levels_for(c.codebook(), x);
            const double found = sample::squared_distance(x, sample::round_trip(c, x, {}));
            // Lloyd's iteration over all elements, from where it ended, for as many steps again.
            std::vector<float> level(fitted.begin(), fitted.end());
            double error = 0;
            for (int step = 0; step < 32; ++step) {
                std::vector<double> sum(level.size()), count(level.size());
                error = 0;
                for (const float v : x) {
                    std::size_t j = 0;
                    while (j + 1 < level.size() && v >= level[j] * 0.5f + level[j + 1] * 0.5f) {
                        ++j;
                    }
                    sum[j] += double{v};
                    ++count[j];
                    error += (double{v} - double{level[j]}) * (double{v} - double{level[j]});
                }
                for (std::size_t j = 0; j < level.size(); ++j) {
                    level[j] = count[j] > 0 ? static_cast<float>(sum[j] / count[j]) : level[j];
                }
            }
            CAPTURE(heavy, levels);
            CHECK(found <= 1.1 * error + 3e-4 * sample::squared_norm(x));
        }
    }
}

TEST_CASE("codebooks: levels are the means of their cells", "[compress][codebook]") {
    const auto x = sample::normal_vector(4001, 4);
    const auto check = [&](auto codebook) {
        codebook_compressor c{codebook};
        CAPTURE(c.name());
        const auto r = residual_of(x, sample::round_trip(c, x, {}));
        CHECK(std::fabs(r.sum) < 1e-3);  // rounding of the levels to float
        CHECK(std::fabs(r.correlation) < 1e-3);
    };
    check(one_bit{});
    check(lloyd_max{.levels = 2});
    check(lloyd_max{.levels = 7, .iterations = 1});
    check(lloyd_max{.levels = 40, .iterations = 3});
}

TEST_CASE("one_bit: class means of least error, and 64 bits of them", "[compress][codebook]") {
    const std::vector<float> x{1.0f, -2.0f, 3.0f, 0.0f, -4.0f};
    codebook_compressor c{one_bit{}};
    message m;
    c.compress(x, {}, m);
    CHECK(m.payload_bits() == 64 + 5);
    std::vector<float> y(5);
    c.decompress(m, {}, y);
    const float positive = static_cast<float>(4.0 / 3);
    CHECK(y == std::vector<float>{positive, -3.0f, positive, positive, -3.0f});
    const auto error_with = [&](float low, float high) {
        double e = 0;
        for (const float v : x) {
            const double r = v >= 0 ? double{v} - double{high} : double{v} - double{low};
            e += r * r;
        }
        return e;
    };
    for (const float shift : {-0.1f, 0.1f}) {
        CHECK(error_with(-3.0f + shift, positive) > error_with(-3.0f, positive));
        CHECK(error_with(-3.0f, positive + shift) > error_with(-3.0f, positive));
    }
}

TEST_CASE("1-bit SGD: what was sent and the residual add up to the gradients; the residual sums to zero",
          "[compress][codebook][feedback]") {
    const std::size_t d = 33;
    error_feedback c{codebook_compressor{one_bit{}}};
    std::vector<double> sent(d, 0.0), given(d, 0.0);
    for (std::uint64_t r = 0; r < 40; ++r) {
        const auto g = sample::normal_vector(d, 50 + r);
        const auto y = sample::round_trip(c, g, {.round = r});
        double sum = 0;
        for (std::size_t i = 0; i < d; ++i) {
            sent[i] += double{y[i]};
            given[i] += double{g[i]};
            sum += double{c.residual()[i]};
        }
        CHECK(std::fabs(sum) < 1e-4);
    }
    for (std::size_t i = 0; i < d; ++i) {
        CHECK(sent[i] + double{c.residual()[i]} == Approx(given[i]).margin(1e-4));
    }
}

TEST_CASE("codebooks: lengths, one sign, constants, zeros, coders", "[compress][codebook]") {
    for (const std::size_t n : {1u, 2u, 31u, 32u, 33u, 700u}) {
        for (const int kind : {0, 1, 2, 3}) {
            auto x = sample::normal_vector(n, 60 + n);
            for (float& v : x) {
                v = kind == 0 ? v : kind == 1 ? std::fabs(v) : kind == 2 ? -std::fabs(v) - 1 : 0.0f;
            }
            const auto check = [&](auto c) {
                CAPTURE(c.name(), n, kind);
                const auto y = sample::round_trip(c, x, {});
                const auto [least, greatest] = std::minmax_element(x.begin(), x.end());
                for (const float v : y) {
                    REQUIRE(v >= *least);
                    REQUIRE(v <= *greatest);
                }
                message m;
                std::vector<float> acc(n, 1.0f);
                c.compress(x, {}, m);
                c.decompress_add(m, {}, 2.0f, acc);
                for (std::size_t i = 0; i < n; ++i) {
                    REQUIRE(acc[i] == Approx(1 + 2 * double{y[i]}).margin(1e-5));
                }
            };
            check(codebook_compressor{one_bit{}});
            check(codebook_compressor{lloyd_max{.levels = 3}, radix{}});
            check(codebook_compressor{lloyd_max{.levels = 33}, range_coder{}});
        }
    }
    codebook_compressor c{lloyd_max{.levels = 4}};
    CHECK(sample::round_trip(c, std::vector<float>(32, 0.0f), {}) == std::vector<float>(32, 0.0f));
    CHECK(sample::round_trip(c, std::vector<float>(32, -2.5f), {}) == std::vector<float>(32, -2.5f));
    const std::vector<float> few{1, 2, 4, 1, 2, 4, -8, -8};
    CHECK(sample::round_trip(c, few, {}) == few);  // as many levels as values: nothing is lost
}

TEST_CASE("lloyd_max: a sign that the sample misses still gets its level", "[compress][codebook]") {
    std::vector<float> x(20000, 1.0f);
    x[19999] = -1e6f;
    codebook_compressor c{lloyd_max{.levels = 4}};
    const auto y = sample::round_trip(c, x, {});
    CHECK(y == x);
}

TEST_CASE("codebooks: a bucket has levels of its own", "[compress][codebook]") {
    for (const std::size_t n : {1u, 9u, 10u, 11u, 95u}) {
        const auto x = sample::normal_vector(n, 80 + n);
        codebook_compressor c{one_bit{}, packed{}, 10};
        const auto y = sample::round_trip(c, x, {});
        for (std::size_t at = 0; at < n; at += 10) {
            const std::size_t length = std::min<std::size_t>(10, n - at);
            codebook_compressor alone{one_bit{}};
            const auto part = sample::round_trip(alone, std::span(x).subspan(at, length), {});
            CHECK(std::equal(part.begin(), part.end(), y.begin() + static_cast<std::ptrdiff_t>(at)));
        }
        message m;
        c.compress(x, {}, m);
        CHECK(m.payload_bits() == n + 64 * ((n + 9) / 10));
        CHECK(c.contraction(n) == Approx(1.0 / static_cast<double>(std::min<std::size_t>(10, n))));
    }
    CHECK(codebook_compressor{one_bit{}, packed{}, 10}.name() == "codebook(one_bit,packed,10)");
}

TEST_CASE("codebooks: an empty part of a composition is no special case", "[compress][codebook][hostile]") {
    codebook_compressor c{lloyd_max{.levels = 3}};
    std::vector<std::byte> bytes;
    payload_writer w(bytes);
    c.encode({}, {}, w);
    payload_reader r(w.written());
    CHECK_NOTHROW(c.decode(r, {}, {}));
    CHECK_NOTHROW(r.finish());
}

TEST_CASE("codebooks: bad input and altered messages", "[compress][codebook][hostile]") {
    codebook_compressor c{lloyd_max{.levels = 5}};
    message m;
    auto x = sample::normal_vector(33, 70);
    x[32] = std::numeric_limits<float>::quiet_NaN();
    CHECK_THROWS_WITH(c.compress(x, {}, m), test::contains_text("element 32 "));
    CHECK_THROWS_AS(c.compress(std::vector<float>{}, {}, m), invalid_input);
    CHECK_THROWS_AS(codebook_compressor{lloyd_max{.levels = 1}}, invalid_input);
    CHECK_THROWS_AS(codebook_compressor{lloyd_max{.levels = 257}}, invalid_input);
    CHECK_THROWS_AS((codebook_compressor{lloyd_max{.levels = 4, .iterations = 0}}), invalid_input);

    const auto good = sample::normal_vector(40, 71);
    std::vector<float> y(40);
    codebook_compressor bucketed{one_bit{}, packed{}, 7};
    bucketed.compress(good, {}, m);
    sample::mutate(m, 1, [&](const message& altered) { bucketed.decompress(altered, {}, y); });
    c.compress(good, {}, m);
    sample::mutate(m, 1, [&](const message& altered) {
        c.decompress(altered, {}, y);
        c.decompress_add(altered, {}, 1.0f, y);
    });
}

TEST_CASE("normal_levels: levels that are the means of a normal distribution's cells", "[compress][codebook][exact]") {
    const double pi = std::acos(-1.0);
    const auto density = [&](double x) { return std::exp(-x * x / 2) / std::sqrt(2 * pi); };
    for (const int levels : {2, 4, 8, 16}) {
        // A vector of two magnitudes has these levels times a factor, whatever it is.
        const std::vector<float> x{1, -1, 2, -2};
        std::vector<float> level(static_cast<std::size_t>(levels)), boundary(level.size() - 1);
        normal_levels{.levels = levels}.fit(x, level, boundary);
        const std::size_t half = level.size() / 2;
        const double deviation = std::sqrt(2.5);
        const double unit =
            levels == 2 ? double(level[1]) / std::sqrt(2 / pi) : double(level[half]) + double(level[half + 1]);
        const double scale = levels == 2 ? unit : unit * deviation / (2 * double(boundary[half]));
        for (std::size_t j = 0; j < level.size(); ++j) {
            const double low = j == 0 ? -40 : double(boundary[j - 1]) / deviation;
            const double high = j + 1 == level.size() ? 40 : double(boundary[j]) / deviation;
            const double mean = (density(low) - density(high)) / (test::normal_cdf(high) - test::normal_cdf(low));
            CHECK(double(level[j]) / scale == Approx(mean).epsilon(1e-5));
        }
    }
    CHECK_THROWS_AS(normal_levels{.levels = 3}.validate(), invalid_input);
}

TEST_CASE("normal_levels: behind a rotation EDEN, with its published errors, and unbiased by projection",
          "[compress][codebook][statistical]") {
    const std::size_t n = 1024;
    auto x = sample::normal_vector(n, 1);
    for (float& v : x) {
        v = v * v * v;
    }
    struct row {
        int levels;
        double least, projected;
    };
    for (const row& r :
         {row{2, 0.36338, 0.5708}, row{4, 0.11748, 0.1331}, row{8, 0.03455, 0.03578}, row{16, 0.009501, 0.009592}}) {
        for (const auto scale : {normal_levels::scaling::least_squares, normal_levels::scaling::projection}) {
            const transformed c{hadamard{.size = n},
                                codebook_compressor{normal_levels{.levels = r.levels, .scale = scale}, packed{}, n}};
            const bool least = scale == normal_levels::scaling::least_squares;
            test::moments error, along;
            std::vector<double> mean(n, 0.0);
            const int rounds = 400;
            for (std::uint64_t round = 0; round < rounds; ++round) {
                const auto y = sample::round_trip(c, x, {.round = round});
                error.add(sample::squared_distance(x, y) / sample::squared_norm(x));
                double product = 0;
                for (std::size_t i = 0; i < n; ++i) {
                    product += double(x[i]) * double(y[i]);
                    mean[i] += double(y[i]) / rounds;
                }
                along.add(product / sample::squared_norm(x));
            }
            CHECK(error.mean() == Approx(least ? r.least : r.projected).epsilon(0.05));
            CHECK(along.mean() == Approx(least ? 1 - r.least : 1).epsilon(least ? 0.01 : 1e-4));
            if (!least) {  // what is left after averaging is the noise of so many draws
                CHECK(test::squared_distance(mean, x) / sample::squared_norm(x) < 1.5 * r.projected / rounds);
            }
        }
    }
    const codebook_compressor c{normal_levels{.levels = 4}};
    CHECK(laws_of(c, 100).contraction.value() > 0);
    CHECK(!laws_of(codebook_compressor{normal_levels{.levels = 4, .scale = normal_levels::scaling::projection}}, 100)
               .contraction);
    const std::vector<float> one_hot{0, 0, 7, 0};
    CHECK(sample::squared_distance(one_hot, sample::round_trip(c, one_hot, {})) <=
          (1 - c.contraction(4)) * sample::squared_norm(one_hot));
}
