#include <frugal/core/state.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "bytes.hpp"
#include "catch.hpp"

namespace state_test {

using frugal::malformed_message;
using frugal::random_key;
using frugal::state_archive;

namespace {

struct part {
    std::vector<float> buffer;
    std::uint32_t count = 0;
    void state(state_archive& a) {
        a(buffer);
        a(count);
    }
};

struct whole {
    double rate = 0;
    bool flag = false;
    std::optional<random_key> last;
    std::array<std::int16_t, 2> pair{};
    std::vector<part> parts;
    std::vector<std::byte> blob;
    void state(state_archive& a) {
        a(rate);
        a(flag);
        a(last);
        a(pair);
        a(parts);
        a(blob);
    }
};

whole example() {
    whole w;
    w.rate = 0.125;
    w.flag = true;
    w.last = random_key{.seed = 1, .node = 2, .round = 3, .purpose = 4};
    w.pair = {-1, 258};
    w.parts = {part{{1.0f, -2.0f}, 7}, part{{}, 9}};
    w.blob = {std::byte{0xAB}};
    return w;
}

template <class T>
std::vector<std::byte> saved(T& value) {
    std::vector<std::byte> bytes;
    state_archive a(bytes);
    a(value);
    a.finish();
    return bytes;
}

template <class T>
void restore(std::span<const std::byte> bytes, T& value) {
    state_archive a(bytes);
    a(value);
    a.finish();
}

struct stateless {};
struct plain_component {  // trivially copyable, yet it describes its own state
    int kept = 1;
    int dropped = 2;
    void state(state_archive& a) { a(kept); }
};

template <class T>
concept Archivable = requires(state_archive& a, T& value) { a(value); };

static_assert(Archivable<float> && Archivable<std::uint8_t> && Archivable<bool> && Archivable<random_key>);
static_assert(Archivable<std::vector<double>> && Archivable<std::vector<std::byte>> && Archivable<whole>);
static_assert(!Archivable<int*> && !Archivable<std::span<float>> && !Archivable<long double> && !Archivable<stateless>);
enum class choice { a, b };
static_assert(!Archivable<choice>);

}  // namespace

TEST_CASE("state: saved byte by byte, without padding", "[core][state][exact]") {
    whole w = example();
    CHECK(test::hex_of_bytes(saved(w)) ==
          "000000000000c03f"
          "01"
          "01"
          "0100000000000000"
          "02000000"
          "0300000000000000"
          "04000000"
          "ffff0201"
          "0200000000000000"
          "0200000000000000"
          "0000803f000000c0"
          "07000000"
          "0000000000000000"
          "09000000"
          "0100000000000000"
          "ab");
}

TEST_CASE("state: restored into a fresh object", "[core][state][exact]") {
    whole w = example();
    const auto bytes = saved(w);
    whole r;
    r.parts.resize(2);
    r.parts[1].buffer = {3.0f};
    r.blob.resize(10);
    restore(bytes, r);
    CHECK(r.rate == w.rate);
    CHECK(r.flag);
    CHECK(r.last == w.last);
    CHECK(r.pair == w.pair);
    CHECK(r.parts[0].buffer == w.parts[0].buffer);
    CHECK(r.parts[1].buffer.empty());
    CHECK(r.parts[1].count == 9);
    CHECK(r.blob == w.blob);
    CHECK(saved(r) == bytes);

    w.last.reset();
    w.flag = false;
    restore(saved(w), r);
    CHECK_FALSE(r.last);
    CHECK_FALSE(r.flag);
}

TEST_CASE("state: a component's own description is used, and none is needed", "[core][state][exact]") {
    plain_component c{5, 6};
    const auto bytes = saved(c);
    CHECK(bytes.size() == sizeof(int));
    plain_component r;
    restore(bytes, r);
    CHECK(r.kept == 5);
    CHECK(r.dropped == 2);

    std::vector<std::byte> nothing;
    state_archive a(nothing);
    stateless s;
    frugal::save_or_restore(a, s);
    CHECK(nothing.empty());
    frugal::save_or_restore(a, c);
    CHECK(nothing == bytes);
    CHECK(a.saving());
    CHECK_FALSE(state_archive(std::span<const std::byte>(nothing)).saving());
}

TEST_CASE("state: truncated or prolonged, it is refused", "[core][state][hostile]") {
    whole w = example();
    auto bytes = saved(w);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
        whole r;
        r.parts.resize(2);
        REQUIRE_THROWS_AS(restore(std::span<const std::byte>(bytes).first(n), r), malformed_message);
    }
    bytes.push_back(std::byte{0});
    whole r;
    r.parts.resize(2);
    CHECK_THROWS_AS(restore(bytes, r), malformed_message);
}

TEST_CASE("state: every bit flipped is restored or refused, and allocates no more than it was given",
          "[core][state][hostile]") {
    whole w = example();
    const auto bytes = saved(w);
    for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
        whole r;
        r.parts.resize(2);
        try {
            restore(test::with_bit_flipped(bytes, i), r);
        } catch (const malformed_message&) {
        }
        REQUIRE(r.parts.size() == 2);
        REQUIRE(r.parts[0].buffer.size() * sizeof(float) <= bytes.size());
        REQUIRE(r.blob.size() <= bytes.size());
    }
}

TEST_CASE("state: announced lengths are not believed", "[core][state][hostile]") {
    for (const std::uint64_t n :
         {std::uint64_t{2}, std::uint64_t{1} << 40, std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
        std::vector<std::byte> bytes;
        state_archive a(bytes);
        std::uint64_t length = n;
        std::uint32_t content = 0;
        a(length);
        a(content);
        std::vector<float> numbers;
        CHECK_THROWS_AS(restore(bytes, numbers), malformed_message);
        CHECK(numbers.empty());
        std::vector<part> parts(1);
        CHECK_THROWS_AS(restore(bytes, parts), malformed_message);
    }
    const auto two = test::bytes_of_hex("02");
    bool flag = false;
    CHECK_THROWS_AS(restore(two, flag), malformed_message);
    std::optional<std::uint8_t> maybe;
    CHECK_THROWS_AS(restore(two, maybe), malformed_message);
}

}  // namespace state_test
