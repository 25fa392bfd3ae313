#include "catch.hpp"

#include <cmath>
#include <cstdint>

#include <frugal/data/gamma.hpp>

using namespace frugal;

TEST_CASE("log_gamma_stream: mean and variance of gamma variates", "[data][gamma][statistical]") {
    for (const double shape : {0.1, 0.5, 1.0, 2.5, 30.0}) {
        const log_gamma_stream gamma(shape, {.seed = 21, .node = 0, .round = 0, .purpose = purposes::user});
        constexpr int n = 40000;
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < n; ++i) {
            const double x = std::exp(gamma(static_cast<std::uint64_t>(i)));
            sum += x;
            squares += (x - shape) * (x - shape);
        }
        CHECK(std::fabs(sum / n - shape) < 4.5 * std::sqrt(shape / n));
        // E (x - a)^4 = 3 a^2 + 6 a
        CHECK(std::fabs(squares / n - shape) < 4.5 * std::sqrt((2 * shape * shape + 6 * shape) / n));
    }
}

TEST_CASE("log_gamma_stream: tiny shapes stay finite in log space", "[data][gamma]") {
    const log_gamma_stream gamma(1e-4, {.seed = 21, .node = 0, .round = 0, .purpose = purposes::user});
    double sum = 0;
    for (std::uint64_t i = 0; i < 10000; ++i) {
        REQUIRE(std::isfinite(gamma(i)));
        sum += gamma(i);
    }
    // E log Gamma(a) = digamma(a) = -1/a - 0.5772 + O(a), deviation about 1/a
    CHECK(std::fabs(sum / 10000 + 1e4) < 4.5 * 1e4 / 100);
    CHECK_THROWS_AS(log_gamma_stream(0.0, {}), invalid_input);
    CHECK_THROWS_AS(log_gamma_stream(NAN, {}), invalid_input);
}
