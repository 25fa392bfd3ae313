#include <frugal/kernels/batch.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "architectures.hpp"
#include "catch.hpp"
#include "values.hpp"

using namespace frugal;

static_assert(!SimdArch<scalar_arch>);

TEST_CASE("batch: the scalar architecture has a name of its own", "[kernels][batch]") {
    CHECK(std::string_view(scalar_arch::name()) == "scalar");
}

#if defined(FRUGAL_HAS_SIMD)

namespace {

//! Calls f(Arch{}) for every architecture with vectors.
template <class F>
void for_each_simd(F f) {
    test::for_each_architecture([&]<class Arch>(Arch a) {
        if constexpr (SimdArch<Arch>) {
            static_assert(16 % kernels::lanes_of<Arch> == 0);
            f(a);
        }
    });
}

template <class T, class Arch>
std::vector<T> lanes(const xsimd::batch<T, Arch>& x) {
    std::vector<T> out(xsimd::batch<T, Arch>::size);
    x.store_unaligned(out.data());
    return out;
}

}  // namespace

TEST_CASE("batch: words are counted, multiplied and mixed as integers are", "[kernels][batch][exact]") {
    for_each_simd([]<class Arch>(Arch) {
        using operations = kernels::lane_operations<Arch>;
        constexpr std::size_t n = kernels::lanes_of<Arch>;
        for (const std::uint32_t first : {0u, 5u, 0x7FFFFFFEu, 0xFFFFFFFFu, 0xD2511F50u}) {
            const auto words = operations::count_from(first);
            const auto other = operations::count_from(~first);
            const auto counted = lanes(operations::joined(words));
            for (const std::uint32_t m : {0u, 1u, 0xD2511F53u, 0xCD9E8D57u, 0xFFFFFFFFu}) {
                typename operations::words high, low;
                operations::multiply(words, m, high, low);
                const auto h = lanes(operations::joined(high)), l = lanes(operations::joined(low));
                const auto one = lanes(operations::joined(operations::exclusive_or(words, m)));
                const auto two = lanes(operations::joined(operations::exclusive_or(words, other, m)));
                for (std::uint32_t i = 0; i < n; ++i) {
                    const std::uint32_t word = first + i;
                    const std::uint64_t product = std::uint64_t{word} * m;
                    CHECK(counted[i] == word);
                    CHECK(h[i] == product >> 32);
                    CHECK(l[i] == (product & 0xFFFFFFFFu));
                    CHECK(one[i] == (word ^ m));
                    CHECK(two[i] == (word ^ (~first + i) ^ m));
                }
            }
        }
    });
}

TEST_CASE("batch: of two the smaller, of what is no number the second", "[kernels][batch][exact]") {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for_each_simd([nan]<class Arch>(Arch) {
        using batch = kernels::float_batch<Arch>;
        const auto smaller = [](float a, float b) {
            return lanes(kernels::lane_operations<Arch>::smaller(batch(a), batch(b))).back();
        };
        CHECK(smaller(1, 2) == 1);
        CHECK(smaller(2, 1) == 1);
        CHECK(smaller(-INFINITY, 1) == -INFINITY);
        CHECK(smaller(nan, 3) == 3);
        CHECK(std::isnan(smaller(3, nan)));
    });
}

TEST_CASE("batch: integers saturate to bytes around the lowest", "[kernels][batch][exact]") {
    for_each_simd([]<class Arch>(Arch) {
        using batch = kernels::int_batch<Arch>;
        constexpr std::size_t n = kernels::lanes_of<Arch>;
        for (const int lowest : {0, -3, 7, -128, -32768, 32767}) {
            std::int32_t in[4][16];
            for (int w = 0; w < 4; ++w) {
                for (int i = 0; i < 16; ++i) {
                    const int k = 16 * w + i;
                    in[w][i] = k % 4 == 0   ? std::min(lowest + 37 * k, 32767)
                               : k % 4 == 1 ? std::numeric_limits<std::int32_t>::min() + k
                               : k % 4 == 2 ? 32767 - k
                                            : std::min(lowest + k, 32767);
                }
            }
            const batch v[4] = {batch::load_unaligned(in[0]), batch::load_unaligned(in[1]),
                                batch::load_unaligned(in[2]), batch::load_unaligned(in[3])};
            std::vector<std::uint8_t> out(64, 0xAA);
            kernels::lane_operations<Arch>::store_saturated(v, lowest, out.data());
            for (std::size_t w = 0; w < 4; ++w) {
                for (std::size_t i = 0; i < n; ++i) {
                    const std::int64_t symbol = std::int64_t{in[w][i]} - lowest;
                    CAPTURE(lowest, w, i, in[w][i]);
                    CHECK(out[16 * w + i] == std::clamp<std::int64_t>(symbol, 0, 255));
                }
            }
        }
    });
}

TEST_CASE("batch: bytes, halves of floats and bits are loaded as they are", "[kernels][batch][exact]") {
    for_each_simd([]<class Arch>(Arch) {
        using operations = kernels::lane_operations<Arch>;
        constexpr std::size_t n = kernels::lanes_of<Arch>;
        std::vector<std::uint8_t> bytes(n);
        for (std::size_t i = 0; i < n; ++i) {
            bytes[i] = static_cast<std::uint8_t>(255 - 16 * i);
        }
        const auto widened = lanes(operations::load_bytes(bytes.data()));
        CHECK(std::vector<std::uint8_t>(widened.begin(), widened.end()) == bytes);
        CHECK(*std::min_element(widened.begin(), widened.end()) >= 0);
        const auto x = test::values(n, 3);
        const auto doubles = lanes(operations::load_doubles(x.data()));
        REQUIRE(doubles.size() == n / 2);
        const auto words =
            lanes(kernels::same_bits<std::uint32_t>(kernels::float_batch<Arch>::load_unaligned(x.data())));
        for (std::size_t i = 0; i < n; ++i) {
            CHECK(words[i] == std::bit_cast<std::uint32_t>(x[i]));
            CHECK((i >= n / 2 || doubles[i] == double(x[i])));
        }
    });
}

TEST_CASE("batch: the lanes that are at least a bound, in order", "[kernels][batch][exact]") {
    for_each_simd([]<class Arch>(Arch) {
        using operations = kernels::lane_operations<Arch>;
        constexpr std::size_t n = kernels::lanes_of<Arch>;
        std::int32_t in[n];
        for (std::size_t i = 0; i < n; ++i) {
            in[i] = static_cast<std::int32_t>(i * 7 % 5);
        }
        const auto magnitudes = kernels::int_batch<Arch>::load_unaligned(in);
        for (const std::int32_t bound : {0, 1, 2, 3, 4, 5}) {
            std::vector<std::uint32_t> indices(n), values(n), expected_indices, expected_values;
            std::uint32_t mask = 0;
            for (std::uint32_t i = 0; i < n; ++i) {
                if (in[i] >= bound) {
                    expected_indices.push_back(100 + i);
                    expected_values.push_back(static_cast<std::uint32_t>(in[i]));
                    mask |= 1u << i;
                }
            }
            const auto check = [&](std::size_t count) {
                REQUIRE(count == expected_indices.size());
                CHECK(std::equal(expected_indices.begin(), expected_indices.end(), indices.begin()));
                CHECK(std::equal(expected_values.begin(), expected_values.end(), values.begin()));
            };
            check(operations::append_at_least(magnitudes, bound, 100, indices.data(), values.data()));
            indices.assign(n, 0);
            values.assign(n, 0);
            check(operations::append_lanes(mask, magnitudes, 100, indices.data(), values.data()));
        }
    });
}

#endif
