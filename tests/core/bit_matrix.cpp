#include <frugal/core/bit_matrix.hpp>

#include <cstdint>
#include <limits>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("bit_matrix: bit i of a row is bit i mod 64 of its word i / 64", "[core][bit_matrix][exact]") {
    bit_matrix m(3, 130);
    REQUIRE(m.stride() == 3);
    REQUIRE(m.words().size() == 9);
    REQUIRE(reinterpret_cast<std::uintptr_t>(m.words().data()) % 64 == 0);
    m.set(1, 0, true);
    m.set(1, 65, true);
    m.set(2, 129, true);
    CHECK(m.words()[3] == 1);
    CHECK(m.words()[4] == 2);
    CHECK(m.words()[8] == 2);
    CHECK((m(1, 0) && m(1, 65) && m(2, 129) && !m(0, 0) && !m(2, 128)));
    m.set(1, 65, false);
    CHECK(m.words()[4] == 0);

    const bit_matrix& constant = m;
    const bit_matrix_view view = constant.view().row_range(1, 2);
    CHECK(view.rows() == 2);
    CHECK(view(1, 129));
    CHECK(view.row(0)[0]);
}

TEST_CASE("bit_matrix: words for n bits and the mask of the last", "[core][bit_matrix][exact]") {
    CHECK(words_for(0) == 0);
    CHECK(words_for(1) == 1);
    CHECK(words_for(64) == 1);
    CHECK(words_for(65) == 2);
    CHECK(words_for(std::numeric_limits<std::size_t>::max()) == std::size_t{1} << 58);
    CHECK(last_word_mask(1) == 1);
    CHECK(last_word_mask(64) == ~std::uint64_t{0});
    CHECK(last_word_mask(130) == 3);
}

TEST_CASE("bit_matrix: a vector is a matrix of one row, and what is writable is readable", "[core][bit_matrix]") {
    bit_vector v(70);
    v.set(69, true);
    const bit_span writable = v;
    const bit_view readable = writable;
    const bit_matrix_view matrix(readable);
    CHECK((matrix.rows() == 1 && matrix.columns() == 70 && matrix(0, 69)));
    writable.set(3, true);
    CHECK(v[3]);
    v.resize(71);
    CHECK(v == bit_vector(71));
}

TEST_CASE("bit_matrix: stray bits beyond the columns are seen", "[core][bit_matrix][hostile]") {
    bit_matrix m(2, 65);
    CHECK(has_clear_padding(m));
    m.words()[3] = 2;
    CHECK_FALSE(has_clear_padding(m));
    bit_matrix whole(2, 64);
    whole.words()[1] = ~std::uint64_t{0};
    CHECK(has_clear_padding(whole));
    CHECK(has_clear_padding(bit_matrix()));
}

TEST_CASE("bit_matrix: a shape beyond memory is refused", "[core][bit_matrix][hostile]") {
    CHECK_THROWS_AS(bit_matrix(std::size_t{1} << 61, 65), invalid_input);
    CHECK(bit_matrix(std::numeric_limits<std::size_t>::max(), 0).words().empty());
}

TEST_CASE("bit_matrix: saved and restored; other shapes and stray bits are refused", "[core][bit_matrix][hostile]") {
    bit_matrix m(2, 70);
    m.set(1, 69, true);
    std::vector<std::byte> bytes;
    state_archive save(bytes);
    save(m);

    bit_matrix restored(2, 70);
    state_archive load{std::span<const std::byte>(bytes)};
    load(restored);
    load.finish();
    CHECK(restored == m);

    bit_matrix other(2, 71);
    state_archive mismatch{std::span<const std::byte>(bytes)};
    CHECK_THROWS_AS(mismatch(other), malformed_message);
    bytes.back() = std::byte{0x80};
    state_archive altered{std::span<const std::byte>(bytes)};
    CHECK_THROWS_AS(altered(restored), malformed_message);
}

TEST_CASE("ternary_matrix: two planes, and a zero has a zero in both", "[core][bit_matrix][exact]") {
    ternary_matrix m(2, 3);
    m.set(0, 0, 1);
    m.set(0, 1, -1);
    m.set(1, 2, 1);
    m.set(1, 2, 0);
    CHECK(m(0, 0) == 1);
    CHECK(m(0, 1) == -1);
    CHECK(m(1, 2) == 0);
    ternary_matrix same(2, 3);
    same.set(0, 0, 1);
    same.set(0, 1, -1);
    CHECK(m == same);

    std::vector<std::byte> bytes;
    state_archive save(bytes);
    save(m);
    ternary_matrix restored(2, 3);
    state_archive load{std::span<const std::byte>(bytes)};
    load(restored);
    CHECK(restored == m);
    bytes.back() = std::byte{0};
    bytes[bytes.size() - 8] = std::byte{4};  // positive where the element is 0
    state_archive altered{std::span<const std::byte>(bytes)};
    CHECK_THROWS_AS(altered(restored), malformed_message);
}
