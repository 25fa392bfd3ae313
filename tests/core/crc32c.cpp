#include <frugal/core/crc32c.hpp>

#include <cstring>
#include <string_view>
#include <vector>

#include "catch.hpp"

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

std::uint32_t portable(std::span<const std::byte> bytes) {
    return ~frugal::detail::crc32c_portable(~0u, bytes.data(), bytes.size());
}

std::uint32_t bit_by_bit(std::span<const std::byte> bytes) {
    std::uint32_t c = ~0u;
    for (const std::byte b : bytes) {
        c ^= static_cast<std::uint32_t>(b);
        for (int k = 0; k < 8; ++k) {
            c = (c & 1u) != 0 ? (c >> 1) ^ 0x82F63B78u : c >> 1;
        }
    }
    return ~c;
}

}  // namespace

TEST_CASE("crc32c: the examples of RFC 3720, appendix B.4", "[core][crc32c][exact]") {
    std::vector<std::byte> b(32, std::byte{0});
    CHECK(frugal::crc32c(b) == 0x8A9136AAu);
    b.assign(32, std::byte{0xFF});
    CHECK(frugal::crc32c(b) == 0x62A8AB43u);
    for (std::size_t i = 0; i < 32; ++i) {
        b[i] = static_cast<std::byte>(i);
    }
    CHECK(frugal::crc32c(b) == 0x46DD794Eu);
    for (std::size_t i = 0; i < 32; ++i) {
        b[i] = static_cast<std::byte>(31 - i);
    }
    CHECK(frugal::crc32c(b) == 0x113FDB5Cu);
    // An iSCSI SCSI read (10) command PDU.
    std::vector<unsigned char> pdu(48, 0);
    pdu[0] = 0x01;
    pdu[1] = 0xC0;
    pdu[16] = 0x14;
    pdu[22] = 0x04;
    pdu[27] = 0x14;
    pdu[31] = 0x18;
    pdu[32] = 0x28;
    pdu[40] = 0x02;
    CHECK(frugal::crc32c(std::as_bytes(std::span(pdu))) == 0xD9963A56u);
}

TEST_CASE("crc32c: the check value of the catalogue and the empty string", "[core][crc32c][exact]") {
    CHECK(frugal::crc32c(bytes_of("123456789")) == 0xE3069283u);
    CHECK(frugal::crc32c({}) == 0u);
}

TEST_CASE("crc32c: tables, instruction and definition agree at every length and alignment",
          "[core][crc32c][equivalence]") {
    std::vector<std::byte> b(200);
    for (std::size_t i = 0; i < b.size(); ++i) {
        b[i] = static_cast<std::byte>((i * 167 + 13) % 256);
    }
    for (std::size_t offset = 0; offset < 9; ++offset) {
        for (std::size_t n = 0; n + offset <= b.size(); ++n) {
            const auto part = std::span<const std::byte>(b).subspan(offset, n);
            const std::uint32_t expected = bit_by_bit(part);
            REQUIRE(frugal::crc32c(part) == expected);
            REQUIRE(portable(part) == expected);
        }
    }
}

TEST_CASE("crc32c: long inputs, which are cut into strands", "[core][crc32c][equivalence]") {
    std::vector<std::byte> b(40000);
    for (std::size_t i = 0; i < b.size(); ++i) {
        b[i] = static_cast<std::byte>((i * i + i / 251) % 256);
    }
    for (const auto n : std::initializer_list<std::size_t>{12287, 12288, 12289, 24575, 24576, 24600, 40000}) {
        const auto part = std::span<const std::byte>(b).first(n);
        REQUIRE(frugal::crc32c(part) == bit_by_bit(part));
        REQUIRE(portable(part) == bit_by_bit(part));
    }
}
