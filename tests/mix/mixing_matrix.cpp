// Spectra of Lin 2022, table 4.2 and appendix 14 (recomputed to six digits), closed forms, and refusals.
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <frugal/mix/topologies.hpp>

#include "catch.hpp"

using namespace frugal;

static_assert(MixingMatrix<mixing_matrix>);
static_assert(!MixingMatrix<int> && !MixingMatrix<std::vector<neighbor>> && !MixingMatrix<std::string>);

namespace {

constexpr double pi = 3.14159265358979323846;

std::string refusal(std::size_t n, std::vector<double> weights) {
    try {
        mixing_matrix::from_weights("mine", n, weights);
    } catch (const invalid_input& e) {
        return e.what();
    }
    return "accepted";
}

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

TEST_CASE("spectrum: Lanczos agrees with Jacobi and with closed forms", "[mix][spectrum]") {
    for (const auto& w :
         {ring(64), torus(8, 8), chain(40), star(20), complete(30), exponential(50), social_network()}) {
        const auto exact = extremes(w);
        const auto lanczos = lanczos_extremes(w);
        CHECK(lanczos.second == Approx(exact.second).margin(1e-11));
        CHECK(lanczos.last == Approx(exact.last).margin(1e-11));
    }
    CHECK(torus(20, 30).spectral_gap() == Approx(0.4 * (1 - std::cos(2 * pi / 30))).epsilon(1e-9));
    CHECK(ring(500).spectral_gap() == Approx(2.0 / 3 * (1 - std::cos(2 * pi / 500))).epsilon(1e-7));
}

TEST_CASE("from_edges: duplicates count once, rows are sorted and include the node", "[mix]") {
    const auto w = from_edges(4, {{2, 0}, {0, 2}, {0, 1}, {3, 0}});
    CHECK(w.edges() == 3);
    CHECK(w.name() == "from_edges(4)");
    const auto row = w.neighbors(0);
    REQUIRE(row.size() == 4);
    CHECK(row[0].node == 0);
    CHECK(row[3].node == 3);
    CHECK(row[0].weight == Approx(0.25));
    CHECK(w.weight(1, 1) == Approx(0.75));
    CHECK(w.weight(1, 2) == 0);
}

TEST_CASE("mixing_matrix: impossible graphs are refused", "[mix][hostile]") {
    CHECK_THROWS_AS(from_edges(0, {}), invalid_input);
    CHECK_THROWS_AS(from_edges(2, {}), invalid_input);
    CHECK_THROWS_AS(from_edges(2, {{0, 2}}), invalid_input);
    CHECK_THROWS_AS(from_edges(2, {{0, 1}, {1, 1}}), invalid_input);
    CHECK_THROWS_AS(from_edges(4, {{0, 1}, {2, 3}}), invalid_input);
    CHECK_THROWS_AS(ring(0), invalid_input);
    CHECK_THROWS_AS(torus(0, 4), invalid_input);
    CHECK_THROWS_AS(torus(std::size_t{1} << 40, std::size_t{1} << 40), invalid_input);
    CHECK_THROWS_AS(complete(0), invalid_input);
}

TEST_CASE("validate: says what is wrong and where", "[mix][hostile]") {
    CHECK(refusal(2, {0.5, 0.5, 0.5, 0.5}) == "accepted");
    CHECK(refusal(2, {0.5, 0.4, 0.4, 0.6}).find("row 0") != std::string::npos);
    CHECK(refusal(3, {0.5, 0.5, 0, 0, 0.5, 0.5, 0.5, 0, 0.5}).find("symmetric") != std::string::npos);
    CHECK(refusal(2, {1.5, -0.5, -0.5, 1.5}).find("negative") != std::string::npos);
    CHECK(refusal(2, {NAN, 0.5, 0.5, 0.5}).find("finite") != std::string::npos);
    CHECK(refusal(2, {1, 0, 0, 1}).find("connected") != std::string::npos);
    CHECK(refusal(2, {1, 0, 0}).find("weights") != std::string::npos);
}

TEST_CASE("mixing: the root mean square distance of the consensus benchmark", "[mix][spectrum]") {
    // x_i uniform on [0, 10], 32 nodes on a ring: expected squared distance is 100/12 (tr(W^2k) - 1) / n
    const auto w = ring(32);
    const std::vector<std::pair<int, double>> expected{{0, 2.8415},   {1, 1.58662},  {2, 1.30166}, {5, 1.00154},
                                                       {10, 0.80094}, {20, 0.61673}, {50, 0.38253}};
    for (const auto& [steps, distance] : expected) {
        // trace of W^(2k) by powers of the sparse matrix itself
        double trace = 0;
        for (std::size_t start = 0; start < 32; ++start) {
            std::vector<double> x(32, 0.0), y(32);
            x[start] = 1;
            for (int k = 0; k < steps; ++k) {
                for (std::size_t i = 0; i < 32; ++i) {
                    y[i] = 0;
                    for (const auto& e : w.neighbors(i)) {
                        y[i] += e.weight * x[e.node];
                    }
                }
                x = y;
            }
            trace += std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
        }
        CHECK(std::sqrt(100.0 / 12 * (trace - 1) / 32) == Approx(distance).margin(3e-4));
    }
}
