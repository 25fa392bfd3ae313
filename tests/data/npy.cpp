#include <frugal/data/npy.hpp>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "catch.hpp"
#include "scratch_directory.hpp"

using namespace frugal;

namespace {

using byte_vector = std::vector<std::byte>;

//! An .npy file of format version 1.
byte_vector npy(const std::string& header, const byte_vector& data, unsigned version = 1) {
    std::string text = "\x93NUMPY";
    text += static_cast<char>(version);
    text += '\0';
    const std::size_t length_bytes = version == 1 ? 2 : 4;
    for (std::size_t i = 0; i < length_bytes; ++i) {
        text += static_cast<char>(header.size() >> (8 * i));
    }
    text += header;
    byte_vector bytes(text.size());
    std::memcpy(bytes.data(), text.data(), text.size());
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
}

std::string header(const std::string& type, const std::string& shape, const std::string& fortran = "False") {
    return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }   \n";
}

std::string refusal(const byte_vector& bytes) {
    try {
        parse_npy(bytes, "a.npy");
    } catch (const invalid_input& e) {
        return e.what();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("npy: a file as numpy.save writes it", "[data][npy]") {
    std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
    text += std::string(117 - text.size(), ' ') + '\n';  // the data begin at a multiple of 64
    const npy_array a = parse_npy(npy(text, test::bytes_of_hex("0000c03f 000000c0")));
    CHECK(a.shape == std::vector<std::size_t>{1, 2});
    CHECK(a.values == std::vector<float>{1.5f, -2.0f});
}

TEST_CASE("npy: every float type in both byte orders and every format version", "[data][npy]") {
    const std::vector<float> expected{1.0f, -2.5f};
    CHECK(parse_npy(npy(header("<f2", "(2,)"), test::bytes_of_hex("003c 00c1"))).values == expected);
    CHECK(parse_npy(npy(header(">f2", "(2,)"), test::bytes_of_hex("3c00 c100"))).values == expected);
    CHECK(parse_npy(npy(header("<f4", "(2,)"), test::bytes_of_hex("0000803f 000020c0"))).values == expected);
    CHECK(parse_npy(npy(header(">f4", "(2,)"), test::bytes_of_hex("3f800000 c0200000"))).values == expected);
    const byte_vector doubles = test::bytes_of_hex("000000000000f03f 00000000000004c0");
    CHECK(parse_npy(npy(header("<f8", "(2,)"), doubles)).values == expected);
    CHECK(parse_npy(npy(header(">f8", "(2,)"), test::bytes_of_hex("3ff0000000000000 c004000000000000"))).values ==
          expected);
    CHECK(parse_npy(npy(header("<f8", "(2, 1)"), doubles, 2)).values == expected);
    CHECK(parse_npy(npy(header("<f8", "(1, 2)", "True"), doubles, 3)).values == expected);
    CHECK(parse_npy(npy(header("<f4", "()"), test::bytes_of_hex("0000803f"))).values == std::vector<float>{1.0f});
    CHECK(parse_npy(npy(header("<f4", "(0, 7)"), {})).values.empty());
    CHECK(parse_npy(npy("{\"shape\":(2,),\"descr\":\"<f2\",\"fortran_order\":True}", test::bytes_of_hex("003c 00c1")))
              .values == expected);
}

TEST_CASE("npy: every half is the number that its bits mean", "[data][npy]") {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const float v = to_float(float16{static_cast<std::uint16_t>(bits)});
        const int exponent = static_cast<int>((bits >> 10) & 31);
        const double mantissa = static_cast<double>(bits & 0x3FF) / 1024;
        const double magnitude = exponent == 0 ? std::ldexp(mantissa, -14) : std::ldexp(1 + mantissa, exponent - 15);
        if (exponent == 31) {
            REQUIRE((mantissa == 0 ? std::isinf(v) : std::isnan(v)));
        } else {
            REQUIRE(double{std::fabs(v)} == magnitude);
        }
        REQUIRE(std::signbit(v) == (bits >= 0x8000));
    }
}

TEST_CASE("npy: what cannot be read is refused by a sentence", "[data][npy]") {
    const byte_vector four = test::bytes_of_hex("00000000");
    CHECK_THAT(refusal(npy(header("<i4", "(1,)"), four)), test::contains_text("type '<i4'; expected floats"));
    CHECK_THAT(refusal(npy(header("|u1", "(4,)"), four)), test::contains_text("array.astype('float32')"));
    CHECK_THAT(refusal(npy(header("<c8", "(1,)"), four)), test::contains_text("<c8"));
    CHECK_THAT(refusal(npy(header("<f4", "(1, 1)", "maybe"), four)), test::contains_text("damaged"));
    CHECK_THAT(refusal(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", four)),
               test::contains_text("several fields"));
    CHECK_THAT(refusal(npy(header("<f2", "(2, 2)", "True"), test::bytes_of_hex("0000000000000000"))),
               test::contains_text("ascontiguousarray"));
    CHECK_THAT(refusal(npy(header("<f4", "(2,)"), four)), test::contains_text("announces 8 bytes of data but holds 4"));
    CHECK_THAT(refusal(npy(header("<f4", "(18446744073709551615, 2)"), four)), test::contains_text("more elements"));
    CHECK_THAT(refusal(npy(header("<f4", "(99999999999999999999,)"), four)), test::contains_text("damaged"));
    CHECK_THAT(refusal(npy(header("<f4", "(1"), four)), test::contains_text("damaged"));
    CHECK_THAT(refusal(npy(header("<f4", "(1,)") + "x", four)), test::contains_text("damaged"));
    CHECK_THAT(refusal(npy("{'descr': '<f4', 'shape': (1,)}", four)), test::contains_text("damaged"));
    CHECK_THAT(refusal(npy(header("<f4", "(1,)"), four, 4)), test::contains_text("version 4"));
    CHECK_THAT(refusal(npy(header("<f8", "(1,)"), test::bytes_of_hex("000000000000f07e"))),
               test::contains_text("element 0 of a.npy exceeds the range of float"));
    CHECK_THAT(refusal(test::bytes_of_hex("934e554d50")), test::contains_text("does not begin"));
    CHECK_THAT(refusal(test::bytes_of_hex("934e554d5059")), test::contains_text("ends inside"));
    CHECK_THAT(refusal(test::bytes_of_hex("934e554d50590100ffff0000")), test::contains_text("ends inside"));
    CHECK(std::isinf(parse_npy(npy(header("<f8", "(1,)"), test::bytes_of_hex("000000000000f07f"))).values[0]));
}

TEST_CASE("npy: every truncation and every flipped bit is refused or read", "[data][npy]") {
    const byte_vector whole = npy(header("<f4", "(2, 2)"), byte_vector(16));
    for (std::size_t n = 0; n < whole.size(); ++n) {
        CHECK_THROWS_AS(parse_npy(std::span(whole).first(n)), invalid_input);
    }
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        try {
            const npy_array a = parse_npy(test::with_bit_flipped(whole, bit));
            CHECK(a.values.size() <= whole.size());
        } catch (const invalid_input&) {
        }
    }
}

TEST_CASE("read_floats: .npy by its first bytes, everything else as raw floats", "[data][npy]") {
    const test::scratch_directory folder;
    const auto write = [&](const std::string& name, const byte_vector& bytes) {
        const auto path = std::filesystem::path(folder.path) / name;
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return path;
    };
    const std::vector<float> expected{1.0f, -2.5f};
    CHECK(read_floats(write("x.f32", test::bytes_of_hex("0000803f 000020c0"))) == expected);
    CHECK(read_floats(write("x", npy(header(">f2", "(2,)"), test::bytes_of_hex("3c00 c100")))) == expected);
    CHECK_THROWS_WITH(read_floats(write("odd", byte_vector(7))), test::contains_text("odd has 7 bytes; expected"));
    CHECK_THROWS_WITH(read_floats(write("none", {})), test::contains_text("has 0 bytes"));
    CHECK_THROWS_WITH(read_floats(write("e", npy(header("<f4", "(0,)"), {}))), test::contains_text("empty array"));
    CHECK_THROWS_WITH(read_floats(folder.path + "/missing"), test::contains_text("cannot open"));
    CHECK_THROWS_WITH(read_floats(folder.path), test::contains_text("is a folder"));
    CHECK_THROWS_WITH(read_floats("/dev/zero", 1 << 22), test::contains_text("has more than 4194304 bytes"));
}
