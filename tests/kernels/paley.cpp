#include <cstddef>
#include <vector>

#include <frugal/kernels/paley.hpp>
#include "catch.hpp"

namespace kernels = frugal::kernels;

static_assert(kernels::paley_field(12) == 11 && kernels::paley_field(28) == 13 && kernels::paley_field(52) == 25 &&
              kernels::paley_field(100) == 49);
static_assert(kernels::paley_field(92) == 0 && kernels::paley_field(6) == 0);

TEST_CASE("paley: entries 1 and -1, rows orthogonal, for every order there is one for", "[kernels][paley][exact]") {
    std::size_t found = 0;
    for (std::size_t n = 4; n <= 104; n += 4) {
        if (kernels::paley_field(n) == 0) {
            continue;
        }
        ++found;
        CAPTURE(n);
        std::vector<float> h(n * n);
        kernels::fill_paley(n, h);
        for (const float v : h) {
            REQUIRE((v == 1 || v == -1));
        }
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                float product = 0;
                for (std::size_t c = 0; c < n; ++c) {
                    product += h[i * n + c] * h[j * n + c];
                }
                REQUIRE(product == (i == j ? static_cast<float>(n) : 0.0f));
            }
        }
    }
    CHECK(found == 19);
}

TEST_CASE("combine_rows: a matrix and its transpose undo each other", "[kernels][paley][exact]") {
    const std::size_t n = 12;
    std::vector<float> h(n * n);
    kernels::fill_paley(n, h);
    for (const std::size_t width : {1u, 3u, 8u, 33u}) {
        std::vector<float> x(n * width), y(n * width), back(n * width);
        for (std::size_t i = 0; i < x.size(); ++i) {
            x[i] = static_cast<float>(i % 17) - 8;
        }
        kernels::combine_rows(h, n, false, x, width, y);
        float first = 0;
        for (std::size_t j = 0; j < n; ++j) {
            first += h[n + j] * x[j * width];
        }
        CHECK(y[width] == first);
        kernels::combine_rows(h, n, true, y, width, back);
        for (std::size_t i = 0; i < x.size(); ++i) {
            REQUIRE(back[i] == x[i] * static_cast<float>(n));
        }
    }
}
