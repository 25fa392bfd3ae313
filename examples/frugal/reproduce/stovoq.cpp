//! Distortion and size of StoVoQ and of what it is compared with (Leconte 2024, Tables 5.1, 5.2 and B.9).
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <frugal/compress/cross_polytope.hpp>
#include <frugal/compress/hsq.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/compress/scale/scales.hpp>
#include <frugal/compress/selector/random_k.hpp>
#include <frugal/compress/selector/top_k.hpp>
#include <frugal/compress/sparse.hpp>
#include <frugal/compress/stovoq.hpp>
#include <frugal/kernels/normals.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/sign.hpp>
#include <frugal/quantize/spherical_bias.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "../report.hpp"
#include "claims.hpp"

namespace frugal::driver {
namespace {

constexpr std::size_t dimension = 16;

//! An average and its standard error.
struct estimate {
    double mean = 0;
    double error = 0;
};

//! What the mean of some workers' estimates Q of vectors x is off by: ||x - Q||^2, and its parts along x and across.
struct distortions {
    estimate total, radial, orthogonal;
    double bits = 0;  //!< of a vector, all counted
};

estimate average(const std::vector<double>& values) {
    const auto n = static_cast<double>(values.size());
    double sum = 0;
    double squares = 0;
    for (const double v : values) {
        sum += v;
    }
    for (const double v : values) {
        squares += (v - sum / n) * (v - sum / n);
    }
    return {sum / n, std::sqrt(squares) / n};
}

//! `vectors` Gaussian vectors of 16 coordinates, `each` of them in one message, through `workers` of compressor c.
template <class C>
distortions measure(const C& c, std::uint32_t workers, std::size_t vectors, std::size_t each, std::uint64_t seed) {
    std::vector<float> x(vectors * dimension);
    kernels::fill_normal(random_stream({.seed = seed, .purpose = purposes::user}), x);
    std::vector<float> mean(x.size());
    distortions result;
    message m;
    const std::size_t step = each * dimension;
    for (std::uint32_t worker = 0; worker < workers; ++worker) {
        for (std::size_t at = 0; at < x.size(); at += step) {
            const std::size_t n = std::min(step, x.size() - at);
            const random_key key{.seed = seed, .node = worker, .round = at / step, .purpose = purposes::message};
            c.compress(std::span<const float>(x).subspan(at, n), key, m);
            c.decompress_add(m, key, 1 / static_cast<float>(workers), std::span(mean).subspan(at, n));
            result.bits += static_cast<double>(m.payload_bits()) / static_cast<double>(vectors * workers);
        }
    }
    std::vector<double> total(vectors);
    std::vector<double> radial(vectors);
    std::vector<double> orthogonal(vectors);
    for (std::size_t v = 0; v < vectors; ++v) {
        const std::span<const float> a(x.data() + v * dimension, dimension);
        const std::span<const float> q(mean.data() + v * dimension, dimension);
        double square = 0;
        double product = 0;
        for (std::size_t j = 0; j < dimension; ++j) {
            square += double{a[j]} * double{a[j]};
            product += double{a[j]} * double{q[j]};
        }
        total[v] = squared_error(a, q);
        radial[v] = (1 - product / square) * (1 - product / square) * square;
        orthogonal[v] = total[v] - radial[v];
    }
    result.total = average(total);
    result.radial = average(radial);
    result.orthogonal = average(orthogonal);
    return result;
}

//! Holds within half a unit of the last digit printed, three standard errors of ours, or a relative tolerance: the
//! published figures have sampling errors of their own. (For 20 workers those of unbiased methods lie up to 5 % below
//! the twentieth of those for one worker, which is their expectation.)
verdict as_printed(std::string claim, std::string source, double published, int digits, estimate ours,
                   double relative) {
    const double tolerance = std::max({0.5 * std::pow(10.0, -digits), 3 * ours.error, relative * published});
    return {std::move(claim), std::move(source), published, ours.mean, std::fabs(ours.mean - published) <= tolerance};
}

//! 6 %; for HSQ-span, whose published error lies 3 % below what a tight frame has, 9 %.
double relative_tolerance(std::string_view method) {
    return method == "HSQ-span" ? 0.09 : 0.06;
}

//! Holds within three standard errors of what theory says exactly.
verdict as_proved(std::string claim, double expected, estimate ours) {
    return {std::move(claim), "closed form", expected, ours.mean, std::fabs(ours.mean - expected) <= 3 * ours.error};
}

//! use(name, compressor, vectors, how many of them in a message) for the columns of Table 5.1 and two beside them.
template <class Use>
void for_each_method(Use use) {
    const scalar_compressor four_bits{dithered{.levels = 7}};
    use("Sign", scalar_compressor{sign{}, fixed{.kappa = 1}}, 10000, 10000);
    use("Top-2", sparse_compressor{top_k{.count = 2}, four_bits}, 10000, 1);
    use("Rand-2", sparse_compressor{random_k{.count = 2}, four_bits}, 10000, 1);
    use("Polytope", cross_polytope{.dimension = 16, .repetitions = 2, .gain_bits = 6}, 10000, 10000);
    use("HSQ-span", hsq_span{.dimension = 16, .codewords = 1024, .gain_bits = 5}, 1000, 1000);
    use("HSQ-greed", hsq_greedy{.dimension = 16, .codewords = 1024, .gain_bits = 6}, 10000, 10000);
    use("QSGD", scalar_compressor{stochastic{.levels = 1}, l2_norm{}}, 10000, 1);
    use("StoVoQ", stovoq{.levels = bias_levels::all_but_one}, 10000, 10000);
    use("GRVQ", stovoq{.bias_bits = 0}, 10000, 10000);
    use("StoVoQ without SQ", stovoq{.bias_bits = 16}, 10000, 10000);
}

std::string workers_text(std::uint32_t workers) {
    return workers == 1 ? "1 worker" : "the mean of " + std::to_string(workers) + " workers";
}

std::vector<verdict> table_5_1(std::uint64_t seed) {
    struct column {
        const char* name;
        double bits, one, twenty;
        int digits_of_one, digits_of_twenty;
    };
    constexpr column columns[] = {{"Sign", 16, 6.4, 6.4, 1, 1},     {"Top-2", 16, 8.7, 8.5, 1, 1},
                                  {"Rand-2", 16, 110, 5.4, 0, 1},   {"Polytope", 16, 121, 5.9, 0, 1},
                                  {"HSQ-span", 16, 147, 7.2, 0, 1}, {"HSQ-greed", 16, 9.1, 8.8, 1, 1},
                                  {"QSGD", 19, 36.10, 1.82, 2, 2},  {"StoVoQ", 16, 11.0, 0.53, 1, 2}};
    std::vector<verdict> result;
    for_each_method([&](const char* name, const auto& c, std::size_t vectors, std::size_t each) {
        for (const column& at : columns) {
            for (const std::uint32_t workers : {1u, 20u}) {
                if (at.name != std::string_view(name)) {
                    continue;
                }
                const distortions ours = measure(c, workers, vectors, each, seed);
                const std::string claim = std::string(name) + " (" + fixed_text(ours.bits, 1) + " bits, " +
                                          fixed_text(at.bits, 0) + " as the paper counts), D = 16: distortion, " +
                                          workers_text(workers);
                result.push_back(as_printed(claim, "Leconte 2024, Table 5.1", workers == 1 ? at.one : at.twenty,
                                            workers == 1 ? at.digits_of_one : at.digits_of_twenty, ours.total,
                                            relative_tolerance(name)));
            }
        }
    });
    const distortions polytope = measure(cross_polytope{.gain_bits = 16}, 1, 10000, 10000, seed);
    result.push_back(as_proved("Polytope with exact norms: (D - 1) / 2 E||x||^2", 120, polytope.total));
    const distortions random = measure(sparse_compressor{random_k{.count = 2}}, 1, 10000, 1, seed);
    result.push_back(as_proved("Rand-2 with exact values: (D / 2 - 1) E||x||^2", 112, random.total));
    const distortions span = measure(hsq_span{.dimension = 16, .gain_bits = 16}, 1, 1000, 1000, seed);
    const double cosine = std::tgamma(8.0) / (std::sqrt(std::numbers::pi) * std::tgamma(8.5));  // E|u_1|
    result.push_back(within("HSQ-span with exact norms: (D^2 (E|u_1|)^2 - 1) E||x||^2, of a tight frame", "closed form",
                            16 * (256 * cosine * cosine - 1), span.total.mean, 0.03));
    const double r = mean_largest_cosine(dimension, 1024);
    const distortions greedy = measure(hsq_greedy{.dimension = 16, .gain_bits = 12}, 1, 10000, 10000, seed);
    result.push_back(within("HSQ-greed with exact norms: 2 (1 - r) E||x||^2", "closed form, of a random codebook",
                            32 * (1 - r), greedy.total.mean, 0.02));
    return result;
}

std::vector<verdict> table_b_9(std::uint64_t seed) {
    struct row {
        const char* name;
        std::uint32_t workers;
        double radial, orthogonal;
        int radial_digits, orthogonal_digits;
    };
    constexpr row rows[] = {{"Sign", 1, 1.0, 5.4, 1, 1},
                            {"Sign", 20, 1.0, 5.4, 1, 1},
                            {"Top-2", 1, 4.8, 3.9, 1, 1},
                            {"Top-2", 20, 4.7, 3.8, 1, 1},
                            {"Rand-2", 1, 12, 98, 0, 0},
                            {"Rand-2", 20, 0.6, 4.8, 1, 1},
                            {"Polytope", 1, 5.8, 115, 1, 0},
                            {"Polytope", 20, 0.3, 5.6, 1, 1},
                            {"HSQ-span", 1, 3.8, 143, 1, 0},
                            {"HSQ-span", 20, 0.2, 7.0, 1, 1},
                            {"HSQ-greed", 1, 1.3, 7.8, 1, 1},
                            {"HSQ-greed", 20, 1.3, 7.5, 1, 1},
                            {"GRVQ", 1, 1.8, 5.0, 1, 1},
                            {"GRVQ", 20, 1.7, 0.25, 1, 2},
                            {"StoVoQ without SQ", 1, 0.5, 10.5, 1, 1},
                            {"StoVoQ without SQ", 20, 0.03, 0.5, 2, 1},
                            {"StoVoQ", 1, 0.5, 10.5, 1, 1}};
    std::vector<verdict> result;
    for_each_method([&](const char* name, const auto& c, std::size_t vectors, std::size_t each) {
        for (const row& at : rows) {
            if (at.name == std::string_view(name)) {
                const distortions ours = measure(c, at.workers, vectors, each, seed);
                const std::string claim = std::string(name) + ", D = 16: distortion, " + workers_text(at.workers);
                result.push_back(as_printed(claim + ", along x", "Leconte 2024, Table B.9", at.radial, at.radial_digits,
                                            ours.radial, relative_tolerance(name)));
                result.push_back(as_printed(claim + ", across", "Leconte 2024, Table B.9", at.orthogonal,
                                            at.orthogonal_digits, ours.orthogonal, relative_tolerance(name)));
            }
        }
    });
    return result;
}

//! Compression against floats, all bits counted and as the paper counts: without those of the correction.
std::vector<verdict> factors(std::uint64_t seed) {
    struct row {
        int dimension, codewords, norm_bits_of_paper;
        double published;
    };
    std::vector<verdict> result;
    const auto x = normal_vector(512, {.seed = seed, .purpose = purposes::user});
    for (const row& r : {row{16, 8192, 16, 38}, row{8, 4096, 32, 20}, row{8, 1024, 32, 25}}) {
        const std::string name = "StoVoQ, D = " + std::to_string(r.dimension) + ", M = " + std::to_string(r.codewords);
        const stovoq all{.dimension = r.dimension, .codewords = r.codewords};
        const stovoq paper{
            .dimension = r.dimension, .codewords = r.codewords, .bias_bits = 0, .norm_bits = r.norm_bits_of_paper};
        result.push_back(within(name + ": floats over bits, those of the correction left out",
                                "Leconte 2024, Table 5.2", r.published, 32 * 512 / bits_of(paper, x), 0.03));
        const double counted = 512.0 / r.dimension * (bits_for(static_cast<std::uint64_t>(r.codewords)) + 3) + 32;
        result.push_back(within(name + ": the same, all bits counted", "arithmetic", 32 * 512 / counted,
                                32 * 512 / bits_of(all, x), 1e-9));
    }
    return result;
}

}  // namespace

reproductions_of_file stovoq_claims() {
    return {{"stovoq-distortion", "distortion of StoVoQ and six others, 16 bits for 16 coordinates", table_5_1},
            {"stovoq-split", "the same along the vector and across", table_b_9},
            {"stovoq-factors", "compression factors of StoVoQ, counted in two ways", factors}};
}

}  // namespace frugal::driver
