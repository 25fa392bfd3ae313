//! `frugal compare`: several methods on the same work, one table and one picture.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>

#include "choices.hpp"
#include "commands.hpp"

namespace frugal::driver {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

struct method {
    std::string name;
    std::string compressor;
    std::string coded;               // the same with an entropy coder; empty: none
    double published_raw = nothing;  // Kbit per worker per iteration
    double published_coded = nothing;
};

struct preset {
    std::string name;
    std::string meaning;
    training_request work;
    std::vector<method> methods;
};

//! Table 2.1 of Abdi (2020), FC-300-100: 16 workers, batch 200; published figures in Kbit per worker per iteration. The
//! table's QSG column is the stochastic quantizer of the same steps as DQSG. Its one-bit column has two means per
//! column
//! of a layer: 266,610 parameters in 1187 columns, 225 each. The source does not say what shares a scale;
//! buckets of 8192 give its coded sizes.
preset table_2_1() {
    preset p{"table-2.1",
             "FC-300-100, 16 workers, batch 200: accuracy, bits and speed of eight methods (Abdi 2020, Table 2.1)",
             {},
             {}};
    p.work.objective = "mlp(300,100)";
    p.work.optimizer = "sgd(learning_rate=step_decay(rate=0.1,factor=0.5,every=300))";
    p.work.nodes = 16;
    p.work.batch = 200;
    p.work.rounds = 900;
    p.work.scale_bucket = 8192;
    const std::string scale = ",bucketed(max_norm,8192),";
    const std::string fine = "scalar(dithered(levels=3)" + scale;
    const std::string nested = "scalar(nested_dithered(fine=1/3,coarse=1)" + scale;
    const std::string stochastic = "scalar(stochastic(levels=3)" + scale;
    const std::string ternary = "scalar(ternary" + scale;
    const auto half = [&](const std::string& coder) {
        return "alternating(" + fine + coder + ")," + nested + coder + "))";
    };
    p.methods = {
        {"none", "identity", "", 8530, nothing},
        {"DQSG", fine + "radix)", fine + "range_coder)", nothing, nothing},
        {"nested", half("radix"), half("range_coder"), 610, 328.25},
        {"QSGD", stochastic + "radix)", stochastic + "range_coder)", 780, 359.67},
        {"TernGrad", ternary + "radix)", ternary + "range_coder)", nothing, nothing},
        {"one-bit + EF", "error_feedback(codebook(one_bit,packed,225))",
         "error_feedback(codebook(one_bit,range_coder,225))", 350, 339.13},
        {"top-k 1 % + EF", "error_feedback(sparse(top_k(fraction=0.01)))", "", nothing, nothing},
        {"StoVoQ", "stovoq(dimension=8,codewords=256,bias_bits=3)", "", nothing, nothing},
    };
    return p;
}

const std::vector<preset>& presets() {
    static const std::vector<preset> all{table_2_1()};
    return all;
}

std::string kilobits(double bits) {
    return fixed_text(bits / 1e3, 2);
}

}  // namespace

std::vector<std::pair<std::string, std::string>> comparison_presets() {
    std::vector<std::pair<std::string, std::string>> names;
    for (const auto& p : presets()) {
        names.emplace_back(p.name, p.meaning);
    }
    return names;
}

int run_compare(const std::string& name, const training_request& common, const std::filesystem::path& out) {
    const preset& chosen = find_named(presets(), "comparison", name);
    prepare_folder(out);
    training_request work = chosen.work;
    work.data = common.data;
    work.seed = common.seed;
    work.threads = common.threads;
    work.network = common.network;
    work.evaluate_every = common.evaluate_every;
    work.rounds = common.rounds != 0 ? common.rounds : work.rounds;

    std::vector<run_report> runs;
    std::vector<std::vector<std::string>> table{{"method", "accuracy %", "raw Kbit", "published", "coded Kbit",
                                                 "published", "encode GB/s", "decode GB/s", "network s", "wraps %"}};
    for (const method& m : chosen.methods) {
        work.name = m.name;
        work.compressor = m.compressor;
        work.coded_compressor = m.coded;
        runs.push_back(train(work));
        const run_report& r = runs.back();
        table.push_back({m.name, fixed_text(100 * r.test_accuracy, 2), kilobits(r.payload_bits_per_node_per_round),
                         fixed_text(m.published_raw, 0), kilobits(r.coded_bits_per_node_per_round),
                         fixed_text(m.published_coded, 2), fixed_text(r.encode_gbps, 2), fixed_text(r.decode_gbps, 2),
                         fixed_text(r.seconds_network_simulated, 1), fixed_text(100 * r.wrap_failure_rate, 3)});
        write_report(out, runs);
        write_curves(out, runs);
    }
    const std::string text = aligned_table(table);
    std::cout << chosen.meaning << "\nKbit are per worker per iteration; " << work.rounds << " iterations on "
              << work.data << "; network: " << work.network << "\n\n"
              << text;
    write_file(out / "table.txt", text);
    std::cout << '\n' << draw_curves(out, runs, chosen.meaning) << '\n';
    const bool diverged = std::any_of(runs.begin(), runs.end(), [](const run_report& r) { return r.diverged; });
    return diverged ? 1 : 0;
}

}  // namespace frugal::driver
