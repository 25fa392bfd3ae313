#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/compress/stovoq.hpp>
#include <frugal/quantize/dithered.hpp>

#include <array>
#include <utility>

#include "catch.hpp"
#include "sample.hpp"

using namespace frugal;

static_assert(Compressor<any_compressor> && SideInformationCompressor<any_compressor> && std::copyable<any_compressor>);
static_assert(!sample::UnbiasedWithVariance<any_compressor> && !sample::Contraction<any_compressor>);
static_assert(!std::constructible_from<any_compressor, int> && !std::constructible_from<any_compressor, top_k>);

namespace {

//! Decodes to the side information, when there is any.
struct echo : message_interface<echo> {
    using message_interface<echo>::decompress;
    static constexpr bool unbiased = true;
    echo() = default;
    std::string name() const { return "echo"; }
    void encode(std::span<const float>, random_key, payload_writer& w) const { w.bits(1, 8); }
    void decode(payload_reader& r, random_key, std::span<float> y) const {
        r.bits(8);
        std::fill(y.begin(), y.end(), 0.0f);
    }
    void decode_add(payload_reader& r, random_key, float, std::span<float>) const { r.bits(8); }
    void decode(payload_reader& r, random_key, std::span<const float> side, std::span<float> y) const {
        r.bits(8);
        std::copy(side.begin(), side.end(), y.begin());
    }
    void decompress(const message& m, random_key k, std::span<const float> side, std::span<float> y) const {
        read_message(*this, scheme_, m, k, y.size(), [&](payload_reader& r) { decode(r, k, side, y); });
    }
    bool needs_side_information(random_key k) const { return k.node == 1; }
};
static_assert(SideInformationCompressor<echo>);

}  // namespace

TEST_CASE("any_compressor: messages are those of what it holds", "[compress][any_compressor]") {
    const auto x = sample::normal_vector(100, 1);
    const random_key key{.seed = 1, .node = 2, .round = 3};
    const auto check = [&](auto direct) {
        any_compressor any{direct};
        message a, b;
        direct.compress(x, key, a);
        any.compress(x, key, b);
        CHECK(std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin(), b.bytes().end()));
        CHECK(any.name() == direct.name());
        std::vector<float> y(100), z(100);
        direct.decompress(b, key, y);
        any.decompress(a, key, z);
        CHECK(y == z);
        any.decompress(a, key, x, z);  // no use for side information
        CHECK(y == z);
        CHECK_FALSE(any.needs_side_information(key));
        std::vector<float> sum_a(100, 1.0f), sum_b(100, 1.0f);
        direct.decompress_add(b, key, 0.3f, sum_a);
        any.decompress_add(a, key, 0.3f, sum_b);
        CHECK(sum_a == sum_b);
        any_compressor nested{error_feedback{any_compressor{direct}}};
        nested.compress(x, key, b);
        nested.decompress(b, key, z);
        CHECK(y == z);
    };
    check(identity{});
    check(scalar_compressor{dithered{.levels = 1}});
    check(sparse_compressor{top_k{.fraction = 0.1}});
    check(sparse_compressor{random_k{.fraction = 0.1}, any_compressor{scalar_compressor{dithered{.levels = 3}}}});
    check(stovoq{.dimension = 4, .codewords = 16});
}

TEST_CASE("any_compressor: guarantees are values", "[compress][any_compressor]") {
    const any_compressor top{sparse_compressor{top_k{.fraction = 0.1}}};
    CHECK_FALSE(laws_of(top, 100).unbiased);
    CHECK_FALSE(top.variance(100).has_value());
    CHECK(top.contraction(100) == 0.1);
    const any_compressor random{sparse_compressor{random_k{.fraction = 0.1}}};
    CHECK(laws_of(random, 100).unbiased);
    CHECK(random.variance(100).value() == Approx(9));
    CHECK_FALSE(random.contraction(100).has_value());
    const any_compressor biased{sparse_compressor{random_k{.fraction = 0.1, .unbiased = false}}};
    CHECK_FALSE(laws_of(biased, 100).unbiased);
    CHECK(biased.contraction(100).value() == Approx(0.1));
    const any_compressor above{sparse_compressor{threshold{1.0f}}};
    CHECK_FALSE(above.contraction(100).has_value());
    CHECK(laws_of(any_compressor{any_compressor{}}, 100).unbiased);
    CHECK(any_compressor{}.name() == "identity");
    CHECK_FALSE(laws_of(any_compressor{stovoq{.bias_bits = 0}}, 100).unbiased);
}

TEST_CASE("any_compressor: copies are deep and state is saved", "[compress][any_compressor]") {
    const auto x = sample::normal_vector(50, 2);
    any_compressor a{error_feedback{sparse_compressor{top_k{.count = 5}}}};
    message m;
    a.compress(x, {.round = 0}, m);
    any_compressor b = a;
    std::vector<std::byte> bytes;
    state_archive save(bytes);
    a.state(save);
    any_compressor c{error_feedback{sparse_compressor{top_k{.count = 5}}}};
    state_archive restore{std::span<const std::byte>(bytes)};
    c.state(restore);
    restore.finish();
    a.compress(x, {.round = 1}, m);
    const std::vector<std::byte> expected(m.bytes().begin(), m.bytes().end());
    for (any_compressor* other : {&b, &c}) {
        message n;
        other->compress(x, {.round = 1}, n);
        CHECK(std::equal(n.bytes().begin(), n.bytes().end(), expected.begin(), expected.end()));
        CHECK_THROWS_AS(other->compress(x, {.round = 1}, n), invalid_input);
    }
    const any_compressor& same = b;
    b = same;
    b = std::move(c);
    CHECK(b.name() == a.name());
}

TEST_CASE("any_compressor: side information reaches what needs it", "[compress][any_compressor]") {
    any_compressor any{echo{}};
    CHECK(any.needs_side_information({.node = 1}));
    CHECK_FALSE(any.needs_side_information({.node = 0}));
    CHECK(any.ever_needs_side_information());
    CHECK_FALSE(any_compressor(identity()).ever_needs_side_information());
    const std::array side{4.0f, 5.0f};
    std::array y{0.0f, 0.0f};
    message m;
    any.compress(side, {}, m);
    any.decompress(m, {}, side, y);
    CHECK(y == side);
}
