#include <frugal/kernels/bit_lanes.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>

#include <frugal/core/random.hpp>

#include "architectures.hpp"
#include "catch.hpp"

using namespace frugal;

namespace {

constexpr random_stream words({.seed = 3, .purpose = purposes::user});

}  // namespace

TEST_CASE("bit_lanes: as many counts as allowed add up to the count of every lane",
          "[kernels][bit_lanes][equivalence]") {
    test::for_each_architecture([](auto arch) {
        using lanes = kernels::bit_lanes<decltype(arch)>;
        INFO(decltype(arch)::name() << ": " << lanes::name);
        std::array<std::uint32_t, lanes::lanes> x;
        std::array<std::uint32_t, lanes::lanes> y;
        std::array<std::uint32_t, lanes::lanes> expected{};
        std::array<std::uint32_t, lanes::lanes> masked_expected{};
        auto sum = lanes::zero();
        auto masked_sum = lanes::zero();
        const std::size_t steps = std::min<std::size_t>(lanes::steps, 1000);
        for (std::size_t s = 0; s < steps; ++s) {
            for (std::size_t l = 0; l < x.size(); ++l) {
                // A lane of ones throughout fills its partial counts to the brim.
                x[l] = l == 0 ? ~0u : words.word(2 * (s * x.size() + l));
                y[l] = l == 0 ? 0u : words.word(2 * (s * x.size() + l) + 1);
                expected[l] += static_cast<std::uint32_t>(std::popcount(x[l] ^ y[l]));
                masked_expected[l] += static_cast<std::uint32_t>(std::popcount((x[l] ^ y[l]) & ~y[l]));
            }
            const auto a = lanes::load(x.data());
            const auto b = lanes::load(y.data());
            std::array<std::uint32_t, lanes::lanes> inverse;
            std::transform(y.begin(), y.end(), inverse.begin(), [](std::uint32_t w) { return ~w; });
            sum = lanes::add(sum, lanes::count(lanes::exclusive_or(a, b)));
            masked_sum =
                lanes::add(masked_sum, lanes::count(lanes::masked_exclusive_or(a, b, lanes::load(inverse.data()))));
        }
        std::array<std::uint32_t, lanes::lanes> counts;
        lanes::store(lanes::widen(sum), counts.data());
        CHECK(counts == expected);
        lanes::store(lanes::widen(masked_sum), counts.data());
        CHECK(masked_expected == counts);
    });
}

TEST_CASE("bit_lanes: broadcast fills all lanes", "[kernels][bit_lanes][exact]") {
    test::for_each_architecture([](auto arch) {
        using lanes = kernels::bit_lanes<decltype(arch)>;
        std::array<std::uint32_t, lanes::lanes> out;
        lanes::store(lanes::broadcast(0x80000001u), out.data());
        CHECK(std::all_of(out.begin(), out.end(), [](std::uint32_t w) { return w == 0x80000001u; }));
        CHECK(std::string(kernels::popcount_path<decltype(arch)>()) == lanes::name);
    });
}
