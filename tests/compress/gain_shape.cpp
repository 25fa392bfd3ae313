#include <frugal/compress/gain_shape.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>

#include <frugal/compress/cross_polytope.hpp>
#include <frugal/compress/dual.hpp>
#include <frugal/compress/hsq.hpp>
#include <frugal/compress/spherical_stovoq.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

static_assert(std::is_aggregate_v<spherical_stovoq> && sample::UnbiasedWithVariance<spherical_stovoq>);
static_assert(std::is_aggregate_v<hsq_span> && sample::UnbiasedWithVariance<hsq_span>);
static_assert(std::is_aggregate_v<cross_polytope> && sample::UnbiasedWithVariance<cross_polytope>);
static_assert(std::is_aggregate_v<dual> && sample::UnbiasedWithVariance<dual>);
static_assert(std::is_aggregate_v<hsq_greedy> && Compressor<hsq_greedy> && !hsq_greedy::unbiased);

namespace {

//! use(c) for one compressor of each kind, whose buckets do not divide their groups, nor these a vector.
template <class Use>
void for_each_kind(Use use) {
    use(spherical_stovoq{.dimension = 5, .codewords = 32, .gain_bits = 4, .group = 32});
    use(spherical_stovoq{.dimension = 1, .codewords = 4, .gain_bits = 1, .group = 3});
    use(hsq_greedy{.dimension = 5, .codewords = 32, .gain_bits = 4, .group = 32});
    use(hsq_span{.dimension = 5, .codewords = 32, .gain_bits = 4, .group = 32});
    use(cross_polytope{.dimension = 5, .repetitions = 3, .gain_bits = 4, .group = 32});
    use(cross_polytope{.dimension = 1, .repetitions = 1, .gain_bits = 4, .group = 32});
    use(dual{.dimension = 3, .codewords = 32, .group = 32});
    use(dual{.dimension = 1, .codewords = 2, .group = 8});
}

}  // namespace

TEST_CASE("gain_shape: unbiased and within its variance, whatever the norms of the buckets",
          "[compress][gain_shape][statistical]") {
    auto x = sample::normal_vector(33, 5);
    std::fill(x.begin() + 10, x.begin() + 20, 0.0f);
    x[2] = 8;
    for_each_kind([&](auto c) {
        if constexpr (c.unbiased) {
            INFO(c.name());
            std::vector<test::moments> mean(x.size());
            sample::estimate error;
            for (std::uint64_t round = 0; round < 2000; ++round) {
                const auto y = sample::round_trip(c, x, {.seed = 7, .round = round});
                for (std::size_t i = 0; i < x.size(); ++i) {
                    mean[i].add(y[i]);
                }
                error.add(sample::squared_distance(x, y) / sample::squared_norm(x));
            }
            for (std::size_t i = 0; i < x.size(); ++i) {
                CHECK(mean[i].z_of(x[i]) < test::z_limit);
            }
            CHECK(error.mean() < c.variance(x.size()) + 4.5 * error.standard_error());
        }
    });
}

TEST_CASE("gain_shape: any length; what is added and echoed is what is decoded", "[compress][gain_shape][exact]") {
    for_each_kind([](auto c) {
        INFO(c.name());
        for (const std::size_t n : {1u, 2u, 31u, 32u, 33u, 64u, 513u}) {
            auto x = sample::normal_vector(n, n);
            std::fill_n(x.begin() + std::ptrdiff_t(n / 2), n / 4, 0.0f);  // also a group of zeros
            const random_key key{.seed = 4, .round = n};
            message m;
            std::vector<float> echo(n), y(n), acc(n, 0.0f);
            c.compress(x, key, m, echo);
            const auto receiver = c;
            receiver.decompress(m, key, y);
            receiver.decompress_add(m, key, 1.0f, acc);
            CHECK(y == acc);
            CHECK(y == echo);
            CHECK(sample::round_trip(c, x, key) == y);
        }
        const std::vector<float> zero(40);
        CHECK(sample::round_trip(c, zero, {}) == zero);
    });
}

TEST_CASE("gain_shape: bad options and input are named", "[compress][gain_shape][hostile]") {
    const std::array x{1.0f, 2.0f};
    message m;
    const auto refused = [&](const auto& c) { CHECK_THROWS_AS(c.compress(x, {}, m), invalid_input); };
    refused(spherical_stovoq{.dimension = 0});
    refused(spherical_stovoq{.codewords = 100});
    refused(spherical_stovoq{.gain_bits = 0});
    refused(hsq_greedy{.codewords = 3});
    refused(hsq_span{.dimension = 16, .codewords = 8});
    refused(hsq_span{.gain_bits = 17});
    refused(cross_polytope{.dimension = 65});
    refused(cross_polytope{.repetitions = 0});
    refused(dual{.dimension = 9});
    refused(dual{.dimension = 4, .codewords = 8});
    for_each_kind([&](auto c) {
        INFO(c.name());
        auto bad = sample::normal_vector(40, 1);
        bad[37] = std::numeric_limits<float>::infinity();
        try {
            c.compress(bad, {}, m);
            FAIL("an infinite element was accepted");
        } catch (const invalid_input& e) {
            CHECK(std::string(e.what()).find("element 37") != std::string::npos);
        }
    });
    CHECK_THROWS_AS(cross_polytope{}.compress(std::vector<float>(16, 3e38f), {}, m), invalid_input);
}

TEST_CASE("gain_shape: mutated messages are refused or decode to finite numbers", "[compress][gain_shape][hostile]") {
    const auto x = sample::normal_vector(100, 13);
    for_each_kind([&](auto c) {
        INFO(c.name());
        message m;
        c.compress(x, {}, m);
        std::vector<float> y(x.size());
        bool finite = true;
        sample::mutate(m, 1, [&](const message& other) {
            c.decompress(other, {}, y);
            finite = finite && std::all_of(y.begin(), y.end(), [](float v) { return is_finite(v); });
        });
        CHECK(finite);
        auto other = c;
        other.group = 16;
        other.scheme = {};
        CHECK_THROWS_AS(other.decompress(m, {}, y), malformed_message);
        CHECK_THROWS_AS(c.decompress(m, {.round = 1}, y), malformed_message);
    });
}
