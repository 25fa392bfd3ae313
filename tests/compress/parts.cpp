#include <frugal/compress/parts.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"
#include "sample.hpp"

namespace parts_test {

using namespace frugal;

namespace {

//! Parts that begin at these elements; the last number is the length of all.
struct cuts {
    std::vector<std::size_t> at;
    std::size_t count() const { return at.size() - 1; }
    std::size_t first(std::size_t i) const { return at[i]; }
};

static_assert(Partition<cuts> && !Partition<std::vector<std::size_t>> && !Partition<int>);

const random_key key{.seed = 1, .node = 2, .round = 3};

//! All parts by one compressor.
auto always(const auto& compressor) {
    return [&compressor](std::size_t, auto use) { use(compressor); };
}

std::vector<std::byte> encoded(const auto& compressor, const cuts& parts, std::span<const float> x,
                               std::span<float> echo = {}) {
    std::vector<std::byte> bytes;
    payload_writer w(bytes);
    encode_parts(parts, always(compressor), x, key, w, echo);
    w.align();
    return bytes;
}

}  // namespace

TEST_CASE("parts: lengths, then the payload of every part under its own key", "[compress][parts]") {
    const scalar_compressor dither{dithered{.levels = 3}};
    const cuts parts{{0, 1, 34, 40, 100}};
    const auto x = sample::normal_vector(100, 4);
    std::vector<std::byte> lengths, payloads;
    payload_writer w(lengths);
    std::vector<float> expected(100);
    for (std::size_t i = 0; i < parts.count(); ++i) {
        const auto part = std::span(x).subspan(parts.at[i], parts.at[i + 1] - parts.at[i]);
        const random_key own = key.for_purpose(static_cast<std::uint32_t>(i));
        std::vector<std::byte> bytes;
        payload_writer one(bytes);
        dither.encode(part, own, one);
        one.align();
        payload_reader r(bytes);
        dither.decode(r, own, std::span(expected).subspan(parts.at[i], part.size()));
        w.bits(bytes.size(), 32);
        payloads.insert(payloads.end(), bytes.begin(), bytes.end());
    }
    w.align();
    lengths.insert(lengths.end(), payloads.begin(), payloads.end());
    std::vector<float> echo(100), y(100), sum(100, 1.0f);
    CHECK(encoded(dither, parts, x) == lengths);
    CHECK(encoded(dither, parts, x, echo) == lengths);
    payload_reader r(lengths);
    decode_parts(parts, always(dither), r, key, y);
    r.finish();
    CHECK(y == expected);
    CHECK(echo == expected);
    payload_reader again(lengths);
    decode_add_parts(parts, always(dither), again, key, 0.5f, sum);
    for (std::size_t i = 0; i < 100; ++i) {
        CHECK(sum[i] == Approx(1 + 0.5 * double(y[i])).margin(1e-6));
    }
}

TEST_CASE("parts: one agreement for all parts, the largest offer of any", "[compress][parts]") {
    const scalar_compressor shared{ternary{}, shared_norm{}};
    std::array<float, 1> out{};
    share_parts(cuts{{0, 2, 3, 5}}, always(shared), std::array{1.0f, -2.0f, 7.0f, 3.0f, 0.0f}, out);
    CHECK(out[0] == 7);
    share_parts(cuts{{0, 1}}, always(shared), std::array{0.25f}, out);
    CHECK(out[0] == 0.25f);
}

TEST_CASE("parts: an element that is not finite is named by its place in the whole", "[compress][parts][hostile]") {
    auto x = sample::normal_vector(10, 5);
    x[7] = std::numeric_limits<float>::infinity();
    CHECK_THROWS_WITH(encoded(identity{}, cuts{{0, 5, 10}}, x), test::contains_text("element 7 "));
}

TEST_CASE("parts: lengths that lie are refused", "[compress][parts][hostile]") {
    const cuts parts{{0, 1, 3}};
    const auto bytes = encoded(identity{}, parts, std::array{1.0f, 2.0f, 3.0f});
    REQUIRE(bytes.size() == 8 + 12);
    std::vector<float> y(3);
    const auto attempt = [&](std::vector<std::byte> altered) {
        payload_reader r(altered);
        const identity codec;
        decode_parts(parts, always(codec), r, key, y);
        r.finish();
    };
    CHECK_NOTHROW(attempt(bytes));
    for (std::size_t kept = 0; kept < bytes.size(); ++kept) {
        CHECK_THROWS_AS(attempt({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kept)}), malformed_message);
    }
    for (std::size_t bit = 0; bit < 64; ++bit) {
        auto altered = bytes;
        altered[bit / 8] ^= std::byte{1} << (bit % 8);
        CHECK_THROWS_AS(attempt(altered), malformed_message);
    }
    auto exchanged = bytes;
    std::swap(exchanged[0], exchanged[4]);  // the sum is right, the parts are not
    CHECK_THROWS_AS(attempt(exchanged), malformed_message);
}

}  // namespace parts_test
