#include <frugal/core/message.hpp>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>

#include "bytes.hpp"
#include "catch.hpp"

using frugal::malformed_message;
using frugal::message;
using frugal::random_key;
using test::bytes_of_hex;
using test::hex_of_bytes;

namespace {

constexpr random_key key{.seed = 42, .node = 3, .round = 7, .purpose = 1};

// The test vectors of docs/wire-format.md, computed by a program that shares no code with the library.
constexpr const char* empty_vector =
    "6672676c0200d82d"
    "25232284e49cf2cb"
    "0000000000000000"
    "00000000"
    "00000000"
    "0000000000000000"
    "0000000000000000"
    "0000000000000000"
    "8dd7534e";
constexpr const char* identity_vector =
    "6672676c020034cc"
    "bbffa36a4c180fe9"
    "0700000000000000"
    "03000000"
    "01000000"
    "0200000000000000"
    "4000000000000000"
    "0800000000000000"
    "0000803f000000c0"
    "6365f2d2";
constexpr const char* dithered_vector =
    "6672676c020034cc"
    "2444be75099b9bbe"
    "0700000000000000"
    "03000000"
    "01000000"
    "0500000000000000"
    "2a00000000000000"
    "0600000000000000"
    "0000803f"
    "5200"
    "5fd77b75";

template <class T>
std::vector<std::byte> with_field(const message& m, std::size_t at, T value) {
    std::vector<std::byte> b(m.bytes().begin(), m.bytes().end());
    std::memcpy(b.data() + at, &value, sizeof value);
    const std::uint32_t sum = frugal::crc32c(std::span<const std::byte>(b).first(b.size() - message::checksum_size));
    std::memcpy(b.data() + b.size() - message::checksum_size, &sum, sizeof sum);
    return b;
}

std::string refusal(std::span<const std::byte> bytes) {
    try {
        message::parse(bytes);
    } catch (const malformed_message& problem) {
        return problem.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("scheme_id: FNV-1a of the name", "[core][message][exact]") {
    STATIC_REQUIRE(frugal::scheme_id("") == 0xCBF29CE484222325u);
    STATIC_REQUIRE(frugal::scheme_id("a") == 0xAF63DC4C8601EC8Cu);
    STATIC_REQUIRE(frugal::scheme_id("foobar") == 0x85944171F73967E8u);
    STATIC_REQUIRE(frugal::scheme_id("identity") == 0xE90F184C6AA3FFBBu);
}

TEST_CASE("message: the empty payload, byte by byte", "[core][message][exact]") {
    message m;
    CHECK(m.empty());
    CHECK(m.bytes().empty());
    CHECK(m.payload().empty());
    CHECK(m.payload_bits() == 0);
    CHECK(m.dimension() == 0);
    CHECK(m.scheme() == 0);
    CHECK(m.key(9) == random_key{.seed = 9});
    m.begin(frugal::scheme_id(""), {}, 0);
    m.seal(0);
    CHECK(hex_of_bytes(m.bytes()) == empty_vector);
    CHECK(m.bytes().size() == message::header_size + message::checksum_size);
    CHECK_FALSE(m.empty());
    m.clear();
    CHECK(m.empty());
}

TEST_CASE("message: two floats through identity, byte by byte", "[core][message][exact]") {
    frugal::identity c;
    message m;
    const std::vector<float> x{1.0f, -2.0f};
    c.compress(x, key, m);
    CHECK(hex_of_bytes(m.bytes()) == identity_vector);
    CHECK(m.payload_bits() == 64);
    CHECK(m.dimension() == 2);
    CHECK(m.scheme() == frugal::scheme_id("identity"));
    CHECK(m.key(42) == key);
    CHECK(hex_of_bytes(m.payload()) == "0000803f000000c0");

    const message received = message::parse(bytes_of_hex(identity_vector));
    std::vector<float> y(2);
    c.decompress(received, key, y);
    CHECK(y == x);
}

TEST_CASE("message: five dithered coordinates, byte by byte", "[core][message][exact]") {
    frugal::scalar_compressor c{frugal::dithered{.levels = 1}, frugal::max_norm{}, frugal::packed{}};
    REQUIRE(c.name() == "scalar(dithered(levels=1),max_norm,packed)");
    message m;
    const std::vector<float> x{1.0f, -0.5f, 0.25f, 0.0f, -1.0f};
    c.compress(x, key, m);
    CHECK(hex_of_bytes(m.bytes()) == dithered_vector);
    CHECK(m.payload_bits() == 42);  // a scale of 32 bits, five symbols of 2

    std::vector<float> y(5);
    c.decompress(message::parse(bytes_of_hex(dithered_vector)), key, y);
    // indices 1, -1, 0, 0, -1 less the dither of each
    const frugal::random_stream u(key);
    CHECK(y == std::vector<float>{1 - u.centered(0), -1 - u.centered(1), -u.centered(2), -u.centered(3),
                                  -1 - u.centered(4)});
    CHECK(y[0] == Approx(0.6159957945));
}

TEST_CASE("message: parsing gives back what was written", "[core][message][exact]") {
    for (const char* text : {empty_vector, identity_vector, dithered_vector}) {
        const auto bytes = bytes_of_hex(text);
        const message m = message::parse(bytes);
        CHECK(hex_of_bytes(m.bytes()) == text);
        message again;
        again.assign(m.bytes());
        const auto* data = again.bytes().data();
        again.assign(m.bytes());
        CHECK(again.bytes().data() == data);
        CHECK(hex_of_bytes(again.bytes()) == text);
    }
    const random_key largest{.seed = 0, .node = ~0u, .round = ~std::uint64_t{0}, .purpose = ~0u};
    message m;
    m.begin(~std::uint64_t{0}, largest, std::numeric_limits<std::size_t>::max());
    m.seal(0);
    const message parsed = message::parse(m.bytes());
    CHECK(parsed.key(0) == largest);
    CHECK(parsed.dimension() == std::numeric_limits<std::size_t>::max());
    CHECK(parsed.scheme() == ~std::uint64_t{0});
}

TEST_CASE("message: a warm message is rewritten in place", "[core][message]") {
    message m;
    const auto write = [&](std::size_t n) {
        m.begin(1, key, n);
        frugal::payload_writer w(m.buffer());
        for (std::size_t i = 0; i < n; ++i) {
            w.bits(1, 1);
        }
        w.align();
        m.seal(w.cost());
    };
    write(1000);
    const auto* data = m.bytes().data();
    write(17);
    CHECK(m.bytes().data() == data);
    CHECK(m.payload_bits() == 17);
    CHECK(hex_of_bytes(m.payload()) == "ffff01");
    CHECK(message::parse(m.bytes()).dimension() == 17);
}

TEST_CASE("message: truncated anywhere, it is refused", "[core][message][hostile]") {
    for (const char* text : {empty_vector, identity_vector, dithered_vector}) {
        const auto bytes = bytes_of_hex(text);
        for (std::size_t n = 0; n < bytes.size(); ++n) {
            REQUIRE_THROWS_AS(message::parse(std::span<const std::byte>(bytes).first(n)), malformed_message);
        }
        auto longer = bytes;
        longer.push_back(std::byte{0});
        REQUIRE_THROWS_AS(message::parse(longer), malformed_message);
        longer.insert(longer.end(), bytes.begin(), bytes.end());
        REQUIRE_THROWS_AS(message::parse(longer), malformed_message);
    }
}

TEST_CASE("message: one or two bits flipped anywhere, it is refused", "[core][message][hostile]") {
    for (const char* text : {empty_vector, identity_vector, dithered_vector}) {
        const auto bytes = bytes_of_hex(text);
        for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
            const auto once = test::with_bit_flipped(bytes, i);
            REQUIRE_THROWS_AS(message::parse(once), malformed_message);
            for (std::size_t j = 0; j < i; j += 3) {
                REQUIRE_THROWS_AS(message::parse(test::with_bit_flipped(once, j)), malformed_message);
            }
        }
    }
}

TEST_CASE("message: every refusal says what is wrong", "[core][message][hostile]") {
    using test::contains_text;
    const message m = message::parse(bytes_of_hex(identity_vector));
    CHECK_THAT(refusal({}), contains_text("shorter than its header"));
    CHECK_THAT(refusal(with_field<char>(m, 0, 'F')), contains_text("magic"));
    CHECK_THAT(refusal(with_field<std::uint16_t>(m, 4, 0)), contains_text("version"));
    CHECK_THAT(refusal(with_field<std::uint16_t>(m, 4, message::version + 1)), contains_text("version"));
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{9}, std::uint64_t{1} << 63,
                                     ~std::uint64_t{0}, ~std::uint64_t{0} - 59}) {
        CHECK_THAT(refusal(with_field(m, 48, size)), contains_text("length"));
    }
    CHECK_THAT(refusal(with_field<std::uint64_t>(m, 40, 65)), contains_text("payload bits"));
    CHECK_THAT(refusal(with_field(m, 40, ~std::uint64_t{0})), contains_text("payload bits"));
    CHECK_THAT(refusal(test::with_bit_flipped(m.bytes(), 60 * 8)), contains_text("checksum"));
    CHECK(refusal(with_field<std::uint64_t>(m, 40, 64)) == "accepted");
}

TEST_CASE("message: its length is known from its first bytes", "[core][message][exact]") {
    const auto bytes = bytes_of_hex(dithered_vector);
    const std::span<const std::byte> all(bytes);
    CHECK(message::size_from_header(all) == bytes.size());
    CHECK(message::size_from_header(all.first(message::header_size)) == bytes.size());
    CHECK_THROWS_AS(message::size_from_header(all.first(message::header_size - 1)), malformed_message);
    CHECK_THROWS_AS(message::size_from_header(all.subspan(1)), malformed_message);
    const message m = message::parse(bytes);
    CHECK_THROWS_AS(message::size_from_header(with_field(m, 48, ~std::uint64_t{0})), malformed_message);
    CHECK_THROWS_AS(message::size_from_header(with_field<std::uint16_t>(m, 4, 1)), malformed_message);
}

TEST_CASE("message: may be assigned its own bytes", "[core][message][hostile]") {
    message m = message::parse(bytes_of_hex(identity_vector));
    m.assign(m.bytes());
    CHECK(hex_of_bytes(m.bytes()) == identity_vector);
    CHECK_THROWS_AS(m.assign(m.bytes().first(60)), malformed_message);
    CHECK(m.empty());
}

TEST_CASE("message: a failed assignment leaves it empty", "[core][message][hostile]") {
    message m = message::parse(bytes_of_hex(identity_vector));
    CHECK_THROWS_AS(m.assign(test::with_bit_flipped(m.bytes(), 500)), malformed_message);
    CHECK(m.empty());
    CHECK(m.dimension() == 0);
}

TEST_CASE("message: a valid message for somebody else is refused by the decoder", "[core][message][hostile]") {
    frugal::identity c;
    const message m = message::parse(bytes_of_hex(identity_vector));
    std::vector<float> y(2, 5.0f);
    const auto refuses = [&](std::span<const std::byte> bytes) {
        CHECK_THROWS_AS(c.decompress(message::parse(bytes), key, y), malformed_message);
        CHECK_THROWS_AS(c.decompress_add(message::parse(bytes), key, 1.0f, y), malformed_message);
    };
    refuses(bytes_of_hex(dithered_vector));
    refuses(with_field<std::uint64_t>(m, 8, 1));
    refuses(with_field<std::uint64_t>(m, 16, 8));
    refuses(with_field<std::uint32_t>(m, 24, 2));
    refuses(with_field<std::uint32_t>(m, 28, 0));
    for (const std::uint64_t d : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3}, ~std::uint64_t{0}}) {
        refuses(with_field(m, 32, d));
    }
    CHECK_THROWS_AS(c.decompress(message(), key, y), malformed_message);
    std::vector<float> other(3);
    CHECK_THROWS_AS(c.decompress(m, key, other), malformed_message);
    CHECK(y == std::vector<float>{5.0f, 5.0f});
    // A payload that does not fit the dimension.
    const std::vector<std::byte> long_payload(12);
    CHECK_THROWS_AS(c.decompress(test::with_payload(m, long_payload), key, y), malformed_message);
    CHECK_THROWS_AS(c.decompress(test::with_payload(m, std::span(long_payload).first(7)), key, y), malformed_message);
}

TEST_CASE("message: sealing a large block needs no more memory than it takes", "[core][message]") {
    message m;
    m.begin(1, key, 1 << 20);
    frugal::payload_writer w(m.buffer());
    w.number(1.0f);
    (void)w.block(4 << 20, 0);
    const std::byte* const before = m.buffer().data();
    const std::size_t capacity = m.buffer().capacity();
    m.seal(w.cost());
    CHECK(m.buffer().data() == before);
    CHECK(m.buffer().capacity() == capacity);
    CHECK(capacity <= m.bytes().size() + 64);
}

TEST_CASE("message: many small blocks move the message rarely", "[core][message]") {
    message m;
    m.begin(1, key, 1);
    frugal::payload_writer w(m.buffer());
    std::size_t moves = 0;
    const std::byte* at = m.buffer().data();
    for (int i = 0; i < 100'000; ++i) {
        (void)w.block(3, 24);
        moves += static_cast<std::size_t>(m.buffer().data() != at);
        at = m.buffer().data();
    }
    CHECK(moves < 30);
}
