// Steps of belief propagation against their formulas.
#include <frugal/kernels/belief.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("belief: three lines are close to 16 log(1 + e^(-x / 16))", "[kernels][belief]") {
    for (int x = 0; x <= 10000; ++x) {
        CHECK(std::abs(kernels::softening(static_cast<std::int16_t>(x)) - 16 * std::log1p(std::exp(-x / 16.0))) < 1.22);
    }
}

TEST_CASE("belief: the sum of two bits is believed in as the product of hyperbolic tangents says",
          "[kernels][belief]") {
    std::vector<std::int16_t> a, b;
    for (int x = 0; x <= 1000; x += 9) {
        for (int y = 0; y <= 1000; y += 9) {
            a.push_back(static_cast<std::int16_t>(x));
            b.push_back(static_cast<std::int16_t>(y));
        }
    }
    std::vector<std::int16_t> out(a.size());
    kernels::combine_beliefs(a.data(), b.data(), a.size(), out.data());
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double low = std::min(a[i], b[i]) / 16.0, sum = (a[i] + b[i]) / 16.0, gap = std::abs(a[i] - b[i]) / 16.0;
        const double exact = 16 * (low + std::log1p(std::exp(-sum)) - std::log1p(std::exp(-gap)));
        CHECK(std::abs(out[i] - exact) < 3);
        CHECK(out[i] <= std::min(a[i], b[i]));
    }
}

TEST_CASE("belief: rotations", "[kernels][belief][exact]") {
    const std::int16_t x[] = {1, 2, 3, 4, 5};
    std::int16_t y[5], z[5];
    for (std::size_t shift = 0; shift <= 5; ++shift) {
        kernels::rotate(x, shift, 5, y);
        for (std::size_t i = 0; i < 5; ++i) {
            CHECK(y[(i + shift) % 5] == x[i]);
        }
        kernels::rotate(y, 5 - shift, 5, z);
        CHECK(std::equal(x, x + 5, z));
    }
    const std::uint8_t bits[] = {1, 0, 0, 1, 1};
    std::uint8_t sum[] = {1, 1, 0, 0, 0};
    kernels::flip_rotated(bits, 2, 5, sum);
    CHECK(std::equal(sum, sum + 5, std::vector<std::uint8_t>{0, 0, 1, 0, 0}.begin()));
}

TEST_CASE("belief: a message is taken out and another put in its place", "[kernels][belief][exact]") {
    const std::int16_t old[] = {10, -5, 0, 100};
    std::int16_t q[] = {30, -20, -7, 7990}, magnitude[4], sign[] = {0, 0, -1, 0}, parity[] = {0, 0, 0, -1};
    kernels::take_out(old, 4, q, magnitude, sign, parity);
    CHECK(std::equal(q, q + 4, std::vector<std::int16_t>{20, -15, -7, 7890}.begin()));
    CHECK(std::equal(magnitude, magnitude + 4, std::vector<std::int16_t>{20, 15, 7, 1000}.begin()));
    CHECK(std::equal(sign, sign + 4, std::vector<std::int16_t>{0, -1, 0, 0}.begin()));
    CHECK(std::equal(parity, parity + 4, std::vector<std::int16_t>{0, -1, -1, -1}.begin()));
    const std::int16_t found[] = {4, 4, 4, 900};
    std::int16_t sent[4];
    kernels::put_back(found, sign, 4, q, sent);  // the sign of the others: all signs but its own
    CHECK(std::equal(sent, sent + 4, std::vector<std::int16_t>{4, 4, -4, 900}.begin()));
    CHECK(std::equal(q, q + 4, std::vector<std::int16_t>{24, -11, -11, 8000}.begin()));
}
