#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/sign.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

static_assert(Selector<top_k> && Selector<random_k> && Selector<threshold> && Selector<variance_budget> &&
              Selector<random_sparse>);
static_assert(!Selector<identity> && !Selector<int>);
static_assert(sample::Contraction<sparse_compressor<top_k>> && !sparse_compressor<top_k>::unbiased);
static_assert(sample::UnbiasedWithVariance<sparse_compressor<random_k>>);
static_assert(sample::UnbiasedWithVariance<sparse_compressor<variance_budget>>);
static_assert(Compressor<sparse_compressor<threshold>> && !sample::Contraction<sparse_compressor<threshold>>);
static_assert(Compressor<error_feedback<sparse_compressor<top_k>>>);

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
