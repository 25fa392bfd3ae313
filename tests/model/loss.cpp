#include <cmath>

#include <frugal/model/loss.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(Loss<cross_entropy> && Loss<squared_error> && Loss<logistic>);
static_assert(!Loss<int>);

TEST_CASE("softmax_cross_entropy: by hand, and stable for scores of any size", "[model][loss]") {
    const float scores[] = {0, 0, 0, 0};
    float d[4];
    CHECK(softmax_cross_entropy(scores, 4, 2, 1.0, d) == Approx(std::log(4.0)).epsilon(1e-15));
    CHECK(d[0] == 0.25f);
    CHECK(d[2] == -0.75f);
    const float large[] = {1000, 999, -1000};
    CHECK(softmax_cross_entropy(large, 3, 0, 0.5, d) == Approx(std::log1p(std::exp(-1.0))).epsilon(1e-14));
    CHECK(d[1] == Approx(0.5 / (1 + std::exp(1.0))));
    CHECK(d[2] == 0.0f);
    CHECK(softmax_cross_entropy(large, 3, 2) == Approx(2000 + std::log1p(std::exp(-1.0))).epsilon(1e-14));
    const float broken[] = {0, NAN, 1};
    CHECK(std::isnan(softmax_cross_entropy(broken, 3, 0, 1.0, d)));
    const float infinite[] = {0, INFINITY, 1};
    CHECK_FALSE(std::isfinite(softmax_cross_entropy(infinite, 3, 0, 1.0, d)));
}

TEST_CASE("squared_error: by hand", "[model][loss]") {
    const float output[] = {3};
    float derivative[] = {NAN};
    CHECK(squared_error{}(std::span<const float>(output), 1.0f, 0.5, std::span<float>(derivative)) == 2.0);
    CHECK(derivative[0] == 1.0f);
    CHECK(squared_error{}(std::span<const float>(output), 4.0f, 1.0, std::span<float>()) == 0.5);
}

TEST_CASE("cross_entropy: is softmax_cross_entropy", "[model][loss]") {
    const double scores[] = {1, -2, 0.5};
    double derivative[3];
    double expected[3];
    CHECK(cross_entropy{}(std::span<const double>(scores), 1, 2.0, std::span<double>(derivative)) ==
          softmax_cross_entropy(scores, 3, 1, 2.0, expected));
    for (int c = 0; c < 3; ++c) {
        CHECK(derivative[c] == expected[c]);
    }
}

TEST_CASE("logistic: is the cross entropy of two classes, and stable", "[model][loss]") {
    for (const double s : {-900.0, -3.0, -0.25, 0.0, 0.25, 3.0, 900.0}) {
        const double scores[] = {0, s}, output[] = {s};
        for (const unsigned label : {0u, 1u}) {
            double expected[2], derivative[1];
            const double loss = softmax_cross_entropy(scores, 2, label, 0.5, expected);
            CHECK(logistic{}(std::span<const double>(output), static_cast<float>(label), 0.5,
                             std::span<double>(derivative)) == Approx(loss).epsilon(1e-14));
            CHECK(derivative[0] == Approx(expected[1]).epsilon(1e-14).margin(1e-300));
        }
    }
    const float broken[] = {NAN};
    CHECK(std::isnan(logistic{}(std::span<const float>(broken), 1.0f, 1.0, std::span<float>())));
}
