#include <frugal/compress/contractive.hpp>

#include <vector>

#include <frugal/compress/any_compressor.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "catch.hpp"
#include "sample.hpp"
#include "statistics.hpp"

using namespace frugal;

namespace {

using dqsg = scalar_compressor<dithered>;
static_assert(sample::Contraction<contractive<dqsg>> && !sample::UnbiasedWithVariance<contractive<dqsg>>);

// Scales that an element may exceed clip, and clipping is biased.
static_assert(!scalar_compressor<dithered, mean_abs>::unbiased && !scalar_compressor<dithered, fixed>::unbiased);

}  // namespace

TEST_CASE("contractive: of a compressor chosen at run time", "[compress][contractive]") {
    contractive chosen{any_compressor{scalar_compressor{stochastic{.levels = 2}, l2_norm{}}}};
    CHECK(chosen.contraction(2) == Approx(2.0 / 3));
    CHECK_THROWS_WITH(contractive{any_compressor{scalar_compressor{sign{}}}}, test::contains_text("not an unbiased"));
}

TEST_CASE("contractive: an unbiased compressor shrunk by 1 + omega", "[compress][contractive]") {
    for (const auto& [levels, tau] :
         {std::pair{2, 97.0}, std::pair{8, 25.0}, std::pair{128, 2.5}, std::pair{32768, 1.0000343}}) {
        contractive c{scalar_compressor{stochastic{.levels = levels}, l2_norm{}}};
        CHECK(1 / c.contraction(36864) == Approx(tau).epsilon(1e-7));
    }
    contractive c{scalar_compressor{stochastic{.levels = 2}, l2_norm{}}};
    CHECK(c.contraction(2) == Approx(2.0 / 3));
    const auto x = sample::normal_vector(100, 32);
    test::moments error;
    for (std::uint64_t r = 0; r < 500; ++r) {
        error.add(sample::squared_distance(x, sample::round_trip(c, x, {.seed = 1, .round = r})));
    }
    const double omega = c.inner().variance(100);
    const double exact = c.inner().expected_error(x) / ((1 + omega) * (1 + omega)) +
                         sample::squared_norm(x) * omega * omega / ((1 + omega) * (1 + omega));
    CHECK(error.z_of(exact) < test::z_limit);
    CHECK(exact <= (1 - c.contraction(100)) * sample::squared_norm(x));
    message m;
    c.compress(x, {}, m);
    std::vector<float> y(100), acc(100, 0.0f);
    c.decompress(m, {}, y);
    c.decompress_add(m, {}, 1.0f, acc);
    CHECK(y == acc);
}
