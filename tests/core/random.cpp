#include <frugal/core/random.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <set>
#include <tuple>
#include <vector>

#include "catch.hpp"

using frugal::philox4x32;
using frugal::random_key;
using frugal::random_stream;

namespace {

constexpr std::size_t sample_size = std::size_t{1} << 16;
constexpr double z_limit = 4.5;

template <class Draw>
std::vector<double> sample(Draw draw, std::size_t n = sample_size) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) {
        values[i] = draw(i);
    }
    return values;
}

//! Standardised distance of the mean of values^power from its expectation.
double moment_z(const std::vector<double>& values, int power, double expected, double variance_of_power) {
    double sum = 0;
    for (const double v : values) {
        sum += std::pow(v, power);
    }
    const auto n = static_cast<double>(values.size());
    return (sum / n - expected) / std::sqrt(variance_of_power / n);
}

//! Chi-square against equal probabilities, standardised.
double chi_square_z(const std::vector<std::uint64_t>& counts) {
    const double total = static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
    const double expected = total / static_cast<double>(counts.size());
    double chi = 0;
    for (const std::uint64_t c : counts) {
        chi += (static_cast<double>(c) - expected) * (static_cast<double>(c) - expected) / expected;
    }
    const double freedom = static_cast<double>(counts.size()) - 1;
    return (chi - freedom) / std::sqrt(2 * freedom);
}

//! Kolmogorov's sqrt(n) sup |F_n - F|; above 2.3 with probability 5e-5.
template <class Cdf>
double kolmogorov(std::vector<double> values, Cdf cdf) {
    std::sort(values.begin(), values.end());
    const auto n = static_cast<double>(values.size());
    double distance = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double f = cdf(values[i]);
        distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
    }
    return distance * std::sqrt(n);
}

double correlation_z(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        sum += a[i] * b[i];
    }
    return sum * 12 / std::sqrt(static_cast<double>(a.size()));  // both uniform on (-1/2, 1/2)
}

}  // namespace

TEST_CASE("philox4x32-10: the known answers of Random123", "[core][random][exact]") {
    using counter = philox4x32::counter_type;
    constexpr std::uint32_t ones = 0xFFFFFFFFu;
    CHECK(philox4x32::apply({0, 0, 0, 0}, {0, 0}) == counter{0x6627E8D5u, 0xE169C58Du, 0xBC57AC4Cu, 0x9B00DBD8u});
    CHECK(philox4x32::apply({ones, ones, ones, ones}, {ones, ones}) ==
          counter{0x408F276Du, 0x41C83B0Eu, 0xA20BC7C6u, 0x6D5451FDu});
    CHECK(philox4x32::apply({0x243F6A88u, 0x85A308D3u, 0x13198A2Eu, 0x03707344u}, {0xA4093822u, 0x299F31D0u}) ==
          counter{0xD16CFE09u, 0x94FDCCEBu, 0x5001E420u, 0x24126EA1u});
    static_assert(philox4x32::apply({0, 0, 0, 0}, {0, 0})[0] == 0x6627E8D5u);
}

TEST_CASE("random_stream: stored words of one key", "[core][random][exact]") {
    const random_stream s({.seed = 42, .node = 3, .round = 7, .purpose = 1});
    CHECK(s.key() == philox4x32::key_type{0xC3177D48u, 0xD27740D1u});
    CHECK(s.word(0) == 0x624E19EFu);
    CHECK(s.word(1) == 0x90632DD8u);
    CHECK(s.word(15) == 0x8872B2EFu);
    CHECK(s.word(16) == 0x48A3A7A5u);
    CHECK(s.word(17) == 0xA46726C3u);
    CHECK(s.word(63) == 0x55097A8Eu);
    CHECK(s.word(64) == 0x2926F27Cu);
    CHECK(s.word(79) == 0xF1ADB8EDu);
    CHECK(s.word(100) == 0x7E1E3E3Cu);
    CHECK(s.word(1000) == 0x69569AE5u);
    CHECK(s.word(std::uint64_t{1} << 32) == 0x296D5DC1u);
    CHECK(s.word((std::uint64_t{1} << 40) + 5) == 0x34A4C2C2u);
    CHECK(random_stream({.seed = 42, .node = 3, .round = (std::uint64_t{1} << 32) + 7, .purpose = 1}).word(0) ==
          0x3CCB0D6Du);
    CHECK(s.word64(0) == (std::uint64_t{s.block(0)[1]} << 32 | s.block(0)[0]));
}

TEST_CASE("random_stream: elements in any order are the words of the blocks", "[core][random][exact]") {
    const random_stream s({.seed = 5, .node = 1, .round = 2, .purpose = 9});
    std::set<std::pair<std::uint64_t, unsigned>> seen;
    for (std::uint64_t i = 4096; i-- > 0;) {
        const std::uint64_t block = random_stream::block_of(i);
        const unsigned word = random_stream::word_of(i);
        REQUIRE(block == 16 * (i / 64) + i % 16);
        REQUIRE(word == i % 64 / 16);
        REQUIRE(block < 1024);
        REQUIRE(seen.emplace(block, word).second);
        REQUIRE(s.word(i) == s.block(block)[word]);
    }
}

TEST_CASE("random_stream: every field of the key makes another stream", "[core][random][statistical]") {
    const random_key base{.seed = 11, .node = 2, .round = 3, .purpose = 4};
    std::vector<random_key> keys{base};
    for (const std::uint64_t bit : {0u, 1u, 31u, 32u, 63u}) {
        keys.push_back(base);
        keys.back().seed ^= std::uint64_t{1} << bit;
        keys.push_back(base);
        keys.back().round ^= std::uint64_t{1} << bit;
    }
    for (const std::uint32_t bit : {0u, 1u, 15u, 31u}) {
        keys.push_back(base);
        keys.back().node ^= 1u << bit;
        keys.push_back(base);
        keys.back().purpose ^= 1u << bit;
    }
    keys.push_back({.seed = 11, .node = 4, .round = 3, .purpose = 2});  // fields exchanged
    keys.push_back(base.for_purpose(0));
    keys.push_back(base.for_purpose(1));
    keys.push_back(base.for_purpose(1).for_purpose(0));
    std::vector<std::vector<double>> streams;
    for (const random_key& k : keys) {
        const random_stream s(k);
        streams.push_back(sample([&](std::size_t i) { return s.centered(i); }, 16384));
    }
    for (std::size_t a = 0; a < streams.size(); ++a) {
        for (std::size_t b = 0; b < a; ++b) {
            INFO(a << " and " << b);
            REQUIRE(std::abs(correlation_z(streams[a], streams[b])) < z_limit + 1);  // of some 250 pairs
        }
    }
}

TEST_CASE("random_stream: elements of one stream are uncorrelated", "[core][random][statistical]") {
    const random_stream s({.seed = 21});
    const auto values = sample([&](std::size_t i) { return s.centered(i); });
    for (const std::size_t lag : {1u, 2u, 3u, 4u, 8u, 15u, 16u, 17u, 32u, 48u, 63u, 64u, 65u, 128u}) {
        const std::vector<double> a(values.begin(), values.end() - static_cast<std::ptrdiff_t>(lag));
        const std::vector<double> b(values.begin() + static_cast<std::ptrdiff_t>(lag), values.end());
        INFO("lag " << lag);
        CHECK(std::abs(correlation_z(a, b)) < z_limit);
    }
}

TEST_CASE("random_key: equal keys are equal, purposes nest without collision", "[core][random][exact]") {
    const random_key k{.seed = 1, .node = 2, .round = 3, .purpose = 4};
    CHECK(k == random_key{1, 2, 3, 4});
    CHECK(k != random_key{1, 2, 3, 5});
    CHECK(k.for_purpose(7).seed == 1);
    CHECK(k.for_purpose(7).node == 2);
    CHECK(k.for_purpose(7).round == 3);
    std::set<std::uint32_t> purposes;
    for (std::uint32_t a = 0; a < 64; ++a) {
        for (std::uint32_t b = 0; b < 64; ++b) {
            purposes.insert(k.for_purpose(a).for_purpose(b).purpose);
        }
    }
    CHECK(purposes.size() == 64 * 64);
}

TEST_CASE("centered_from_lower_half: odd multiples of 2^-17, symmetric, each once", "[core][random][exact]") {
    using frugal::centered_from_lower_half;
    using frugal::centered_from_upper_half;
    CHECK(centered_from_lower_half(0xABCD0000u) == 0x1p-17f);
    CHECK(centered_from_upper_half(0xFFFF1234u) == -0x1p-17f);
    CHECK(centered_from_lower_half(0x7FFFu) == 0.5f - 0x1p-17f);
    CHECK(centered_from_lower_half(0x8000u) == -0.5f + 0x1p-17f);
    double sum = 0;
    for (std::uint32_t half = 0; half < 65536; ++half) {
        const float u = centered_from_lower_half(half);
        REQUIRE(centered_from_upper_half(half << 16) == u);
        REQUIRE(centered_from_lower_half(~half) == -u);
        REQUIRE(u == (static_cast<float>(static_cast<std::int16_t>(half)) + 0.5f) * 0x1p-16f);
        sum += double{u};
    }
    CHECK(sum == 0);
}

TEST_CASE("centered_16: two elements a word, 64 after 64", "[core][random][exact]") {
    const frugal::random_stream s({.seed = 3, .node = 1, .round = 2});
    for (const std::uint64_t i : {0u, 1u, 63u, 64u, 127u, 128u, 200u, 1000u}) {
        const std::uint32_t word = s.word(i / 128 * 64 + i % 64);
        CHECK(s.centered_16(i) ==
              (i / 64 % 2 == 0 ? frugal::centered_from_lower_half(word) : frugal::centered_from_upper_half(word)));
    }
}

TEST_CASE("centered_from_word: odd multiples of 2^-25, symmetric and exact", "[core][random][exact]") {
    using frugal::centered_from_word;
    CHECK(centered_from_word(0) == 0x1p-25f);
    CHECK(centered_from_word(0xFFFFFFFFu) == -0x1p-25f);
    CHECK(centered_from_word(0x7FFFFFFFu) == 0.5f - 0x1p-25f);
    CHECK(centered_from_word(0x80000000u) == -0.5f + 0x1p-25f);
    const random_stream s({.seed = 3});
    for (std::uint64_t i = 0; i < 10000; ++i) {
        const std::uint32_t w = s.word(i);
        const float x = centered_from_word(w);
        REQUIRE(centered_from_word(~w) == -x);
        REQUIRE(std::abs(x) < 0.5f);
        REQUIRE(std::fmod(std::abs(double{x}) * 0x1p25, 2.0) == 1.0);
    }
}

TEST_CASE("unit_from_word: multiples of 2^-24 in (0, 1]", "[core][random][exact]") {
    using frugal::unit_from_word;
    CHECK(unit_from_word(0) == 0x1p-24f);
    CHECK(unit_from_word(0xFFu) == 0x1p-24f);
    CHECK(unit_from_word(0x100u) == 0x1p-23f);
    CHECK(unit_from_word(0xFFFFFFFFu) == 1.0f);
    CHECK(unit_from_word(0xFFFFFEFFu) == 1.0f - 0x1p-24f);
}

TEST_CASE("random_stream: uniform and centered have the moments and the cells of a uniform variable",
          "[core][random][statistical]") {
    const random_stream s({.seed = 31, .node = 1, .round = 5, .purpose = 2});
    const auto u = sample([&](std::size_t i) { return s.uniform(i); });
    const auto c = sample([&](std::size_t i) { return s.centered(i); });
    const auto d = sample([&](std::size_t i) { return s.uniform_double(i); });
    CHECK(std::abs(moment_z(u, 1, 1.0 / 2, 1.0 / 12)) < z_limit);
    CHECK(std::abs(moment_z(u, 2, 1.0 / 3, 1.0 / 5 - 1.0 / 9)) < z_limit);
    CHECK(std::abs(moment_z(c, 1, 0, 1.0 / 12)) < z_limit);
    CHECK(std::abs(moment_z(c, 2, 1.0 / 12, 1.0 / 80 - 1.0 / 144)) < z_limit);
    CHECK(std::abs(moment_z(c, 3, 0, 1.0 / 448)) < z_limit);
    CHECK(std::abs(moment_z(d, 1, 1.0 / 2, 1.0 / 12)) < z_limit);
    std::vector<std::uint64_t> high(256);
    std::vector<std::uint64_t> low(256);
    std::vector<std::uint64_t> cells(256);
    for (std::size_t i = 0; i < sample_size; ++i) {
        ++high[s.word(i) >> 24];
        ++low[s.word(i) & 255u];
        ++cells[static_cast<std::size_t>(d[i] * 256)];
    }
    CHECK(std::abs(chi_square_z(high)) < z_limit);
    CHECK(std::abs(chi_square_z(low)) < z_limit);
    CHECK(std::abs(chi_square_z(cells)) < z_limit);
    CHECK(kolmogorov(u, [](double x) { return x; }) < 2.3);
    CHECK(kolmogorov(d, [](double x) { return x; }) < 2.3);
    CHECK(*std::max_element(d.begin(), d.end()) < 1.0);
    CHECK(*std::min_element(u.begin(), u.end()) > 0.0);
}

TEST_CASE("random_stream: normal has the moments and the distribution of a normal variable",
          "[core][random][statistical]") {
    const random_stream s({.seed = 41, .node = 1});
    const auto x = sample([&](std::size_t i) { return s.normal(i); });
    CHECK(std::abs(moment_z(x, 1, 0, 1)) < z_limit);
    CHECK(std::abs(moment_z(x, 2, 1, 2)) < z_limit);
    CHECK(std::abs(moment_z(x, 3, 0, 15)) < z_limit);
    CHECK(std::abs(moment_z(x, 4, 3, 96)) < z_limit);
    CHECK(kolmogorov(x, [](double v) { return 0.5 * std::erfc(-v / std::sqrt(2.0)); }) < 2.3);
    // The two elements that share a radius (16 apart) are uncorrelated, and so are their squares.
    double product = 0;
    double squares = 0;
    std::size_t pairs = 0;
    for (std::size_t i = 0; i < sample_size; ++i) {
        if (i % 32 < 16) {
            product += x[i] * x[i + 16];
            squares += (x[i] * x[i] - 1) * (x[i + 16] * x[i + 16] - 1) / 2;
            ++pairs;
        }
    }
    CHECK(std::abs(product) / std::sqrt(static_cast<double>(pairs)) < z_limit);
    CHECK(std::abs(squares) / std::sqrt(static_cast<double>(pairs)) < z_limit);
}

TEST_CASE("random_stream: exponential has the moments and the distribution of an exponential variable",
          "[core][random][statistical]") {
    const random_stream s({.seed = 51});
    const auto x = sample([&](std::size_t i) { return s.exponential(i); });
    CHECK(std::abs(moment_z(x, 1, 1, 1)) < z_limit);
    CHECK(std::abs(moment_z(x, 2, 2, 20)) < z_limit);
    CHECK(kolmogorov(x, [](double v) { return -std::expm1(-v); }) < 2.3);
    CHECK(*std::min_element(x.begin(), x.end()) >= 0);
    for (std::size_t i = 0; i < 1000; ++i) {
        REQUIRE(x[i] == Approx(-std::log1p(-s.uniform_double(i))).epsilon(1e-14));
    }
}

TEST_CASE("random_stream: below is uniform on its range and within it", "[core][random][statistical]") {
    const random_stream s({.seed = 61});
    for (const std::uint64_t n : {1u, 2u, 3u, 10u, 100u, 1000u}) {
        std::vector<std::uint64_t> counts(n);
        for (std::uint64_t i = 0; i < sample_size; ++i) {
            const std::uint64_t v = s.below(n, i);
            REQUIRE(v < n);
            ++counts[v];
        }
        if (n > 1) {
            CHECK(std::abs(chi_square_z(counts)) < z_limit);
        }
    }
#ifdef __SIZEOF_INT128__
    __extension__ using wide = unsigned __int128;
    for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{0xFFFFFFFF}, std::uint64_t{1} << 32,
                                  (std::uint64_t{1} << 63) + 12345, ~std::uint64_t{0}}) {
        for (std::uint64_t i = 0; i < 1000; ++i) {
            REQUIRE(s.below(n, i) == static_cast<std::uint64_t>((wide{s.word64(i)} * n) >> 64));
        }
    }
#endif
}

TEST_CASE("exact_log: relative error below 3e-7 on (0, 1]", "[core][random][exact]") {
    double worst = 0;
    for (std::uint32_t w = 0; w < (1u << 24); w += w < 4096 || w > (1u << 24) - 4096 ? 1u : 29u) {
        const float x = frugal::unit_from_word(w << 8);
        const float y = frugal::exact_log(x);
        if (x == 1.0f) {
            REQUIRE(y == 0.0f);
            continue;
        }
        REQUIRE(y < 0.0f);
        const double exact = std::log(double{x});
        worst = std::max(worst, std::abs(double{y} - exact) / std::abs(exact));
    }
    CHECK(worst < 3e-7);
}

TEST_CASE("exact_sine_cosine_of_turns: absolute error below 3e-7 on (-1/2, 1/2)", "[core][random][exact]") {
    double worst = 0;
    const double pi = std::acos(-1.0);
    for (std::int64_t k = -(std::int64_t{1} << 24) + 1; k < (std::int64_t{1} << 24); k += 58) {
        const float t = static_cast<float>(k) * 0x1p-25f;
        const auto [sine, cosine] = frugal::exact_sine_cosine_of_turns(t);
        worst = std::max({worst, std::abs(double{sine} - std::sin(2 * pi * double{t})),
                          std::abs(double{cosine} - std::cos(2 * pi * double{t}))});
    }
    CHECK(worst < 3e-7);
    for (const float quarter : {-0.5f, -0.25f, 0.0f, 0.25f, 0.5f}) {
        for (const float offset : {-0x1p-25f, 0x1p-25f}) {
            const float t = quarter + offset;
            const auto [sine, cosine] = frugal::exact_sine_cosine_of_turns(t);
            CHECK(std::abs(double{sine} - std::sin(2 * pi * double{t})) < 3e-7);
            CHECK(std::abs(double{cosine} - std::cos(2 * pi * double{t})) < 3e-7);
        }
    }
}

TEST_CASE("random_stream: stored normals, to the bit", "[core][random][exact]") {
    const random_stream s({.seed = 42, .node = 3, .round = 7, .purpose = 1});
    constexpr std::array<std::pair<std::uint64_t, float>, 8> stored{{
        {0, -0x1.2a2968p-2f},
        {1, -0x1.5768c4p-1f},
        {15, -0x1.379b7ep-2f},
        {16, 0x1.5a417p+0f},
        {17, -0x1.aafcaep-1f},
        {63, 0x1.17ac4cp+0f},
        {64, -0x1.65672cp+0f},
        {100000, -0x1.0f2ab2p-5f},
    }};
    for (const auto& [i, x] : stored) {
        CHECK(s.normal(i) == x);
    }
    // A digest of many, so that no corner differs between compilers and instruction sets.
    std::uint64_t digest = 0;
    for (std::uint64_t i = 0; i < 100000; ++i) {
        digest = frugal::mix_bits(digest ^ std::bit_cast<std::uint32_t>(s.normal(i)));
    }
    CHECK(digest == 0x7BD3246078909A0Du);
}

TEST_CASE("shuffle: a permutation, the same for the same key, uniform", "[core][random][statistical]") {
    std::vector<int> values(1000);
    std::iota(values.begin(), values.end(), 0);
    auto a = values;
    auto b = values;
    frugal::shuffle(std::span(a), {.seed = 1});
    frugal::shuffle(std::span(b), {.seed = 1});
    CHECK(a == b);
    frugal::shuffle(std::span(b), {.seed = 1, .round = 1});
    CHECK(a != b);
    CHECK(a != values);
    std::sort(a.begin(), a.end());
    CHECK(a == values);

    std::vector<std::uint64_t> orders(24);
    for (std::uint64_t r = 0; r < 24000; ++r) {
        std::array<int, 4> p{0, 1, 2, 3};
        frugal::shuffle(std::span<int>(p), {.seed = 2, .round = r});
        const int code = p[0] * 6 + (p[1] - (p[1] > p[0])) * 2 + (p[2] > p[3]);
        ++orders[static_cast<std::size_t>(code)];
    }
    CHECK(std::abs(chi_square_z(orders)) < z_limit);

    std::vector<int> none;
    frugal::shuffle(std::span(none), {});
    std::vector<int> one{7};
    frugal::shuffle(std::span(one), {});
    CHECK(one.front() == 7);
}

TEST_CASE("random_stream: the elements that docs/wire-format.md prints", "[core][random][exact]") {
    constexpr random_key key{.seed = 42, .node = 3, .round = 7, .purpose = 1};
    constexpr random_stream stream(key);
    CHECK(stream.word(0) == 0x624E19EFu);
    CHECK(stream.word(1) == 0x90632DD8u);
    CHECK(stream.word(2) == 0xE4CF62F5u);
    CHECK(key.for_purpose(2).purpose == 1013904228u);
    CHECK(random_stream(key.for_purpose(2)).word(0) == 0x91791ADCu);
}
