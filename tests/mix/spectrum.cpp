#include <frugal/mix/spectrum.hpp>

#include <cmath>
#include <vector>

#include <frugal/mix/topologies.hpp>

#include "catch.hpp"

using namespace frugal;

namespace {

constexpr double pi = 3.14159265358979323846;

}  // namespace

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
