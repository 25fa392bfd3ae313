#include <frugal/quantize/spherical_bias.hpp>

#include <cmath>

#include "catch.hpp"

using namespace frugal;

TEST_CASE("spherical_bias: the exact table", "[quantize][spherical_bias][exact]") {
    struct row {
        std::size_t d, m;
        double r, omega;
    };
    for (const row& e :
         {row{2, 32, 0.991272, 0.01769}, row{4, 256, 0.968454, 0.06621}, row{4, 1024, 0.987496, 0.02549},
          row{8, 256, 0.831236, 0.44728}, row{8, 1024, 0.888487, 0.26677}, row{8, 4096, 0.925840, 0.16662},
          row{16, 256, 0.646411, 1.39322}, row{16, 1024, 0.715152, 0.95525}, row{16, 4096, 0.768786, 0.69196},
          row{16, 8192, 0.791247, 0.59726}}) {
        const double r = mean_largest_cosine(e.d, e.m);
        INFO("D = " << e.d << ", M = " << e.m);
        CHECK(std::fabs(r - e.r) < 0.6e-6);
        CHECK(std::fabs(1 / (r * r) - 1 - e.omega) < 0.6e-5);
    }
}

TEST_CASE("spherical_bias: what is elementary", "[quantize][spherical_bias][exact]") {
    CHECK(mean_largest_cosine(1, 1) == 0);
    CHECK(mean_largest_cosine(1, 2) == 0.5);
    for (const std::size_t d : {2u, 3u, 8u, 64u}) {
        CHECK(std::fabs(mean_largest_cosine(d, 1)) < 1e-9);  // one direction has no preference
    }
    // In three dimensions cosines are uniform on [-1, 1]: the largest of M has mean (M - 1) / (M + 1).
    for (const std::size_t m : {2u, 16u, 1024u}) {
        CHECK(mean_largest_cosine(3, m) == Approx((double(m) - 1) / (double(m) + 1)).epsilon(1e-9));
    }
}
