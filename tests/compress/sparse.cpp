#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/sign.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

static_assert(Selector<top_k> && Selector<random_k> && Selector<threshold> && Selector<variance_budget> &&
              Selector<random_sparse>);
static_assert(!Selector<identity> && !Selector<int>);
static_assert(IndexCoding<fixed_width_indices> && IndexCoding<rice_indices> && !IndexCoding<top_k>);
static_assert(sample::Contraction<sparse_compressor<top_k>> && !sparse_compressor<top_k>::unbiased);
static_assert(sample::UnbiasedWithVariance<sparse_compressor<random_k>>);
static_assert(sample::UnbiasedWithVariance<sparse_compressor<variance_budget>>);
static_assert(Compressor<sparse_compressor<threshold>> && !sample::Contraction<sparse_compressor<threshold>>);
static_assert(Compressor<error_feedback<sparse_compressor<top_k>>>);

namespace {

std::vector<std::uint32_t> chosen_by(const random_k& s, std::size_t d, random_key k) {
    selection chosen;
    s.regenerate(d, k, chosen);
    return chosen.indices;
}

}  // namespace

TEST_CASE("top_k: keeps the largest magnitudes, ties to the lowest index", "[compress][sparse][exact]") {
    sparse_compressor c{top_k{.fraction = 0.5}};
    CHECK(sample::round_trip(c, std::array{1.0f, -2.0f, 3.0f, 0.0f}, {}) == std::vector{0.0f, -2.0f, 3.0f, 0.0f});
    CHECK(sample::round_trip(c, std::array{1.0f, -1.0f, 1.0f, -1.0f}, {}) == std::vector{1.0f, -1.0f, 0.0f, 0.0f});
    CHECK(sample::round_trip(c, std::array{0.0f, 0.0f, 0.0f}, {}) == std::vector{0.0f, 0.0f, 0.0f});
}

TEST_CASE("top_k: the count is max(1, floor(fraction d)), at most d", "[compress][sparse][exact]") {
    CHECK(top_k{.fraction = 0.29}.count_for(100) == 29);  // although 0.29 * 100 < 29 in double
    CHECK(top_k{.fraction = 0.01}.count_for(99) == 1);
    CHECK(top_k{.fraction = 0.01}.count_for(199) == 1);
    CHECK(top_k{.fraction = 0.01}.count_for(200) == 2);
    CHECK(top_k{.fraction = 1}.count_for(33) == 33);
    CHECK(top_k{.count = 5}.count_for(3) == 3);
}

TEST_CASE("sparse: the cost is k (32 + ceil(log2 d)) bits", "[compress][sparse][exact]") {
    for (const std::size_t d : {1u, 2u, 31u, 32u, 33u, 63u, 64u, 65u, 1023u, 1024u, 1025u}) {
        const auto x = sample::normal_vector(d, d);
        const std::size_t k = top_k{.fraction = 0.1}.count_for(d);
        sparse_compressor top{top_k{.fraction = 0.1}};
        sparse_compressor shared{random_k{.fraction = 0.1}};
        sparse_compressor sent{random_k{.fraction = 0.1, .shared_seed = false}};
        message m;
        top.compress(x, {}, m);
        CHECK(m.payload_bits() == k * (32 + bits_for(d)));
        CHECK(m.payload().size() == (k * bits_for(d) + 7) / 8 + 4 * k);
        sent.compress(x, {}, m);
        CHECK(m.payload_bits() == k * (32 + bits_for(d)));
        shared.compress(x, {}, m);
        CHECK(m.payload_bits() == k * 32);
        sparse_compressor above{threshold{1.0f}};
        above.compress(x, {}, m);
        const auto n = std::count_if(x.begin(), x.end(), [](float v) { return std::fabs(v) >= 1; });
        CHECK(m.payload_bits() == bits_for(d + 1) + std::size_t(n) * (32 + bits_for(d)));
    }
}

TEMPLATE_TEST_CASE("sparse: decodes what was selected for any length and any index coding", "[compress][sparse]",
                   fixed_width_indices, rice_indices) {
    for (const std::size_t d : {1u, 2u, 3u, 31u, 32u, 33u, 64u, 65u, 255u, 256u, 257u, 5000u}) {
        for (const double fraction : {0.001, 0.1, 0.5, 0.9, 1.0}) {
            const auto x = sample::normal_vector(d, 100 + d);
            const random_key key{.seed = 1, .node = 2, .round = 3};
            sparse_compressor top{top_k{.fraction = fraction}, identity{}, TestType{}};
            const auto y = sample::round_trip(top, x, key);
            std::vector<float> magnitudes(x);
            std::sort(magnitudes.begin(), magnitudes.end(),
                      [](float a, float b) { return std::fabs(a) > std::fabs(b); });
            const float least = std::fabs(magnitudes[top.selector().count_for(d) - 1]);
            for (std::size_t i = 0; i < d; ++i) {
                CHECK(y[i] == (std::fabs(x[i]) >= least ? x[i] : 0.0f));
            }
            sparse_compressor random{random_k{.fraction = fraction, .unbiased = false, .shared_seed = false},
                                     identity{}, TestType{}};
            sparse_compressor shared{random_k{.fraction = fraction, .unbiased = false}, identity{}, TestType{}};
            const auto z = sample::round_trip(random, x, key);
            CHECK(z == sample::round_trip(shared, x, key));
            CHECK(std::size_t(std::count(z.begin(), z.end(), 0.0f)) == d - top.selector().count_for(d));
        }
    }
}

TEST_CASE("rice_indices: close to the entropy of scattered indices", "[compress][sparse]") {
    const std::size_t d = 1 << 20;
    const auto x = sample::normal_vector(d, 5);
    for (const double fraction : {0.001, 0.01, 0.1}) {
        sparse_compressor c{top_k{.fraction = fraction}, identity{}, rice_indices{}};
        message m;
        c.compress(x, {}, m);
        const auto k = double(c.selector().count_for(d));
        const double entropy = (-fraction * std::log2(fraction) - (1 - fraction) * std::log2(1 - fraction)) / fraction;
        const double bits = double(m.payload_bits()) / k - 32;
        CHECK(bits >= entropy * 0.999);
        CHECK(bits <= entropy * 1.05);
    }
}

TEST_CASE("sparse: decode_add adds weight times decode", "[compress][sparse]") {
    const auto x = sample::normal_vector(1000, 8);
    sparse_compressor c{random_k{.count = 77}};
    message m;
    c.compress(x, {.round = 4}, m);
    std::vector<float> y(1000);
    std::vector<float> acc(1000, 1.0f);
    c.decompress(m, {.round = 4}, y);
    c.decompress_add(m, {.round = 4}, 0.5f, acc);
    for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK(acc[i] == 1.0f + 0.5f * y[i]);
    }
}

TEST_CASE("random_k: indices are distinct, increasing and uniform", "[compress][sparse][statistical]") {
    const std::size_t d = 20;
    for (const std::size_t k : {1u, 3u, 10u, 13u, 19u, 20u}) {
        const random_k s{.count = k};
        std::vector<std::uint64_t> hits(d);
        std::vector<std::uint64_t> pairs(d * d);
        const std::uint64_t n = 20000;
        for (std::uint64_t round = 0; round < n; ++round) {
            const auto indices = chosen_by(s, d, {.seed = 9, .round = round});
            REQUIRE(indices.size() == k);
            REQUIRE(std::adjacent_find(indices.begin(), indices.end(), std::greater_equal<>()) == indices.end());
            REQUIRE(indices.back() < d);
            for (const auto i : indices) {
                ++hits[i];
                for (const auto j : indices) {
                    ++pairs[i * d + j];
                }
            }
        }
        const double p = double(k) / double(d);
        const double q = p * double(k - 1) / double(d - 1);
        for (std::size_t i = 0; i < d; ++i) {
            CHECK(std::fabs(double(hits[i]) - n * p) <= 4.5 * std::sqrt(n * p * (1 - p)) + 1e-6);
            for (std::size_t j = 0; j < i; ++j) {
                CHECK(std::fabs(double(pairs[i * d + j]) - n * q) <= 4.5 * std::sqrt(n * q * (1 - q)) + 1e-6);
            }
        }
    }
}

TEST_CASE("random_k: every subset is equally likely; biased loss is 7 and unbiased 14 for (1, -2, 3, 0)",
          "[compress][sparse][statistical]") {
    const std::array x{1.0f, -2.0f, 3.0f, 0.0f};
    std::set<std::vector<std::uint32_t>> subsets;
    double biased = 0;
    double unbiased = 0;
    for (std::uint64_t round = 0; subsets.size() < 6; ++round) {
        const random_key key{.seed = 2, .round = round};
        sparse_compressor b{random_k{.fraction = 0.5, .unbiased = false}};
        sparse_compressor u{random_k{.fraction = 0.5}};
        if (subsets.insert(chosen_by(u.selector(), 4, key.for_purpose(2))).second) {  // each mask once: the exact mean
            biased += sample::squared_distance(x, sample::round_trip(b, x, key)) / 6;
            unbiased += sample::squared_distance(x, sample::round_trip(u, x, key)) / 6;
        }
    }
    CHECK(biased == Approx(7).epsilon(1e-12));
    CHECK(unbiased == Approx(14).epsilon(1e-12));
}

TEST_CASE("random_k: unbiased with variance d / k - 1, or biased with loss 1 - k / d",
          "[compress][sparse][statistical]") {
    const std::size_t d = 100;
    const auto x = sample::normal_vector(d, 6);
    const double norm = sample::squared_norm(x);
    for (const std::size_t k : {1u, 10u, 60u}) {
        sparse_compressor u{random_k{.count = k}};
        sparse_compressor b{random_k{.count = k, .unbiased = false}};
        CHECK(laws_of(u, 100).unbiased);
        CHECK_FALSE(laws_of(b, 100).unbiased);
        CHECK(u.variance(d) == Approx(double(d) / double(k) - 1));
        CHECK(b.contraction(d) == Approx(double(k) / double(d)));
        sample::estimate variance;
        sample::estimate loss;
        std::vector<sample::estimate> mean(d);
        for (std::uint64_t round = 0; round < 4000; ++round) {
            const auto y = sample::round_trip(u, x, {.seed = 3, .round = round});
            variance.add(sample::squared_distance(x, y) / norm);
            loss.add(sample::squared_distance(x, sample::round_trip(b, x, {.seed = 4, .round = round})) / norm);
            for (std::size_t i = 0; i < d; ++i) {
                mean[i].add(y[i]);
            }
        }
        CHECK(variance.z(u.variance(d)) < 4.5);
        CHECK(loss.z(1 - b.contraction(d)) < 4.5);
        for (std::size_t i = 0; i < d; ++i) {
            const double p = double(k) / double(d);  // the standard error is known: x^2 (1 / p - 1) / n
            CHECK(std::fabs(mean[i].mean() - x[i]) < 4.5 * std::fabs(x[i]) * std::sqrt((1 / p - 1) / 4000) + 1e-6);
        }
    }
}

TEST_CASE("variance_budget: unbiased with exactly the variance asked for", "[compress][sparse][statistical]") {
    const std::size_t d = 200;
    auto x = sample::normal_vector(d, 7);
    x[3] = 40;
    x[4] = 0;
    const double norm = sample::squared_norm(x);
    for (const double epsilon : {0.05, 0.5, 3.0}) {
        sparse_compressor c{variance_budget{epsilon}};
        CHECK(c.variance(d) == Approx(epsilon));
        sample::estimate variance;
        std::vector<sample::estimate> mean(d);
        for (std::uint64_t round = 0; round < 4000; ++round) {
            const auto y = sample::round_trip(c, x, {.seed = 5, .round = round});
            variance.add(sample::squared_distance(x, y) / norm);
            for (std::size_t i = 0; i < d; ++i) {
                mean[i].add(y[i]);
            }
        }
        CHECK(variance.z(epsilon) < 4.5);
        std::size_t far = 0;
        for (std::size_t i = 0; i < d; ++i) {
            far += mean[i].standard_error() > 0 && mean[i].z(x[i]) > 4;
        }
        CHECK(far == 0);
        CHECK(mean[4].mean() == 0);
    }
}

TEST_CASE("random_sparse: sends the expected count, unbiased, with the variance of its probabilities",
          "[compress][sparse][statistical]") {
    const std::size_t d = 100;
    auto x = sample::normal_vector(d, 17);
    x[0] = 30;  // certain to be sent
    const std::size_t target = 20;
    sparse_compressor c{random_sparse{.count = target}};
    double rest = 0;
    for (std::size_t i = 1; i < d; ++i) {
        rest += std::fabs(double(x[i]));
    }
    double expected = 0;
    for (std::size_t i = 1; i < d; ++i) {
        const double a = std::fabs(double(x[i]));
        expected += a * rest / double(target - 1) - a * a;
    }
    sample::estimate sent;
    sample::estimate error;
    for (std::uint64_t round = 0; round < 4000; ++round) {
        const auto y = sample::round_trip(c, x, {.seed = 6, .round = round});
        sent.add(double(d) - double(std::count(y.begin(), y.end(), 0.0f)));
        error.add(sample::squared_distance(x, y));
    }
    CHECK(sent.z(double(target)) < 4.5);
    CHECK(error.z(expected) < 4.5);
    CHECK(expected <= c.variance(d) * sample::squared_norm(x));
    for (const std::size_t count : {99u, 100u, 1000u}) {  // all of them
        sparse_compressor all{random_sparse{.count = count}};
        CHECK(sample::squared_distance(x, sample::round_trip(all, x, {})) < 0.5);
    }
    sparse_compressor three{random_sparse{.count = 5}};
    CHECK(sample::round_trip(three, std::array{0.0f, 2.0f, 0.0f}, {}) == std::vector{0.0f, 2.0f, 0.0f});
}

TEST_CASE("sparse: zero vectors decode to zeros under every selector", "[compress][sparse]") {
    const std::vector<float> x(40);
    const auto check = [&](auto c) { CHECK(sample::round_trip(c, x, {.seed = 1}) == x); };
    check(sparse_compressor{top_k{.fraction = 0.1}});
    check(sparse_compressor{random_k{.fraction = 0.1}});
    check(sparse_compressor{threshold{0.5f}});
    check(sparse_compressor{variance_budget{}});
    check(sparse_compressor{random_sparse{.count = 3}});
}

TEST_CASE("sparse: values go through the inner compressor under a key of their own", "[compress][sparse]") {
    const auto x = sample::normal_vector(300, 21);
    sparse_compressor nested{top_k{.count = 40}, sparse_compressor{top_k{.count = 10}}};
    sparse_compressor direct{top_k{.count = 10}};
    CHECK(sample::round_trip(nested, x, {}) == sample::round_trip(direct, x, {}));
    CHECK(nested.contraction(300) == Approx(10.0 / 300));
    sparse_compressor random{random_k{.count = 60}, sparse_compressor{random_k{.count = 20}}};
    CHECK(random.variance(300) == Approx(300.0 / 20 - 1));
    sample::estimate variance;
    for (std::uint64_t round = 0; round < 3000; ++round) {
        variance.add(sample::squared_distance(x, sample::round_trip(random, x, {.round = round})) /
                     sample::squared_norm(x));
    }
    CHECK(variance.z(random.variance(300)) < 4.5);
    CHECK(random.name() ==
          "sparse(random_k(count=60,unbiased=1,shared_seed=1),sparse(random_k(count=20,unbiased=1,shared_seed=1),"
          "identity,"
          "fixed_width_indices),fixed_width_indices)");
}

TEST_CASE("sparse: bad parameters and input are named", "[compress][sparse][hostile]") {
    CHECK_THROWS_AS(sparse_compressor{top_k{}}, invalid_input);
    CHECK_THROWS_AS((sparse_compressor{top_k{.fraction = 0.1, .count = 1}}), invalid_input);
    CHECK_THROWS_AS(sparse_compressor{top_k{.fraction = 1.5}}, invalid_input);
    CHECK_THROWS_AS(sparse_compressor{top_k{.fraction = -0.1}}, invalid_input);
    CHECK_THROWS_AS(sparse_compressor{top_k{.fraction = std::numeric_limits<double>::quiet_NaN()}}, invalid_input);
    CHECK_THROWS_AS(sparse_compressor{threshold{-1.0f}}, invalid_input);
    CHECK_THROWS_AS(sparse_compressor{variance_budget{.epsilon = 0}}, invalid_input);
    CHECK_THROWS_AS(sparse_compressor{random_sparse{.count = 0}}, invalid_input);
    auto x = sample::normal_vector(50, 1);
    x[31] = std::numeric_limits<float>::infinity();
    const auto check = [&](auto c) {
        message m;
        CHECK_THROWS_AS(c.compress(std::span<const float>{}, {}, m), invalid_input);
        try {
            c.compress(x, {}, m);
            FAIL("an infinite element was accepted");
        } catch (const invalid_input& e) {
            CHECK(std::string(e.what()).find("element 31") != std::string::npos);
            CHECK(m.empty());
        }
    };
    check(sparse_compressor{top_k{.count = 1}});
    check(sparse_compressor{random_k{.count = 1}});
    check(sparse_compressor{threshold{9.0f}});
    check(sparse_compressor{variance_budget{}});
    check(sparse_compressor{random_sparse{.count = 3}});
}

TEST_CASE("sparse: indices that repeat, decrease or exceed the dimension are refused", "[compress][sparse][hostile]") {
    const random_key key{.seed = 1};
    sparse_compressor c{top_k{.count = 2}};
    const auto attempt = [&](std::uint64_t first, std::uint64_t second) {
        message m;
        m.begin(scheme_id(c.name()), key, 10);
        payload_writer w(m.buffer());
        w.bits(first, 4);
        w.bits(second, 4);
        w.number(1.0f);
        w.number(2.0f);
        w.align();
        m.seal(w.cost());
        std::vector<float> y(10);
        c.decompress(m, key, y);
        return y;
    };
    CHECK(attempt(3, 9)[9] == 2.0f);
    CHECK_THROWS_AS(attempt(3, 3), malformed_message);
    CHECK_THROWS_AS(attempt(4, 3), malformed_message);
    CHECK_THROWS_AS(attempt(3, 10), malformed_message);
    CHECK_THROWS_AS(attempt(15, 9), malformed_message);
}

TEST_CASE("sparse: mutated messages are refused or decode within bounds", "[compress][sparse][hostile]") {
    const auto x = sample::normal_vector(300, 31);
    const auto check = [&](auto c) {
        message m;
        c.compress(x, {}, m);
        std::vector<float> y(x.size());
        sample::mutate(m, 3, [&](const message& other) {
            c.decompress(other, {}, y);
            CHECK(std::isfinite(sample::squared_norm(y)));
        });
        c.decompress(m, {}, y);  // still works afterwards
    };
    check(sparse_compressor{top_k{.fraction = 0.1}});
    check(sparse_compressor{top_k{.fraction = 0.1}, identity{}, rice_indices{}});
    check(sparse_compressor{threshold{1.0f}});
    check(sparse_compressor{threshold{1.0f}, identity{}, rice_indices{}});
    check(sparse_compressor{random_k{.fraction = 0.1}});
    check(sparse_compressor{random_k{.fraction = 0.1, .shared_seed = false}});
    check(sparse_compressor{variance_budget{}});
}

TEST_CASE("sparse: an announced count is not believed beyond the bytes that are there", "[compress][sparse][hostile]") {
    sparse_compressor c{threshold{1.0f}};
    const std::size_t d = 1 << 20;
    message m;
    m.begin(scheme_id(c.name()), {}, d);
    payload_writer w(m.buffer());
    w.bits(d, bits_for(d + 1));
    w.align();
    m.seal(w.cost());
    std::vector<float> y(d);
    CHECK_THROWS_AS(c.decompress(m, {}, y), malformed_message);
}

TEST_CASE("sparse: distortion on N(0, I_16) of one worker and of the mean of twenty",
          "[compress][sparse][statistical]") {
    constexpr std::size_t d = 16;
    const auto distortion = [](auto c, std::uint32_t workers) {
        sample::estimate e;
        message m;
        for (std::uint64_t vector = 0; vector < 3000; ++vector) {
            const auto x = sample::normal_vector(d, 1000 + vector);
            std::vector<float> mean(d);
            for (std::uint32_t node = 0; node < workers; ++node) {
                const random_key key{.seed = 1, .node = node, .round = vector};
                c.compress(x, key, m);
                c.decompress_add(m, key, 1.0f / float(workers), mean);
            }
            e.add(sample::squared_distance(x, mean));
        }
        return e;
    };
    const scalar_compressor signs{sign{}, fixed{1.0f}};
    CHECK(distortion(signs, 1).z(16 * (2 - 2 * std::sqrt(2 / 3.14159265358979))) < 4.5);
    CHECK(distortion(signs, 20).mean() ==
          Approx(distortion(signs, 1).mean()).epsilon(1e-5));  // averaging gains nothing
    const sparse_compressor top{top_k{.count = 2}};
    CHECK(distortion(top, 1).mean() == Approx(8.58).margin(0.3));
    CHECK(distortion(top, 20).mean() == Approx(distortion(top, 1).mean()).epsilon(1e-5));
    const sparse_compressor random{random_k{.count = 2}};
    CHECK(distortion(random, 1).z(112) < 4.5);
    CHECK(distortion(random, 20).z(112.0 / 20) < 4.5);
}

TEST_CASE("top_k: the count is the exact floor for every dimension", "[compress][sparse][top_k][exact]") {
    CHECK(top_k{.fraction = 0.1}.count_for(100'000'008) == 10'000'000);
    CHECK(top_k{.fraction = 0.1f}.count_for(100'000'008) == 10'000'000);
    CHECK(top_k{.fraction = 0.5}.count_for(4'294'967'295) == 2'147'483'647);
    const random_stream u({.seed = 9});
    for (std::uint64_t i = 0; i < 20000; ++i) {
        const std::uint64_t d = 1 + (u.word64(2 * i) >> (32 + i % 31));
        const std::uint64_t millionths = 1 + u.below(1'000'000, 2 * i + 1);
        const std::uint64_t expected = std::max<std::uint64_t>(1, millionths * d / 1'000'000);
        CAPTURE(d, millionths);
        REQUIRE(top_k{.fraction = static_cast<double>(millionths) / 1e6}.count_for(d) == expected);
        REQUIRE(top_k{.fraction = static_cast<float>(static_cast<double>(millionths) / 1e6)}.count_for(d) == expected);
    }
}

TEST_CASE("top_k: a fraction given as a float selects what it was meant to", "[compress][sparse][top_k]") {
    CHECK(top_k{.fraction = 0.7f}.count_for(100) == 70);
    CHECK(top_k{.fraction = 0.29f}.count_for(100) == 29);
    CHECK(top_k{.fraction = 0.1f}.count_for(1000000) == 100000);
    CHECK(top_k{.fraction = 0.295}.count_for(100) == 29);
}
