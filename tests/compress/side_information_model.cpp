// What others sent says how likely a symbol is: as often as it says so.
#include <frugal/compress/side_information_model.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <vector>

#include <frugal/kernels/norms.hpp>

#include "catch.hpp"
#include "statistics.hpp"

using namespace frugal;
using namespace test;

namespace {

struct sent {
    std::vector<std::uint8_t> symbols;
    std::vector<float> steps;
    random_key key;
    side_information_model::sender view() const { return {symbols, steps, key}; }
};

//! n + 1 senders whose vectors lie near a common one, with noise that differs from place to place.
std::vector<sent> senders(std::size_t n, std::size_t d, std::size_t bucket, int levels, float deviation) {
    const auto common = normal_vector(d, 1);
    std::vector<sent> all;
    for (std::uint32_t i = 0; i <= n; ++i) {
        std::vector<float> x = normal_vector(d, 10 + i);
        for (std::size_t k = 0; k < d; ++k) {
            x[k] = k % 1000 < 200 ? 0.0f : common[k] + (k % 1000 < 600 ? 2 : 1) * deviation * x[k];
        }
        sent s{std::vector<std::uint8_t>(d), {}, {.seed = 4, .node = i}};
        for (std::size_t at = 0; at < d; at += bucket) {
            const auto part = std::span<const float>(x).subspan(at, std::min(bucket, d - at));
            s.steps.push_back(kernels::max_abs(part) / float(levels));
            kernels::quantize(dithered{levels}, part, 1.0f / s.steps.back(), random_stream(s.key), at,
                              s.symbols.data() + at);
        }
        all.push_back(std::move(s));
    }
    return all;
}

}  // namespace

TEST_CASE("side_information_model: its probabilities are frequencies",
          "[compress][side_information_model][statistical]") {
    const std::size_t d = 60000;
    for (const auto& [levels, deviation, bucket] :
         {std::tuple{1, 0.1f, d}, std::tuple{3, 0.3f, d}, std::tuple{7, 0.1f, std::size_t{4096}}}) {
        const std::vector<sent> all = senders(6, d, bucket, levels, deviation);
        std::vector<side_information_model::sender> group;
        for (std::size_t i = 0; i < 6; ++i) {
            group.push_back(all[i].view());
        }
        const side_information_model model(levels, bucket, group);
        std::vector<std::uint32_t> places(d);
        model.places(all[6].steps, all[6].key, places);
        double spent_in_all = 0;
        for (unsigned plane = 0; plane < model.planes(); ++plane) {
            double spent = 0;  // by a code for the stated probabilities
            std::array<double, 41> said{}, seen{};
            for (std::size_t k = 0; k < d; ++k) {
                const unsigned lower = all[6].symbols[k] & ((1u << plane) - 1u);
                const bool bit = (all[6].symbols[k] >> plane & 1u) != 0;
                const double ratio = model.likelihood(places[k], plane, lower) / 16.0;
                const double one = 1 / (1 + std::exp(ratio));
                spent -= std::log2(bit ? one : 1 - one) / double(d);
                const auto bin = static_cast<std::size_t>(one * 40);
                said[bin] += one;
                seen[bin] += bit ? 1 : 0;
            }
            // It learned from members against the rest of the group, who know a little less than all of it.
            const double stated = model.entropy(places, plane);
            CHECK(spent < 1.03 * stated + 0.003);
            CHECK(spent > 0.8 * stated - 0.003);
            for (std::size_t bin = 0; bin < said.size(); ++bin) {
                CHECK(std::fabs(said[bin] - seen[bin]) <
                      6 * std::sqrt(said[bin]) + 0.1 * said[bin] + 0.001 * double(d));
            }
            spent_in_all += spent;
        }
        std::vector<double> count(std::size_t(2 * levels + 1));
        for (const std::uint8_t s : all[6].symbols) {
            count[s] += 1 / double(d);
        }
        double alone = 0;
        for (const double p : count) {
            alone -= p > 0 ? p * std::log2(p) : 0;
        }
        CHECK(spent_in_all < 0.9 * alone);
    }
}

TEST_CASE("side_information_model: silence, and mistakes", "[compress][side_information_model]") {
    const std::vector<std::uint8_t> zeros(100, 3);
    const std::vector<float> steps{0.0f};
    const side_information_model::sender silent{zeros, steps, {.seed = 1}};
    const side_information_model model(3, 100, std::vector{silent, silent});
    std::vector<std::uint32_t> places(100);
    model.places(steps, {.seed = 2}, places);
    CHECK(model.planes() == 3);
    for (unsigned plane = 0; plane < 3; ++plane) {
        CHECK(model.entropy(places, plane) < 0.1);
        for (const std::uint32_t p : places) {
            CHECK((model.likelihood(p, plane, 3u & ((1u << plane) - 1u)) < 0) == ((3u >> plane & 1u) != 0));
        }
    }
    const std::vector<std::uint8_t> other(99, 3);
    CHECK_THROWS_AS(side_information_model(3, 100, std::vector{silent}), invalid_input);
    CHECK_THROWS_AS(side_information_model(32, 100, std::vector{silent, silent}), invalid_input);
    CHECK_THROWS_AS(side_information_model(3, 100, std::vector{silent, {other, steps, {}}}), invalid_input);
}
