#include <frugal/mix/topologies.hpp>

#include <cmath>
#include <vector>

#include "catch.hpp"

namespace topologies_test {

using namespace frugal;

namespace {

constexpr double pi = 3.14159265358979323846;

}  // namespace

TEST_CASE("ring: spectral gap and beta", "[mix][spectrum]") {
    const std::vector<std::pair<std::size_t, double>> table{{4, 0.666667},  {8, 0.195262},  {16, 0.050747},
                                                            {32, 0.012810}, {36, 0.010128}, {64, 0.003210}};
    for (const auto& [n, rho] : table) {
        const auto w = ring(n);
        CHECK(w.spectral_gap() == Approx(rho).margin(1e-6));
        CHECK(w.spectral_gap() == Approx(2.0 / 3 * (1 - std::cos(2 * pi / static_cast<double>(n)))).epsilon(1e-10));
        CHECK(w.beta() == Approx(4.0 / 3).epsilon(1e-12));
        CHECK(w.edges() == n);
        CHECK(w.weight(0, 1) == 1.0 / 3);
    }
    CHECK(ring(1).spectral_gap() == 1);
    CHECK(ring(2).spectral_gap() == Approx(1));
    CHECK(ring(3).spectral_gap() == Approx(1));
}

TEST_CASE("torus: spectral gap and beta", "[mix][spectrum]") {
    CHECK(torus(2, 2).spectral_gap() == Approx(0.666667).margin(1e-6));
    CHECK(torus(2, 2).beta() == Approx(1.333333).margin(1e-6));
    CHECK(torus(2, 2).edges() == 4);
    CHECK(torus(3, 3).spectral_gap() == Approx(0.6));
    CHECK(torus(3, 3).beta() == Approx(1.2));
    CHECK(torus(4, 4).spectral_gap() == Approx(0.4));
    CHECK(torus(4, 4).beta() == Approx(1.6));
    CHECK(torus(6, 6).spectral_gap() == Approx(0.2));
    CHECK(torus(6, 6).beta() == Approx(1.6));
    CHECK(torus(8, 8).spectral_gap() == Approx(0.117157).margin(1e-6));
    CHECK(torus(8, 8).beta() == Approx(1.6));
    CHECK(torus(1, 7).spectral_gap() == Approx(ring(7).spectral_gap()));
    CHECK(torus(1, 1).size() == 1);
}

TEST_CASE("complete, star, chain, exponential: closed forms", "[mix][spectrum]") {
    for (const std::size_t n : {2u, 5u, 16u}) {
        CHECK(complete(n).spectral_gap() == Approx(1));
        CHECK(complete(n).beta() == Approx(1));
        CHECK(complete(n).weight(0, n - 1) == 1.0 / static_cast<double>(n));
    }
    CHECK(star(10).spectral_gap() == Approx(0.1));  // eigenvalue 1 - 1/n of differences between leaves
    CHECK(chain(16).spectral_gap() == Approx(2.0 / 3 * (1 - std::cos(pi / 16))));
    CHECK(exponential(4).spectral_gap() == Approx(1));  // complete
    for (std::size_t k = 2; k <= 8; ++k) {
        const auto w = exponential(std::size_t{1} << k);
        CHECK(w.degree(0) == 2 * k - 1);
        CHECK(w.spectral_gap() == Approx(2.0 / static_cast<double>(k)));
    }
    for (const std::size_t n : {17u, 31u, 63u, 100u, 200u}) {
        const double scaled = exponential(n).spectral_gap() * std::log2(static_cast<double>(n));
        CHECK((scaled > 1.7 && scaled < 3.2));
    }
    CHECK(torus(2, 8).spectral_gap() == Approx(0.5 * (1 - std::cos(2 * pi / 8))));
    CHECK(torus(2, 8).degree(0) == 3);
    CHECK(exponential(16).degree(3) == 7);  // 1, 2, 4, 8 forward, of which 8 is also backward
    CHECK(exponential(64).spectral_gap() > 10 * ring(64).spectral_gap());
}

TEST_CASE("social_network: the graph of Davis and its spectrum", "[mix][spectrum]") {
    const auto w = social_network();
    CHECK(w.size() == 32);
    CHECK(w.edges() == 89);
    const std::vector<std::size_t> attendance{3, 3, 6, 4, 8, 8, 10, 14, 12, 5, 4, 6, 3, 3};
    for (std::size_t event = 0; event < 14; ++event) {
        CHECK(w.degree(18 + event) == attendance[event]);
    }
    CHECK(w.spectral_gap() == Approx(0.082098).margin(1e-6));
    CHECK(w.beta() == Approx(1.434279).margin(1e-6));
}

}  // namespace topologies_test
