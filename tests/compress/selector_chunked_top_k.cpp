#include <frugal/compress/selector/chunked_top_k.hpp>

#include <limits>
#include <vector>

#include <frugal/compress/codebook.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/sparse.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(Selector<chunked_top_k>);

TEST_CASE("chunked_top_k: the largest of each chunk, in order, and their share of the last one",
          "[compress][selector][exact]") {
    const std::vector<float> x{1, -3, 2, 0, 5, 5, -5, 5, 0, 0.5f, -1};
    const chunked_top_k two_of_four{.count = 2, .chunk = 4};
    selection chosen;
    two_of_four.select(x, {}, chosen);
    CHECK(chosen.indices == std::vector<std::uint32_t>{1, 2, 4, 5, 9, 10});
    for (std::size_t d = 1; d < 40; ++d) {
        const auto y = sample::normal_vector(d, d);
        chunked_top_k{.count = 3, .chunk = 7}.select(y, {}, chosen);
        CHECK(chosen.indices.size() == chunked_top_k{.count = 3, .chunk = 7}.count_for(d));
    }
    CHECK_THROWS_AS((chunked_top_k{.count = 5, .chunk = 4}.validate()), invalid_input);
    std::vector<float> bad(20, 1.0f);
    bad[13] = std::numeric_limits<float>::infinity();
    CHECK_THROWS_WITH(two_of_four.select(bad, {}, chosen), test::contains_text("element 13 "));
}

TEST_CASE("chunked_top_k: a contraction of count / chunk for every length", "[compress][selector]") {
    sparse_compressor c{chunked_top_k{.count = 8, .chunk = 64}};
    for (const std::size_t d : {1u, 5u, 63u, 64u, 65u, 1000u}) {
        CAPTURE(d);
        const auto flat = std::vector<float>(d, 1.0f);
        const double lost = sample::squared_distance(flat, sample::round_trip(c, flat, {}));
        CHECK(lost <= (1 - c.laws_for(d).contraction.value()) * static_cast<double>(d) + 1e-9);
        CHECK(c.laws_for(d).contraction.value() >= 0.125);
    }
}

TEST_CASE("chunked_top_k: 64 of each 4096 with indices of at most 7.6 bits and values of two", "[compress][selector]") {
    const std::size_t d = 1 << 20;
    const auto x = test::normal_vector(d, 1);
    error_feedback c{sparse_compressor{chunked_top_k{}, codebook_compressor{lloyd_max{.levels = 4}}, rice_indices{}},
                     0.95f};
    message m;
    for (std::uint64_t round = 0; round < 3; ++round) {
        c.compress(x, {.round = round}, m);
        const double sent = static_cast<double>(d) / 4096 * 64;
        const double of_index = (static_cast<double>(m.payload_bits()) - 4 * 32) / sent - 2;
        CHECK(of_index < 7.6);
        CHECK(of_index > 7.35);  // log2 of 4096 over 64, a 64th of it
    }
}
