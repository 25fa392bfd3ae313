#include <frugal/kernels/bit_dot.hpp>

#include <cstdint>
#include <vector>

#include "architectures.hpp"
#include "bit_samples.hpp"
#include "catch.hpp"
#include "values.hpp"

using namespace frugal;

TEST_CASE("bit_dot: counts and inner products are the textbook ones at every length",
          "[kernels][bit_dot][equivalence]") {
    // Beyond 4 * 31 vectors of 64 bytes partial counts are widened more than once.
    std::vector<std::size_t> sizes(std::begin(test::sizes), std::end(test::sizes));
    sizes.insert(sizes.end(), {8191, 8192, 70000, 200001});
    for (const std::size_t n : sizes) {
        const bit_matrix x = test::random_bits(2, n, n);
        std::uint64_t ones = 0;
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < n; ++i) {
            ones += x(0, i);
            sum += test::value_of(x, 0, i) * test::value_of(x, 1, i);
        }
        test::for_each_architecture([&](auto arch) {
            using architecture = decltype(arch);
            INFO(kernels::popcount_path<architecture>() << ", " << n << " bits");
            CHECK(kernels::popcount<architecture>(x.row(0)) == ones);
            CHECK(kernels::xnor_dot<architecture>(x.row(0), x.row(1)) == sum);
            CHECK(kernels::xor_popcount<architecture>(x.row(0), x.row(1)) ==
                  (n - static_cast<std::uint64_t>(sum + static_cast<std::int64_t>(n)) / 2));
        });
    }
}

TEST_CASE("bit_dot: a vector against itself and its inverse", "[kernels][bit_dot][exact]") {
    bit_matrix x(2, 1 << 20);
    for (std::uint64_t& word : x.view().row(1).words()) {
        word = ~std::uint64_t{0};
    }
    test::for_each_architecture([&](auto arch) {
        using architecture = decltype(arch);
        CHECK(kernels::xnor_dot<architecture>(x.row(0), x.row(0)) == 1 << 20);
        CHECK(kernels::xnor_dot<architecture>(x.row(0), x.row(1)) == -(1 << 20));
    });
}

TEST_CASE("bit_dot: a Boolean matrix times a vector (section 3.3.1 of Leconte 2024)", "[kernels][bit_dot][exact]") {
    // x = (+, -, +), columns (+, +, -) and (-, +, -): sums -1 and -3 before the bias.
    bit_matrix w(2, 3);
    w.set(0, 0, true);
    w.set(0, 1, true);
    w.set(1, 1, true);
    bit_vector x(3);
    x.set(0, true);
    x.set(2, true);
    std::vector<std::int32_t> y(2);
    kernels::xnor_product(w, x, y);
    CHECK(y == std::vector<std::int32_t>{-1, -3});
    const bit_matrix a = test::random_bits(37, 333, 1);
    const bit_matrix b = test::random_bits(1, 333, 2);
    y.resize(37);
    test::for_each_architecture([&](auto arch) {
        kernels::xnor_product<decltype(arch)>(a, b.row(0), y);
        CHECK(y == test::product(b, a));
    });
}
