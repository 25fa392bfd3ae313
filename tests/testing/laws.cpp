// Each check finds what it is for: a compressor that is right passes, and one broken in one way does not.

#include <frugal/testing/laws.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"

using namespace frugal;
using namespace frugal::testing;

namespace {

//! What a rounding of one's own may get wrong.
enum class fault {
    none,
    shrinks,           // E C(x) = 0.9 x
    biased,            // by a constant in one direction
    claims_too_little  // a variance below what it has
};

//! Adds noise of a quarter of each element to it, in floats.
struct noisy : message_interface<noisy> {
    explicit noisy(fault f = fault::none) : what(f) {}
    static constexpr bool unbiased = true;
    double variance(std::size_t) const { return what == fault::claims_too_little ? 0.004 : 1.0 / 192; }
    std::string name() const { return "noisy"; }
    void encode(std::span<const float> x, random_key k, payload_writer& w) const {
        max_norm{}.measure(x);
        const random_stream u(k);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float scale = what == fault::shrinks ? 0.9f : 1.0f;
            const float shift = what == fault::biased && i % 7 == 0 ? 0.1f : 0.0f;
            w.number(0.5f * scale * x[i] * (1 + 0.25f * u.centered(i)) + shift);
        }
    }
    void decode(payload_reader& r, random_key, std::span<float> y) const {
        for (float& v : y) {
            v = r.number() * 2;
        }
    }
    void decode_add(payload_reader& r, random_key, float weight, std::span<float> acc) const {
        for (float& v : acc) {
            v += weight * (r.number() * 2);
        }
    }
    fault what;
};

//! Floats as they are, with one thing wrong.
enum class slip { none, forgets_last, echo, adds_twice, draws, remembers, not_finite, index, quiet };

struct slipping : message_interface<slipping> {
    explicit slipping(slip s = slip::none) : what(s) {}
    static constexpr bool unbiased = false;
    std::string name() const { return "slipping"; }
    void encode(std::span<const float> x, random_key k, payload_writer& w) { encode(x, k, w, {}); }
    void encode(std::span<const float> x, random_key, payload_writer& w, std::span<float> echo) {
        sent += what == slip::remembers ? 1 : 0;  // also what is refused
        if (what != slip::quiet) {
            const auto bad = std::find_if(x.begin(), x.end(), [](float v) { return v - v != 0; });
            if (bad != x.end()) {
                throw nonfinite_input(static_cast<std::size_t>(bad - x.begin()) + (what == slip::index ? 1 : 0));
            }
        }
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float added = static_cast<float>(sent);
            const auto address = reinterpret_cast<std::uintptr_t>(&x[i]);
            w.number(what == slip::draws && address % 8 == 0 ? 0.0f : x[i] + added);
            if (!echo.empty()) {
                echo[i] = what == slip::echo ? 0.0f : x[i];
            }
        }
    }
    void decode(payload_reader& r, random_key, std::span<float> y) const {
        for (std::size_t i = 0; i < y.size(); ++i) {
            const float v = read(r);
            y[i] = what == slip::forgets_last && i == 32 ? y[i] : v;
        }
    }
    void decode_add(payload_reader& r, random_key, float weight, std::span<float> acc) const {
        for (float& v : acc) {
            v += (what == slip::adds_twice ? 2.0f : 1.0f) * weight * read(r);
        }
    }
    float read(payload_reader& r) const {
        if (what == slip::not_finite) {
            return std::bit_cast<float>(static_cast<std::uint32_t>(r.bits(32)));
        }
        return r.number();
    }
    slip what;
    std::uint64_t sent = 0;
};

const std::vector<float> x = normal_vector(200, 1);

bool all_hold(const std::vector<check_result>& results) {
    for (const check_result& r : results) {
        UNSCOPED_INFO(r.sentence);
    }
    return std::all_of(results.begin(), results.end(), [](const check_result& r) { return r.holds; });
}

}  // namespace

TEST_CASE("check_unbiased: finds a shrinking, a shift in some coordinates, a clipped tail", "[testing][laws]") {
    CHECK(check_unbiased(noisy{}, x));
    CHECK(check_unbiased(identity{}, x));
    CHECK(check_unbiased(scalar_compressor{dithered{.levels = 1}}, x));
    CHECK(check_unbiased(sparse_compressor{random_k{.fraction = 0.1}}, x));
    CHECK_FALSE(check_unbiased(noisy{fault::shrinks}, x));
    CHECK_FALSE(check_unbiased(noisy{fault::biased}, x));
    CHECK_FALSE(check_unbiased(scalar_compressor{sign{}}, x));
    CHECK_FALSE(check_unbiased(scalar_compressor{dithered{.levels = 1}, fixed{.kappa = 1}}, x));
    CHECK_FALSE(check_unbiased(sparse_compressor{random_k{.fraction = 0.1, .unbiased = false}}, x));
    const check_result r = check_unbiased(noisy{fault::shrinks}, x);
    CHECK(r.sentence.starts_with("noisy: unbiased: the mean of C(x) - x over 200 draws is "));
}

TEST_CASE("check_unbiased: its statistics are standard normal where the law holds", "[testing][laws][statistical]") {
    // Of 60 independent checks with the limit at 2 a correct compressor fails about one in twenty, not most or none.
    int failed = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        failed += check_unbiased(noisy{}, x, {.draws = 100, .seed = seed, .limit = 2}) ? 0 : 1;
    }
    CHECK(failed >= 1);   // binomial(60, 0.05) is 0 with probability 0.046; the seeds are fixed
    CHECK(failed <= 12);  // beyond 5 standard deviations
}

TEST_CASE("check_variance: the bound claimed, given or exact", "[testing][laws]") {
    CHECK(check_variance(noisy{}, x));
    CHECK_FALSE(check_variance(noisy{fault::claims_too_little}, x));
    CHECK_FALSE(check_variance(noisy{}, x, {}, 0.004));
    CHECK(check_variance(scalar_compressor{stochastic{.levels = 4}}, x));
    CHECK_FALSE(check_variance(scalar_compressor{sign{}}, x));  // claims none
    CHECK(check_variance(scalar_compressor{sign{}}, x, {}, 0.5));
}

TEST_CASE("check_contraction: the share that is kept", "[testing][laws]") {
    const sparse_compressor top{top_k{.fraction = 0.2}};
    CHECK(check_contraction(top, x));
    CHECK_FALSE(check_contraction(top, x, {}, 0.9));
    CHECK_FALSE(check_contraction(top, x, {}, 1.5));
    CHECK_FALSE(check_contraction(error_feedback{top}, x));  // claims none
}

TEST_CASE("check_roundtrip_size, check_deterministic, check_hostile_input: each finds its slips", "[testing][laws]") {
    CHECK(all_hold(check_all(slipping{}, x)));
    CHECK_FALSE(check_roundtrip_size(slipping{slip::forgets_last}));
    CHECK_FALSE(check_roundtrip_size(slipping{slip::echo}));
    CHECK_FALSE(check_roundtrip_size(slipping{slip::adds_twice}));
    CHECK_FALSE(check_deterministic(slipping{slip::draws}));
    CHECK_FALSE(check_hostile_input(slipping{slip::remembers}));
    CHECK_FALSE(check_hostile_input(slipping{slip::not_finite}));
    CHECK_FALSE(check_hostile_input(slipping{slip::index}));
    CHECK_FALSE(check_hostile_input(slipping{slip::quiet}));
    CHECK(check_hostile_input(slipping{slip::quiet}).sentence.starts_with("slipping: hostile input: "));
}

TEST_CASE("check_all: state, agreement and side information", "[testing][laws]") {
    CHECK(all_hold(check_all(error_feedback{sparse_compressor{top_k{.fraction = 0.1}}}, x)));
    CHECK(all_hold(check_all(scalar_compressor{ternary{}, shared_norm{}}, x)));
    CHECK(all_hold(check_all(scalar_compressor{nested_dithered{}}, x)));
    CHECK(check_all(scalar_compressor{dithered{}}, x).size() == 5);  // no contraction at 200 coordinates
}
