#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <frugal/core/random.hpp>
#include <frugal/kernels/select.hpp>
#include "architectures.hpp"
#include "catch.hpp"

using frugal::kernels::select_threshold;
using frugal::kernels::select_top_k;

namespace {

std::vector<float> normal_values(std::size_t n, std::uint64_t seed) {
    const frugal::random_stream stream(frugal::random_key{.seed = seed});
    std::vector<float> x(n);
    for (std::size_t i = 0; i < n; ++i) {
        x[i] = stream.normal(i);
    }
    return x;
}

//! The definition, by a sort.
std::vector<std::uint32_t> sorted_top_k(const std::vector<float>& x, std::size_t k) {
    std::vector<std::uint32_t> order(x.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return std::fabs(x[a]) > std::fabs(x[b]); });
    order.resize(std::min(k, x.size()));
    std::sort(order.begin(), order.end());
    return order;
}

void check_all_k(const std::vector<float>& x) {
    std::vector<std::uint32_t> found;
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{2}, x.size() / 100, x.size() / 10,
                                x.size() / 2, x.size() - std::min<std::size_t>(x.size(), 1), x.size(), x.size() + 5}) {
        const auto expected = sorted_top_k(x, k);
        test::for_each_architecture([&](auto arch) {
            using Arch = decltype(arch);
            CAPTURE(Arch::name(), x.size(), k);
            REQUIRE(select_top_k<Arch>(x, k, found) == expected.size());
            REQUIRE(found == expected);
        });
    }
}

}  // namespace

TEST_CASE("select_top_k: equals the definition by sorting", "[kernels][select][exact]") {
    for (const auto n :
         std::initializer_list<std::size_t>{0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000, 4097, 100001}) {
        check_all_k(normal_values(n, n));
    }
}

TEST_CASE("select_top_k: ties go to the lowest index", "[kernels][select][exact]") {
    for (const auto n : std::initializer_list<std::size_t>{1, 33, 5000, 200000}) {
        std::vector<float> x(n, 1.0f);
        check_all_k(x);
        for (std::size_t i = 0; i < n; ++i) {
            x[i] = static_cast<float>(static_cast<int>(i * 7 % 5) - 2) * 0.5f;
        }
        check_all_k(x);
        std::fill(x.begin(), x.end(), 0.0f);
        check_all_k(x);
    }
}

TEST_CASE("select_top_k: magnitudes of every order, denormals, signed zeros", "[kernels][select][exact]") {
    std::vector<float> x = normal_values(150000, 5);
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = std::ldexp(x[i], static_cast<int>(i % 270) - 145);
    }
    x[7] = -0.0f;
    x[9] = 0.0f;
    check_all_k(x);
    std::sort(x.begin(), x.end());  // all large ones together, where a sample could miss them
    check_all_k(x);
    std::fill(x.begin(), x.begin() + 149000, 1e-3f);
    check_all_k(x);
}

TEST_CASE("select_top_k: exact where a sample misleads", "[kernels][select][exact]") {
    // All large elements lie where an evenly spread sample does not look; then everything is large where it looks.
    std::vector<float> x(1 << 17, 0.5f);
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<float>(i % 128 < 16 ? i % 7 : 100 + i % 1000);
    }
    check_all_k(x);
    for (float& v : x) {
        v = 1 / (1 + v);
    }
    check_all_k(x);
}

TEST_CASE("select_top_k: mostly zeros, or mostly one value, take memory for the selected only",
          "[kernels][select][exact]") {
    constexpr std::size_t n = 1 << 18;
    const auto normal = normal_values(n, 11);
    const frugal::random_stream stream({.seed = 12});
    std::vector<float> sparse(n), constant(n), few_values(n);
    for (std::size_t i = 0; i < n; ++i) {
        sparse[i] = stream.below(10000, i) == 0 ? normal[i] : i % 3 == 0 ? -0.0f : 0.0f;
        constant[i] = stream.below(10000, i) == 0 ? normal[i] : -0.5f;
        few_values[i] = std::copysign(normal[i] > 1 ? 1.0f : 0.5f, normal[i]);
    }
    for (const auto& x : {sparse, constant, few_values}) {
        for (const std::size_t k : {std::size_t{5}, std::size_t{27}, n / 1000, n / 100}) {
            const auto expected = sorted_top_k(x, k);
            test::for_each_architecture([&](auto arch) {
                using Arch = decltype(arch);
                CAPTURE(Arch::name(), k);
                std::vector<std::uint32_t> found;
                select_top_k<Arch>(x, k, found);
                REQUIRE(found == expected);
                REQUIRE(found.capacity() <= 4 * k + 16384);
            });
        }
    }
}

TEST_CASE("select_top_k: increasing magnitudes, where every element is a candidate when it comes",
          "[kernels][select][exact]") {
    std::vector<float> x(1 << 16);
    std::iota(x.begin(), x.end(), 1.0f);
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = i % 64 < 16 ? x[i] + 65536 : x[i];  // and the sample sees only large ones
    }
    check_all_k(x);
}

TEST_CASE("select: the first element that is not finite is named", "[kernels][select][hostile]") {
    std::vector<std::uint32_t> found;
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
        for (const auto at : std::initializer_list<std::size_t>{0, 17, 40, 99}) {
            auto x = normal_values(100, 3);
            x[at] = bad;
            x[99] = bad;
            const auto named = test::contains_text("element " + std::to_string(at) + " ");
            REQUIRE_THROWS_WITH(select_top_k(x, 3, found), named);
            REQUIRE_THROWS_WITH(select_threshold(x, 3.0f, found), named);
        }
    }
    REQUIRE_THROWS_AS(select_threshold(normal_values(3, 1), -1.0f, found), frugal::invalid_input);
    REQUIRE_THROWS_AS(select_threshold(normal_values(3, 1), std::nanf(""), found), frugal::invalid_input);
}

TEST_CASE("select_threshold: all elements at or above it, in order", "[kernels][select][exact]") {
    std::vector<std::uint32_t> found;
    for (const auto n : std::initializer_list<std::size_t>{0, 1, 31, 32, 33, 1000, 10007}) {
        const auto x = normal_values(n, n + 1);
        for (const float t : {0.0f, 0.5f, 1.0f, 3.0f, 100.0f}) {
            std::vector<std::uint32_t> expected;
            for (std::size_t i = 0; i < n; ++i) {
                if (std::fabs(x[i]) >= t) {
                    expected.push_back(static_cast<std::uint32_t>(i));
                }
            }
            test::for_each_architecture([&](auto arch) {
                using Arch = decltype(arch);
                CAPTURE(Arch::name(), n, t);
                REQUIRE(select_threshold<Arch>(x, t, found) == expected.size());
                REQUIRE(found == expected);
            });
        }
    }
}
