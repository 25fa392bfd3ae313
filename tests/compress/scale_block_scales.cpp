#include <frugal/compress/scale/block_scales.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <frugal/compress/laws.hpp>
#include <frugal/compress/properties.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/any_scale.hpp>
#include <frugal/quantize/dithered.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(Scale<shared_exponent> && Scale<shared_e4m3>);

namespace {

const scalar_compressor mxfp4{minifloat{2, 1}, shared_exponent{32}};
const scalar_compressor mxfp8{minifloat{4, 3}, shared_exponent{32}};
const scalar_compressor nvfp4{minifloat{2, 1}, shared_e4m3{16}};

unsigned byte_at(const message& m, std::size_t i) {
    return static_cast<unsigned>(m.payload()[i]);
}

}  // namespace

TEST_CASE("shared_exponent: the least power of two that nothing exceeds, in one byte", "[compress][scale][exact]") {
    const shared_exponent s;
    CHECK(s.step(6.0f, 6.0f) == 1);
    CHECK(s.step(6.01f, 6.0f) == 2);
    CHECK(s.step(3.0f, 6.0f) == 0.5f);
    CHECK(s.step(0.0f, 6.0f) == 0);
    std::vector<float> x(96, 0.0f);
    x[3] = -6;
    x[4] = 0.5f;
    x[5] = 1.5f;
    x[70] = 24.5f;
    message m;
    mxfp4.compress(x, {}, m);
    CHECK(m.payload_bits() == 3 * 8 + 96 * 4);
    CHECK(byte_at(m, 0) == 127);
    CHECK(byte_at(m, 1) == 255);
    CHECK(byte_at(m, 2) == 130);
    std::vector<float> y(96);
    mxfp4.decompress(m, {}, y);
    CHECK(std::vector(y.begin(), y.begin() + 32) == std::vector(x.begin(), x.begin() + 32));  // numbers of the format
    CHECK((y[70] == 24 || y[70] == 32));
}

TEST_CASE("shared_e4m3: a number of E4M3 for each block, one factor for all", "[compress][scale][exact]") {
    std::vector<float> x(48, 0.0f);
    x[0] = 6 * 448;
    x[1] = 3 * 448;
    x[20] = 6;
    message m;
    nvfp4.compress(x, {}, m);
    CHECK(m.payload_bits() == 32 + 3 * 8 + 48 * 4);
    CHECK(byte_at(m, 4) == 126);
    CHECK(byte_at(m, 5) == 7 << 3);  // 1
    CHECK(byte_at(m, 6) == 0);
    std::vector<float> y(48);
    nvfp4.decompress(m, {}, y);
    CHECK(y == x);
}

TEST_CASE("block scales: unbiased, and within the variance they state", "[compress][scale][statistical]") {
    const auto check = [](const auto& c, std::vector<float> x) {
        INFO(c.name());
        test::moments error;
        std::vector<test::moments> coordinate(x.size());
        for (std::uint64_t round = 0; round < 3000; ++round) {
            const auto y = sample::round_trip(c, x, {.seed = 1, .round = round});
            error.add(sample::squared_distance(x, y) / sample::squared_norm(x));
            for (std::size_t i = 0; i < x.size(); ++i) {
                coordinate[i].add(y[i]);
            }
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double rounding = 1e-6 * std::fabs(double(x[i]));  // the largest of a block is always the same
            CHECK((coordinate[i].z_of(double(x[i])) < test::z_limit ||
                   std::fabs(coordinate[i].mean() - double(x[i])) <= rounding));
        }
        const laws l = laws_of(c, x.size());
        CHECK(l.unbiased);
        CHECK(error.mean() <= l.variance.value_or(HUGE_VAL));
        return error.mean();
    };
    auto x = sample::normal_vector(100, 1);
    const double fine = check(mxfp8, x);
    CHECK(fine < 1.0 / 512);  // 4^-4 / 2
    check(mxfp4, x);
    check(nvfp4, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] *= std::ldexp(1.0f, static_cast<int>(i / 16) * 3);
    }
    check(nvfp4, x);
    check(scalar_compressor{dithered{.levels = 3}, shared_exponent{16}}, x);
    CHECK(!laws_of(nvfp4, 100).variance);
    CHECK(laws_of(mxfp8, 100).contraction);
}

TEST_CASE("block scales: the exact error of a vector, with steps as they are sent", "[compress][scale][statistical]") {
    const scalar_compressor c{half_dithered{.levels = 7}, shared_e4m3{16}};
    const auto x = sample::normal_vector(64, 3);
    test::moments error;
    for (std::uint64_t round = 0; round < 3000; ++round) {
        error.add(sample::squared_distance(x, sample::round_trip(c, x, {.round = round})));
    }
    CHECK(error.z_of(c.expected_error(x)) < test::z_limit);
}

TEST_CASE("block scales: the same chosen at run time", "[compress][scale][equivalence]") {
    const auto x = sample::normal_vector(333, 2);
    const auto check = [&](const auto& scale) {
        const scalar_compressor direct{minifloat{}, scale};
        const scalar_compressor chosen{minifloat{}, any_scale(scale)};
        CHECK(sample::round_trip(direct, x, {}) == sample::round_trip(chosen, x, {}));
        CHECK(laws_of(direct, 333) == laws_of(chosen, 333));
        CHECK(granule_of(chosen) == scale.size);
    };
    check(shared_exponent{32});
    check(shared_e4m3{16});
}

TEST_CASE("block scales: many small buckets at once have the bits of one after another",
          "[compress][scale][equivalence]") {
    for (const std::size_t d : {5u, 16u, 100u, 5000u}) {
        const auto x = sample::normal_vector(d, d);
        const scalar_compressor c{dithered{.levels = 3}, bucketed{max_norm{}, 16}};
        message m, with_echo;
        std::vector<float> y(d), sum(d, 0.0f), echo(d);
        c.compress(x, {}, m);
        c.compress(x, {}, with_echo, echo);
        CHECK(std::ranges::equal(m.bytes(), with_echo.bytes()));
        c.decompress(m, {}, y);
        c.decompress_add(m, {}, 1.0f, sum);
        CHECK(y == echo);
        CHECK(sum == y);
        const scalar_compressor one{dithered{.levels = 3}, max_norm{}};
        for (std::size_t at = 0; at + 16 <= d && at < 64; at += 16) {  // within one group of the dither's stream
            std::vector<float> padded(at + 16, 0.0f);
            std::ranges::copy(std::span(x).subspan(at, 16), padded.begin() + static_cast<std::ptrdiff_t>(at));
            const auto alone = sample::round_trip(one, padded, {});
            CHECK(std::equal(alone.begin() + static_cast<std::ptrdiff_t>(at), alone.end(),
                             y.begin() + static_cast<std::ptrdiff_t>(at)));
        }
    }
}

TEST_CASE("block scales: what no encoder writes is refused", "[compress][scale][hostile]") {
    const std::vector<float> x(40, 1.0f);
    for (const auto* c : {&nvfp4}) {
        message m;
        c->compress(x, {}, m);
        sample::mutate(m, 1, [&](const message& altered) {
            std::vector<float> y(40);
            c->decompress(altered, {}, y);
            for (const float v : y) {
                REQUIRE(std::isfinite(v));
            }
        });
    }
    for (const float size : {1e-45f, 1e-38f, 1e-30f, 1e30f}) {
        const std::vector<float> uniform(40, size);
        for (const float v : sample::round_trip(nvfp4, uniform, {})) {
            CHECK((v == 0 || std::fabs(v - size) <= 0.5f * size));
        }
        for (const float v : sample::round_trip(mxfp4, uniform, {})) {
            CHECK((v == 0 || std::fabs(v - size) <= 0.5f * size));
        }
    }
    CHECK_THROWS_AS(sample::round_trip(mxfp4, std::vector<float>(3, 3e38f), {}), invalid_input);
}
