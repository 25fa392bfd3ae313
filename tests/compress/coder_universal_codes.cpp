#include <frugal/compress/coder/universal_codes.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <frugal/core/random.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

//! The bits that `write` writes, in order.
template <class Write>
std::string written(Write write) {
    std::vector<std::byte> bytes;
    payload_writer w(bytes);
    write(w);
    const std::uint64_t n = w.cost();
    w.align();
    payload_reader r(bytes);
    std::string text;
    for (std::uint64_t i = 0; i < n; ++i) {
        text += r.bits(1) == 1 ? '1' : '0';
    }
    return text;
}
std::string gamma_code(std::uint64_t v) {
    return written([v](payload_writer& w) { detail::write_gamma(w, v); });
}
std::string delta_code(std::uint64_t v) {
    return written([v](payload_writer& w) { detail::write_delta(w, v); });
}

//! What `read` makes of these bytes.
template <class Read>
void read_all(const std::vector<std::byte>& bytes, Read read) {
    payload_reader r(bytes);
    detail::bit_scanner in(r);
    read(in);
    in.finish();
    r.finish();
}

}  // namespace

TEST_CASE("universal codes: code words by hand, the bits of a number from its least", "[compress][coder][exact]") {
    CHECK(gamma_code(1) == "1");
    CHECK(gamma_code(2) == "010");
    CHECK(gamma_code(3) == "011");
    CHECK(gamma_code(6) == "00101");
    CHECK(delta_code(1) == "1");
    CHECK(delta_code(2) == "0100");
    CHECK(delta_code(3) == "0101");
    CHECK(delta_code(4) == "01100");
    CHECK(delta_code(17) == "001101000");
}

TEST_CASE("universal codes: gamma takes 2 floor(log2 v) + 1 bits, delta fewer from 32 on", "[compress][coder]") {
    for (unsigned n = 0; n < 50; ++n) {
        const std::uint64_t first = std::uint64_t{1} << n;
        for (const std::uint64_t v : {first, 2 * first - 1}) {
            CHECK(gamma_code(v).size() == 2 * n + 1);
            const auto length_bits = static_cast<std::size_t>(std::bit_width(n + 1)) - 1;
            CHECK(delta_code(v).size() == n + 2 * length_bits + 1);
        }
    }
}

TEST_CASE("universal codes: as words, the bits that are written", "[compress][coder]") {
    for (const std::uint64_t v : {1u, 2u, 3u, 7u, 8u, 100u, 65535u, 1u << 20, 0xFFFFFFFFu}) {
        const auto of_word = [](detail::code_word c) {
            return written([c](payload_writer& w) { w.bits(c.bits, c.length); });
        };
        CHECK(of_word(detail::gamma_code(v)) == written([v](payload_writer& w) { detail::write_gamma(w, v); }));
        CHECK(of_word(detail::delta_code(v)) == written([v](payload_writer& w) { detail::write_delta(w, v); }));
    }
    const detail::code_word both = detail::gamma_code(5).then(detail::gamma_code(1));
    CHECK(both.length == 6);
    CHECK(both.bits == ((1u << 2 | 1u << 3) | 1u << 5));
}

TEST_CASE("bit_scanner: reads back what was written, mixed", "[compress][coder]") {
    const random_stream u({.seed = 5});
    std::vector<std::uint64_t> values;
    for (std::uint64_t i = 0; i < 600; ++i) {
        values.push_back(1 + (u.word64(i) >> (14 + u.below(50, 1000 + i))));
    }
    std::vector<std::byte> bytes;
    payload_writer w(bytes);
    for (std::size_t i = 0; i < values.size(); ++i) {
        i % 3 == 0   ? detail::write_gamma(w, values[i])
        : i % 3 == 1 ? detail::write_delta(w, values[i])
                     : w.bits(values[i] & 0xFFFF, 16);
    }
    w.align();
    read_all(bytes, [&](detail::bit_scanner& in) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            REQUIRE((i % 3 == 0   ? in.gamma(50)
                     : i % 3 == 1 ? in.delta(50)
                                  : in.bits(16)) == (i % 3 == 2 ? values[i] & 0xFFFF : values[i]));
        }
    });
}

TEST_CASE("bit_scanner: ends of messages, long code words and padding are checked", "[compress][coder][hostile]") {
    const auto bytes = [](std::initializer_list<unsigned> values) {
        std::vector<std::byte> b;
        for (const unsigned v : values) {
            b.push_back(static_cast<std::byte>(v));
        }
        return b;
    };
    const auto one_gamma = [](unsigned largest) { return [largest](detail::bit_scanner& in) { in.gamma(largest); }; };
    read_all(bytes({0x02}), [](detail::bit_scanner& in) { CHECK(in.gamma(1) == 2); });
    CHECK_THROWS_AS(read_all(bytes({0x04}), one_gamma(1)), malformed_message);         // two zeros
    CHECK_THROWS_AS(read_all(bytes({0x00, 0x00}), one_gamma(55)), malformed_message);  // no one
    CHECK_THROWS_AS(read_all(bytes({0x80}), one_gamma(55)), malformed_message);        // bits behind the end
    CHECK_THROWS_AS(read_all(bytes({}), one_gamma(55)), malformed_message);
    CHECK_THROWS_WITH(read_all(bytes({0x12}), one_gamma(1)), test::contains_text("padding"));
    CHECK_THROWS_AS(read_all(bytes({0x01, 0x00}), one_gamma(1)), malformed_message);  // a byte nobody reads
    CHECK_THROWS_AS(read_all(bytes({0x20, 0xF0, 0xFF, 0xFF}), [](detail::bit_scanner& in) { in.delta(10); }),
                    malformed_message);
    CHECK_THROWS_AS(read_all(bytes({0xFF}), [](detail::bit_scanner& in) { in.bits(9); }), malformed_message);
}
