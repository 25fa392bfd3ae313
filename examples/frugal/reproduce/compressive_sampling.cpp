//! Quantized compressive sampling and weighted feedback against their published figures (Abdi 2020, ch. 4).
#include <algorithm>
#include <cmath>
#include <string>

#include <frugal/compress/compressive_sampling.hpp>
#include <frugal/compress/contractive.hpp>
#include <frugal/compress/error_feedback.hpp>
#include <frugal/compress/identity.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/kernels/elementwise.hpp>
#include <frugal/kernels/linear.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "../report.hpp"
#include "claims.hpp"

namespace frugal::driver {
namespace {

constexpr const char* source = "Abdi 2020, ch. 4; simulated";

std::vector<verdict> error_table(std::uint64_t seed) {
    struct row {
        std::size_t size, kept;
        int levels;
        double error, shrunk;
    };
    std::vector<verdict> result;
    for (const row& r : {row{64, 64, 1, 0.559, 0.397}, row{64, 32, 3, 1.106, 0.527}, row{256, 256, 1, 0.700, 0.461},
                         row{256, 256, 2, 0.1755, 0.163}, row{256, 128, 1, 2.229, 0.713}, row{256, 64, 1, 5.034, 0.845},
                         row{256, 32, 2, 7.837, 0.888}, row{256, 256, 0, 2.813, 0.784}}) {
        compressive_sampling plain{.size = r.size, .kept = r.kept, .levels = r.levels};
        const std::vector<float> zeros(r.size, 0.0f);
        double error = 0;
        double shrunk_error = 0;
        constexpr int rounds = 3000;
        message m;
        std::vector<float> y(r.size);
        const auto shrink = static_cast<float>(1 / (1 + plain.gamma()));
        for (std::uint64_t round = 0; round < rounds; ++round) {
            // The published vector is heavy-tailed and not given, and its tail matters a little: many vectors.
            const random_key k{.seed = seed, .round = round};
            auto x = normal_vector(r.size, {.seed = seed, .round = round, .purpose = purposes::user});
            const auto tail = normal_vector(r.size, {.seed = seed, .round = round, .purpose = purposes::user + 1});
            for (std::size_t i = 0; i < x.size(); ++i) {
                x[i] *= std::exp(0.75f * tail[i]);
            }
            const double norm = rounds * squared_error(x, zeros);
            plain.compress(x, k, m);
            plain.decompress(m, k, y);
            error += squared_error(x, y) / norm;
            kernels::scale(shrink, y, y);
            shrunk_error += squared_error(x, y) / norm;
        }
        const std::string name = "buckets of " + std::to_string(r.size) + ", " + std::to_string(r.kept) + " rows, " +
                                 (r.levels == 0 ? "one bit" : "Q = " + std::to_string(r.levels));
        result.push_back(within(name + ": relative error", source, r.error, error, 0.1));
        result.push_back(within(name + ", mean-square form", source, r.shrunk, shrunk_error, 0.05));
        result.push_back(
            {name + ": below its bound", "Abdi 2020, thm. 7", plain.gamma(), error, error < plain.gamma()});
    }
    return result;
}

std::vector<verdict> residuals(std::uint64_t seed) {
    std::vector<verdict> result;
    const compressive_sampling coarse{.size = 64, .kept = 16, .levels = 1};
    const auto add = [&](const std::string& name, double published, auto c) {
        constexpr std::uint64_t rounds = 6000;
        constexpr std::uint64_t settled = 500;
        const std::vector<float> zeros(64, 0.0f);
        double sum = 0;
        message m;
        for (std::uint64_t round = 0; round < rounds; ++round) {
            auto x = normal_vector(64, {.seed = seed, .round = round, .purpose = purposes::user});
            kernels::scale(0.125f, x, x);
            c.compress(x, {.seed = seed, .round = round}, m);
            sum += round < settled ? 0 : squared_error(c.residual(), zeros);
        }
        const double mean = sum / static_cast<double>(rounds - settled);
        result.push_back(within(name + ": E||r||^2", source, published, mean, 0.08));
        result.push_back({name + ": below its bound", "Abdi 2020, lemma 9", *c.residual_bound(64), mean,
                          mean < *c.residual_bound(64)});
    };
    add("weighted feedback 0.1 around 16 of 64 rows", 31.2, weighted_error_feedback{coarse, 0.1f});
    add("weighted feedback 0.144 around 16 of 64 rows", 26.2, weighted_error_feedback{coarse, 0.144f});
    add("weighted feedback 0.1, mean-square form", 30.2, weighted_error_feedback{contractive{coarse}, 0.1f});
    add("weighted feedback 0.5, mean-square form", 7.2, weighted_error_feedback{contractive{coarse}, 0.5f});
    add("weighted feedback 1, mean-square form", 4.76, weighted_error_feedback{contractive{coarse}, 1.0f});
    return result;
}

//! Linear regression without noise: 64 inputs of variances 1 to 4, 50 outputs, batches of 32; the mean number of steps
//! until the squared error of W has fallen to a thousandth. Infinite where a run takes more than 300.
template <class C>
double steps_to_converge(C compressor, float rate, std::uint64_t seed) {
    constexpr std::size_t inputs = 64, outputs = 50, batch = 32, runs = 10;
    constexpr std::uint64_t most = 300;
    double sum = 0;
    for (std::uint32_t run = 0; run < runs; ++run) {
        const auto key = [&](std::uint64_t round, std::uint32_t purpose) {
            return random_key{.seed = seed, .node = run, .round = round, .purpose = purpose};
        };
        auto w = normal_vector(inputs * outputs, key(0, purposes::initialize));  // what is left of W - W*
        const std::vector<float> zeros(w.size(), 0.0f);
        const double start = squared_error(w, zeros);
        std::vector<float> g(w.size()), sent(w.size());
        message m;
        std::uint64_t step = 0;
        for (; squared_error(w, zeros) > 1e-3 * start; ++step) {
            if (step == most || !(squared_error(w, zeros) < 1e6 * start)) {
                return HUGE_VAL;
            }
            auto x = normal_vector(batch * inputs, key(step, purposes::data));
            for (std::size_t i = 0; i < x.size(); ++i) {
                x[i] *= std::sqrt(1 + 3 * static_cast<float>(i % inputs) / (inputs - 1));
            }
            std::ranges::fill(g, 0.0f);
            for (std::size_t o = 0; o < outputs; ++o) {
                const std::span<float> row = std::span(g).subspan(o * inputs, inputs);
                for (std::size_t b = 0; b < batch; ++b) {
                    const double error = kernels::dot(w.data() + o * inputs, x.data() + b * inputs, inputs);
                    kernels::axpy(static_cast<float>(error / batch), std::span(x).subspan(b * inputs, inputs), row);
                }
            }
            compressor.compress(g, key(step, purposes::message), m);
            compressor.decompress_add(m, key(step, purposes::message), -rate, w);
        }
        sum += static_cast<double>(step);
    }
    return sum / runs;
}

std::vector<verdict> regression(std::uint64_t seed) {
    std::vector<verdict> result;
    constexpr const char* table = "Abdi 2020, fig. 4.3; simulated";
    const compressive_sampling all_rows{.size = 64, .kept = 64, .levels = 1};
    const compressive_sampling some_rows{.size = 64, .kept = 44, .levels = 2};
    const scalar_compressor by_max{stochastic{.levels = 1}, bucketed{max_norm{}, 64}};
    const scalar_compressor by_l2{stochastic{.levels = 1}, bucketed{l2_norm{}, 64}};
    const auto add = [&](const std::string& name, auto c, float rate, double published) {
        const double steps = steps_to_converge(c, rate, seed);
        result.push_back(
            within(name + ", rate " + fixed_text(double{rate}, 2) + ": steps", table, published, steps, 0.12));
        return steps;
    };
    add("uncompressed", identity{}, 0.05f, 46);
    add("uncompressed", identity{}, 0.10f, 25);
    add("64 of 64 rows, Q = 1", all_rows, 0.05f, 51);
    const double qcs =
        std::min(add("64 of 64 rows, Q = 1", all_rows, 0.08f, 38), add("64 of 64 rows, Q = 1", all_rows, 0.10f, 38));
    add("44 of 64 rows, Q = 2", some_rows, 0.08f, 40);
    add("QSGD, max-norm", by_max, 0.02f, 118);
    const double qsgd = std::min(add("QSGD, max-norm", by_max, 0.05f, 57), add("QSGD, max-norm", by_max, 0.08f, 56));
    add("QSGD, l2-norm", by_l2, 0.02f, 162);
    result.push_back({"best of 64 of 64 rows against best of QSGD", table, 0.75, qcs / qsgd, qcs / qsgd <= 0.75});
    const auto stable = [&](auto c) {
        double largest = 0;
        for (const float rate : {0.02f, 0.05f, 0.10f, 0.12f, 0.15f, 0.20f}) {
            if (!std::isfinite(steps_to_converge(c, rate, seed))) {
                break;
            }
            largest = static_cast<double>(rate);
        }
        return largest;
    };
    const double of_identity = stable(identity{});
    const double of_rows = stable(all_rows);
    const double of_max = stable(by_max);
    const double of_l2 = stable(by_l2);
    const auto precedes = [&](const std::string& name, double larger, double smaller) {
        result.push_back({"largest rate that converges: " + name, table, larger, smaller, larger > smaller});
    };
    precedes("uncompressed above 64 of 64 rows", of_identity, of_rows);
    precedes("64 of 64 rows above QSGD, max-norm", of_rows, of_max);
    precedes("QSGD, max-norm above l2-norm", of_max, of_l2);
    return result;
}

}  // namespace

reproductions_of_file compressive_sampling_claims() {
    return {{"qcs-error", "the error of quantized compressive sampling and its bound", error_table},
            {"weighted-feedback", "what weighted error feedback keeps back", residuals},
            {"qcs-regression", "linear regression: steps and stable rates under compression", regression}};
}

}  // namespace frugal::driver
