#include <frugal/compress/index_coding.hpp>

#include <algorithm>
#include <cmath>

#include <frugal/compress/sparse.hpp>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

static_assert(IndexCoding<fixed_width_indices> && IndexCoding<rice_indices> && IndexCoding<bitmap_indices> &&
              !IndexCoding<top_k>);

TEMPLATE_TEST_CASE("sparse: decodes what was selected for any length and any index coding", "[compress][sparse]",
                   fixed_width_indices, rice_indices, bitmap_indices) {
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

TEST_CASE("bitmap_indices: one bit a coordinate or fixed width, whichever is less", "[compress][sparse][exact]") {
    const auto bits = [](std::size_t k, std::size_t d) {
        const auto x = sample::normal_vector(d, 6);
        sparse_compressor c{top_k{.count = k}, identity{}, bitmap_indices{}};
        message m;
        c.compress(x, {}, m);
        return m.payload_bits() - 32 * k;
    };
    CHECK(bits(9, 100) == 1 + 9 * 7);
    CHECK(bits(14, 100) == 1 + 14 * 7);
    CHECK(bits(15, 100) == 1 + 100);
    CHECK(bits(100, 100) == 1 + 100);
    CHECK(bits(1, 1) == 1);
}

TEST_CASE("bitmap_indices: a bitmap of another number of coordinates is refused", "[compress][sparse][hostile]") {
    const random_key key{.seed = 1};
    sparse_compressor c{top_k{.count = 2}, identity{}, bitmap_indices{}};
    const auto attempt = [&](std::uint64_t bitmap) {
        message m;
        m.begin(scheme_id(c.name()), key, 10);
        payload_writer w(m.buffer());
        w.bits(0, 1);
        w.bits(bitmap, 10);
        w.align();
        w.number(1.0f);
        w.number(2.0f);
        w.align();
        m.seal(w.cost());
        std::vector<float> y(10);
        c.decompress(m, key, y);
        return y;
    };
    CHECK(attempt(0b1000000010) == std::vector<float>{0, 1, 0, 0, 0, 0, 0, 0, 0, 2});
    CHECK_THROWS_AS(attempt(0b1000000000), malformed_message);
    CHECK_THROWS_AS(attempt(0b1000000011), malformed_message);
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
