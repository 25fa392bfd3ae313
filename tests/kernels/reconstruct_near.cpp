#include <frugal/kernels/reconstruct_near.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <frugal/quantize/nested.hpp>

#include "architectures.hpp"
#include "catch.hpp"
#include "values.hpp"

using namespace frugal;

namespace {

const nested_dithered third{.fine = 1.0 / 3, .coarse = 1};
const random_stream dither({.seed = 11});

template <class Symbol>
std::vector<Symbol> some_symbols(std::size_t n) {
    std::vector<Symbol> s(n);
    for (std::size_t i = 0; i < n; ++i) {
        s[i] = static_cast<Symbol>(i * 7 % third.symbols().size());
    }
    return s;
}

template <class Symbol>
void check_definition() {
    for (const std::size_t n : test::sizes) {
        const auto side = test::values(n, 1);
        const auto symbols = some_symbols<Symbol>(n);
        const float step = 0.3f;
        std::vector<float> expected(n);
        for (std::size_t i = 0; i < n; ++i) {
            const auto index = static_cast<float>(static_cast<int>(symbols[i]) + third.symbols().lowest);
            const float u = centered_from_word(dither.word(5 + i));
            expected[i] = rounded(step * third.value(index, u, rounded(side[i] * (1.0f / step))));
        }
        test::for_each_architecture([&]<class Arch>(Arch) {
            std::vector<float> y(n);
            kernels::reconstruct_near<Arch>(third, symbols.data(), step, dither, 5, side, y);
            CHECK(y == expected);
            y = side;
            kernels::reconstruct_near<Arch>(third, symbols.data(), step, dither, 5, y, y);
            CHECK(y == expected);
        });
    }
}

}  // namespace

TEST_CASE("reconstruct_near: every architecture gives the bits of the definition, in place too",
          "[kernels][reconstruct_near][equivalence]") {
    check_definition<std::uint8_t>();
    check_definition<std::uint32_t>();
}

TEST_CASE("reconstruct_near: side information that floats do not resolve stays, a step of 0 gives 0",
          "[kernels][reconstruct_near][hostile]") {
    const std::vector<float> side{1e30f, -1e30f, 3e38f, 0x1p24f, -0x1p24f};
    for (const std::size_t n : {5u, 100u}) {
        std::vector<float> far(n);
        for (std::size_t i = 0; i < n; ++i) {
            far[i] = side[i % side.size()];
        }
        const auto symbols = some_symbols<std::uint8_t>(n);
        test::for_each_architecture([&]<class Arch>(Arch) {
            std::vector<float> y(n);
            kernels::reconstruct_near<Arch>(third, symbols.data(), 1.0f, dither, 0, far, y);
            CHECK(y == far);
            kernels::reconstruct_near<Arch>(third, symbols.data(), 1e-10f, dither, 0, far,
                                            y);  // the quotient overflows
            CHECK(y == far);
            kernels::reconstruct_near<Arch>(third, symbols.data(), 0.0f, dither, 0, far, y);
            CHECK(y == std::vector<float>(n, 0.0f));
        });
    }
}
