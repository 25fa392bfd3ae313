#include <frugal/boolean/network_file.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include <frugal/core/random.hpp>

#include "catch.hpp"
#include "sample_network.hpp"
#include "scratch_directory.hpp"

using namespace frugal;

namespace {

//! The bytes with a checksum that fits.
std::vector<std::byte> sealed(std::vector<std::byte> bytes) {
    const std::uint32_t checksum = crc32c(std::span(bytes).first(bytes.size() - 4));
    std::memcpy(bytes.data() + bytes.size() - 4, &checksum, 4);
    return bytes;
}
std::vector<std::byte> with(std::vector<std::byte> bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::byte>(value);
    return sealed(std::move(bytes));
}

}  // namespace

TEST_CASE("boolean network file: the bytes of docs/boolean-format.md", "[boolean][network_file][exact]") {
    // Two inputs, one Boolean output with weights (+, -), threshold 1 and a flip, and one real score 2 y - 1.
    boolean_stage hidden{bit_matrix(1, 2), {1}, bit_vector(1)};
    hidden.weight.set(0, 0, true);
    hidden.flip.set(0, true);
    const boolean_network network{
        {threshold_stage{{0.5f, -1.0f}}, hidden, real_stage{.width = 1, .weight = {2}, .bias = {-1}}}};
    const std::uint32_t expected[] = {0x6E627266, 1, 3,          2,           // magic, version, stages, inputs
                                      1,          2, 0x3F000000, 0xBF800000,  // threshold
                                      3,          1, 1,          0,          1,          0, 1,
                                      0,  // weights, threshold, flips
                                      2,          1, 0x40000000, 0,          0xBF800000, 0, 0};
    std::vector<std::byte> bytes(sizeof expected + 4);
    std::memcpy(bytes.data(), expected, sizeof expected);
    CHECK(format_boolean_network(network) == sealed(bytes));
    CHECK(parse_boolean_network(sealed(bytes)) == network);
}

TEST_CASE("boolean network file: what is written is read back", "[boolean][network_file]") {
    for (const boolean_network& network :
         {test::bit_network(30, 70, 10, 1), test::real_network(17, 130, 3, 2), test::normalized_network(30, 70, 10, 3),
          test::convolution_network(5, 3, 4), test::pooled_network(5, 3, 4)}) {
        CHECK(parse_boolean_network(format_boolean_network(network)) == network);
        const test::scratch_directory folder;
        const std::string path = folder.path + "/network.frbn";
        save_boolean_network(network, path);
        CHECK(load_boolean_network(path) == network);
        CHECK_THROWS_AS(load_boolean_network(folder.path), error);
        CHECK_THROWS_AS(load_boolean_network(folder.path + "/none"), error);
        CHECK_THROWS_AS(save_boolean_network(network, folder.path + "/none/network"), error);
    }
    CHECK_THROWS_AS(format_boolean_network(boolean_network{}), invalid_input);
}

TEST_CASE("boolean network file: convolutions are version 2, anything else is what it was",
          "[boolean][network_file][exact]") {
    // 1 x 2 x 2 bits, one filter of 2 x 2 with weights (+, -, -, +), padding 1: an image of 3 x 3 sums, the scores.
    convolution_stage s{
        {.channels = 1, .rows = 2, .columns = 2, .kernel = 2, .stride = 1, .padding = 1}, bit_matrix(1, 4), {}, {}};
    s.weight.set(0, 0, true);
    s.weight.set(0, 3, true);
    const boolean_network network{{threshold_stage{{0, 0, 0, 0}}, s}};
    const std::uint32_t expected[] = {0x6E627266, 2, 2, 4,        // magic, version, stages, inputs
                                      1,          4, 0, 0, 0, 0,  // threshold
                                      7,          9, 1, 2, 2, 2,
                                      1,          1, 9, 0,  // outputs, image, kernel, stride, padding, weights
                                      0};
    std::vector<std::byte> bytes(sizeof expected + 4);
    std::memcpy(bytes.data(), expected, sizeof expected);
    CHECK(format_boolean_network(network) == sealed(bytes));
    CHECK(parse_boolean_network(sealed(bytes)) == network);
    for (const std::size_t word : {12u, 13u, 15u, 16u}) {  // channels, rows, the kernel's side, its stride
        CHECK_THROWS_AS(parse_boolean_network(with(bytes, 4 * word, 0)), malformed_message);
        CHECK_THROWS_AS(parse_boolean_network(with(bytes, 4 * word + 3, 255)), malformed_message);
    }
    CHECK_THROWS_AS(parse_boolean_network(with(bytes, 4 * 11, 10)), malformed_message);  // no multiple of 9 places
    CHECK_THROWS_AS(parse_boolean_network(with(bytes, 4, 1)), malformed_message);
}

TEST_CASE("boolean network file: pooling is version 3", "[boolean][network_file][exact]") {
    // 1 x 2 x 3 bits, windows of 2 x 2, one apart: the scores are x_00 or x_01 or x_10 or x_11, and the same beside it.
    const pooling_stage s{{.channels = 1, .rows = 2, .columns = 3, .kernel = 2, .stride = 1, .padding = 0}};
    const boolean_network network{
        {threshold_stage{{0, 0, 0, 0, 0, 0}}, s, real_stage{.width = 2, .weight = {1, 2}, .bias = {0}}}};
    const std::uint32_t expected[] = {
        0x6E627266, 3, 3,          6,                       // magic, version, stages, inputs
        1,          6, 0,          0,          0, 0, 0, 0,  // threshold
        8,          2, 1,          2,          3, 2, 1, 0,  // outputs, image, window, stride, no padding
        2,          1, 0x3F800000, 0x40000000, 0, 0, 0};
    std::vector<std::byte> bytes(sizeof expected + 4);
    std::memcpy(bytes.data(), expected, sizeof expected);
    CHECK(format_boolean_network(network) == sealed(bytes));
    CHECK(parse_boolean_network(sealed(bytes)) == network);
    for (const std::size_t word : {13u, 14u, 15u, 16u, 17u, 18u}) {  // outputs, channels, rows, columns, side, stride
        CHECK_THROWS_AS(parse_boolean_network(with(bytes, 4 * word, 0)), malformed_message);
    }
    CHECK_THROWS_AS(parse_boolean_network(with(bytes, 4 * 19, 1)), malformed_message);  // padding
}

TEST_CASE("boolean network file: each of the loader's refusals", "[boolean][network_file][hostile]") {
    const std::vector<std::byte> good = format_boolean_network(test::bit_network(30, 70, 10, 1));
    const auto refused = [](const std::vector<std::byte>& bytes, const std::string& because) {
        try {
            parse_boolean_network(bytes);
        } catch (const malformed_message& problem) {
            INFO(problem.what());
            CHECK(std::string(problem.what()).find(because) != std::string::npos);
            return;
        }
        FAIL("accepted, but expected: " << because);
    };
    refused({}, "shorter than its header");
    refused(with(good, 0, 'F'), "magic");
    refused(with(good, 4, 4), "format version");
    refused(with(good, 4, 0), "format version");
    refused(with(good, 4, 3), "another format version than its stages");
    refused(with(good, 4, 2), "another format version than its stages");
    refused(with(good, 6, 1), "format version");
    auto altered = good;
    altered[30] ^= std::byte{1};
    refused(altered, "checksum");
    refused(with(good, good.size() - 8, 1), "checksum");
    refused(with(good, 8, 5), "ends before its content");
    refused(with(good, 8, 3), "bytes after its content");
    refused(with(good, 12, 31), "changes the width");
    refused(with(good, 15, 2), "no inputs, or more than 2^24");
    refused(with(good, 16, 9), "kind 9");
    refused(with(good, 20, 0), "stage of 0 outputs");
    refused(with(good, 23, 1), "outputs, but 1 to 2^24");
    refused(with(with(good, 26, 0x80), 27, 0x7F), "not finite");
    const std::size_t boolean = 16 + 8 + 30 * 4;
    refused(with(good, boolean + 8 + 7, 0x80), "beyond its last column");
    auto twice = good;
    std::copy_n(good.begin() + 16, 8 + 30 * 4, twice.begin() + boolean);
    refused(sealed(twice), "");
}

TEST_CASE("boolean network file: truncated and altered bytes give malformed_message or another valid network",
          "[boolean][network_file][hostile]") {
    for (const boolean_network& network :
         {test::normalized_network(5, 9, 3, 1), test::convolution_network(2, 3, 2), test::pooled_network(2, 3, 2)}) {
        const std::vector<std::byte> good = format_boolean_network(network);
        for (std::size_t n = 0; n < good.size(); ++n) {
            CHECK_THROWS_AS(parse_boolean_network(std::span(good).first(n)), malformed_message);
            std::vector<std::byte> cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(n));
            if (n >= 4) {
                CHECK_THROWS_AS(parse_boolean_network(sealed(cut)), malformed_message);
            }
        }
        const random_stream random({.seed = 4, .purpose = purposes::user});
        std::size_t accepted = 0;
        for (std::uint64_t i = 0; i < 4000; ++i) {
            const auto bytes = with(good, random.below(good.size() - 4, 2 * i), random.word(2 * i + 1) & 0xFF);
            try {
                const boolean_network altered = parse_boolean_network(bytes);
                REQUIRE(format_boolean_network(altered) == bytes);
                ++accepted;
            } catch (const malformed_message&) {
            }
        }
        CHECK(accepted > 1000);  // altered weights are weights
    }
}
