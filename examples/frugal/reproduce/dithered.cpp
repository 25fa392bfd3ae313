//! Dithered and nested quantization against their theory (Abdi 2020).
#include <string>

#include <frugal/compress/scalar.hpp>
#include <frugal/kernels/norms.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/nested.hpp>

#include "../report.hpp"
#include "claims.hpp"

namespace frugal::driver {
namespace {

std::vector<verdict> dithered_error(std::uint64_t seed) {
    std::vector<verdict> result;
    for (const int levels : {1, 3}) {
        constexpr std::size_t n = 1 << 20;
        const auto x = normal_vector(n, {.seed = seed, .purpose = purposes::user});
        scalar_compressor c{dithered{.levels = levels}};
        message m;
        std::vector<float> y(n);
        c.compress(x, {.seed = seed}, m);
        c.decompress(m, {.seed = seed}, y);
        const double norm = kernels::max_abs(x);
        result.push_back(within("dithered, M = " + std::to_string(levels) + ": squared error is N max^2 / (12 M^2)",
                                "Abdi 2020, sec. 2.3.1",
                                static_cast<double>(n) * norm * norm / (12.0 * levels * levels), squared_error(x, y),
                                0.005));
    }
    return result;
}

std::vector<verdict> nested_table(std::uint64_t seed) {
    std::vector<verdict> result;
    struct row {
        double deviation, failures, error;
    };
    for (const row& r : {row{0.1, 0.0001, 0.00926}, row{0.2, 0.0237, 0.0285}, row{0.3, 0.112, 0.109}}) {
        constexpr std::size_t n = 1 << 20;
        const nested_dithered q{.fine = 1.0 / 3, .coarse = 1};
        scalar_compressor c{q, fixed{.kappa = 1.0f / 3}};
        const auto x = normal_vector(n, {.seed = seed, .purpose = purposes::user});
        const auto z = normal_vector(n, {.seed = seed, .purpose = purposes::user + 1});
        std::vector<float> side(n), y(n);
        for (std::size_t i = 0; i < n; ++i) {
            side[i] = x[i] - static_cast<float>(r.deviation) * z[i];
        }
        message m;
        c.compress(x, {.seed = seed}, m);
        c.decompress(m, {.seed = seed}, side, y);
        const std::string name = "nested (1/3, 1), side information off by " + fixed_text(r.deviation, 1);
        const double failures = static_cast<double>(wrap_failures(q, 1, x, y)) / n;
        result.push_back({name + ": wrap rate", "Abdi 2020, lemma 1; simulated", r.failures, failures,
                          std::fabs(failures - r.failures) < 0.001 + 0.03 * r.failures});
        result.push_back(within(name + ": mean squared error", "Abdi 2020, lemma 1; simulated", r.error,
                                squared_error(x, y) / n, 0.03));
    }
    return result;
}

}  // namespace

reproductions_of_file dithered_claims() {
    return {{"dithered-error", "the exact squared error of subtractive dither", dithered_error},
            {"nested-table", "wrap rate and error of nested quantization", nested_table}};
}

}  // namespace frugal::driver
