#include <frugal/compress/message_interface.hpp>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "bytes.hpp"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "catch.hpp"
#include "sample.hpp"

namespace message_interface_test {

using namespace frugal;

namespace {

//! Sends the first element as it is, and counts how often its name is asked for.
struct first_element : message_interface<first_element> {
    int* names = nullptr;
    bool fails = false;
    std::string name() const {
        ++*names;
        return "first_element";
    }
    void encode(std::span<const float> x, random_key, payload_writer& w) const {
        w.number(x[0]);
        expect(!fails, "told to fail");
    }
    void decode(payload_reader& r, random_key, std::span<float> y) const {
        std::ranges::fill(y, 0.0f);
        y[0] = r.number();
    }
    void decode_add(payload_reader& r, random_key, float weight, std::span<float> acc) const {
        acc[0] += weight * r.number();
    }
};

//! The same for a compressor that changes with each message.
struct counting : message_interface<counting> {
    int written = 0;
    std::string name() const { return "counting"; }
    void encode(std::span<const float>, random_key, payload_writer& w) { w.number(static_cast<float>(++written)); }
    void decode(payload_reader& r, random_key, std::span<float> y) const { y[0] = r.number(); }
    void decode_add(payload_reader& r, random_key, float weight, std::span<float> acc) const {
        acc[0] += weight * r.number();
    }
};

template <class C>
concept CompressesConst = requires(const C c, message m) { c.compress(std::span<const float>(), random_key(), m); };
static_assert(encodes_const<first_element> && !encodes_const<counting>);
static_assert(CompressesConst<first_element> && !CompressesConst<counting>);

const random_key key{.seed = 1, .node = 2, .round = 3};

}  // namespace

TEST_CASE("message_interface: payloads become messages and back", "[compress][message_interface]") {
    int names = 0;
    first_element c;
    c.names = &names;
    message m;
    c.compress(std::array{3.5f, 1.0f}, key, m);
    CHECK(m.payload_bits() == 32);
    CHECK(m.dimension() == 2);
    CHECK(m.key(1) == key);
    std::array y{7.0f, 7.0f};
    c.decompress(m, key, y);
    CHECK(y == std::array{3.5f, 0.0f});
    c.decompress_add(m, key, 2.0f, y);
    CHECK(y == std::array{10.5f, 0.0f});
    const first_element copy = c;
    copy.compress(std::array{1.0f}, key, m);
    CHECK(names == 1);  // the identity is computed once
    counting n;
    n.compress(std::array{0.0f}, key, m);
    n.compress(std::array{0.0f}, key, m);
    CHECK(n.written == 2);
}

TEST_CASE("message_interface: a failure leaves the message empty", "[compress][message_interface][hostile]") {
    int names = 0;
    first_element c;
    c.names = &names;
    message m;
    c.compress(std::array{1.0f}, key, m);
    c.fails = true;
    CHECK_THROWS_WITH(c.compress(std::array{1.0f}, key, m), "told to fail");
    CHECK(m.empty());
    CHECK_THROWS_WITH(c.compress(std::span<const float>(), key, m), test::contains_text("empty vector"));
}

TEST_CASE("message_interface: what belongs elsewhere is refused by name", "[compress][message_interface][hostile]") {
    counting c;
    message m;
    std::array<float, 1> y{};
    std::array<float, 2> longer{};
    CHECK_THROWS_WITH(c.decompress(m, key, y), test::contains_text("empty message"));
    c.compress(std::array{0.0f}, key, m);
    const auto refused = [&](const message& other, random_key k, std::span<float> out, const char* why) {
        CHECK_THROWS_AS(c.decompress(other, k, out), malformed_message);
        CHECK_THROWS_WITH(c.decompress_add(other, k, 1.0f, out), test::contains_text(why));
    };
    const auto with = [&](auto change) {
        random_key k = key;
        change(k);
        return k;
    };
    refused(m, with([](random_key& k) { ++k.seed; }), y, "another seed");
    refused(m, with([](random_key& k) { ++k.node; }), y, "sender is another");
    refused(m, with([](random_key& k) { ++k.round; }), y, "replayed");
    refused(m, key.for_purpose(9), y, "another purpose");
    refused(m, key, longer, "dimension differs");
    refused(test::message_around(m.scheme() + 1, key, 1, m.payload()), key, y, "another composition");
    refused(test::message_around(m.scheme(), key, 0, m.payload()), key, {}, "dimension 0");
    auto bytes = std::vector<std::byte>(m.payload().begin(), m.payload().end());
    bytes.push_back(std::byte{0});
    CHECK_THROWS_AS(c.decompress(test::with_payload(m, bytes), key, y), malformed_message);  // more than it reads
    bytes.resize(3);
    CHECK_THROWS_AS(c.decompress(test::with_payload(m, bytes), key, y), malformed_message);
    CHECK_NOTHROW(c.decompress(m, key, y));
}

#if defined(__SSE2__)
TEST_CASE("message_interface: a thread that flushes subnormal numbers to zero is refused",
          "[compress][message_interface][hostile]") {
    counting c;
    message m;
    std::array<float, 1> y{};
    c.compress(std::array{0.0f}, key, m);
    const unsigned before = _mm_getcsr();
    for (const unsigned mode : {0x8000u, 0x0040u}) {  // flush to zero, denormals are zero
        _mm_setcsr(before | mode);
        std::string of_encoder, of_decoder;
        try {
            message other;
            c.compress(std::array{0.0f}, key, other);
        } catch (const invalid_input& e) {
            of_encoder = e.what();
        }
        try {
            c.decompress(m, key, y);
        } catch (const invalid_input& e) {
            of_decoder = e.what();
        }
        _mm_setcsr(before);
        CHECK_THAT(of_encoder, test::contains_text("flush"));
        CHECK_THAT(of_decoder, test::contains_text("flush"));
    }
    CHECK_NOTHROW(c.decompress(m, key, y));
}
#endif

}  // namespace message_interface_test
