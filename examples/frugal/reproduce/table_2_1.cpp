//! Bits and accuracy of dithered and nested gradients (Abdi 2020, Table 2.1 and fig. 2.3).
#include <cmath>

#include <frugal/compress/codebook.hpp>
#include <frugal/compress/coder/radix.hpp>
#include <frugal/compress/scalar.hpp>
#include <frugal/quantize/dithered.hpp>
#include <frugal/quantize/nested.hpp>
#include <frugal/quantize/stochastic.hpp>

#include "../training.hpp"
#include "claims.hpp"

namespace frugal::driver {
namespace {

constexpr std::size_t fc_300_100 = 266610;

std::vector<verdict> table_2_1_bits(std::uint64_t seed) {
    const auto x = normal_vector(fc_300_100, {.seed = seed, .purpose = purposes::user});
    const scalar_compressor fine{dithered{.levels = 3}, max_norm{}, radix{}};
    const scalar_compressor nested{nested_dithered{.fine = 1.0 / 3, .coarse = 1}, max_norm{}, radix{}};
    const scalar_compressor qsgd{stochastic{.levels = 3}, max_norm{}, radix{}};
    const double half_and_half = (bits_of(fine, x) + bits_of(nested, x)) / 2;
    const std::string table = "Abdi 2020, Table 2.1";
    const auto closed_form = [](double levels) { return fc_300_100 * std::log2(levels) + 32; };
    return {
        within("FC-300-100, QSGD M = 3: raw Kbit per worker per iteration", table, 780, bits_of(qsgd, x) / 1e3, 0.1),
        within("FC-300-100, nested (1/3, 1): raw Kbit per worker per iteration", table, 610, half_and_half / 1e3, 0.1),
        within("FC-300-100, one-bit, two means per column: raw Kbit per worker per iteration", table, 350,
               bits_of(codebook_compressor{one_bit{}, packed{}, 225}, x) / 1e3, 0.1),
        within("nested saves 22 % raw over QSGD at the same steps: ratio", table, 0.61 / 0.78,
               half_and_half / bits_of(qsgd, x), 0.02),
        within("QSGD M = 3: raw bits against N log2 7 + 32", "closed form", closed_form(7), bits_of(qsgd, x), 0.01),
        within("nested: raw bits against N (log2 7 + log2 3) / 2 + 32", "closed form",
               (closed_form(7) + closed_form(3)) / 2, half_and_half, 0.01)};
}

std::vector<verdict> table_2_1_accuracy(std::uint64_t seed) {
    training_request work;
    work.objective = "mlp(300,100)";
    work.optimizer = "sgd(learning_rate=step_decay(rate=0.1,factor=0.5,every=300))";
    work.rounds = 900;
    work.seed = seed;
    std::vector<double> accuracy;
    const std::string fine = "scalar(dithered(levels=3),max_norm,radix)";
    const std::string nested = "scalar(nested_dithered(fine=1/3,coarse=1),max_norm,radix)";
    for (const std::string& compressor : {std::string("identity"), fine, "alternating(" + fine + "," + nested + ")"}) {
        work.compressor = compressor;
        work.name = compressor;
        accuracy.push_back(100 * train(work).test_accuracy);
    }
    const std::string source = "Abdi 2020, fig. 2.3";
    // The source gives curves that lie on each other; a point is what the eye can tell on them.
    const auto lost = [&](const std::string& method, double reached) {
        const double points = accuracy[0] - reached;
        return verdict{"FC-300-100, 16 workers: points of accuracy that " + method + " loses, at most", source, 1,
                       points, points < 1};
    };
    return {lost("DQSG", accuracy[1]), lost("nested", accuracy[2])};
}

}  // namespace

reproductions_of_file table_2_1_claims() {
    return {{"table-2.1-bits", "bits of DQSG, nested, QSGD and one-bit on FC-300-100", table_2_1_bits},
            {"table-2.1-accuracy", "training with dithered and nested gradients", table_2_1_accuracy}};
}

}  // namespace frugal::driver
