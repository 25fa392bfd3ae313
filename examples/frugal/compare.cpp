//! `frugal compare`: several methods on the same work, one table and one picture.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>

#include "choices.hpp"
#include "commands.hpp"
#include "settings.hpp"

namespace frugal::driver {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

struct method {
    training_request work;
    double published_raw = nothing;  // Kbit per worker per iteration
    double published_coded = nothing;
};

struct preset {
    std::string name;
    std::string meaning;
    std::vector<method> methods;
};

//! Table 2.1 of Abdi (2020), FC-300-100: 16 workers, batch 200; published figures in Kbit per worker per iteration. The
//! table's QSG column is the stochastic quantizer of the same steps as DQSG. Its one-bit column has two means per
//! column of a layer: 266,610 parameters in 1187 columns, 225 each. The source does not say what shares a scale;
//! buckets of 8192 give its coded sizes.
preset table_2_1() {
    preset p{"table-2.1",
             "FC-300-100, 16 workers, batch 200: accuracy, bits and speed of eight methods (Abdi 2020, Table 2.1)",
             {}};
    const auto add = [&](std::string name, std::string compressor, std::string coded, double raw,
                         double published_coded) {
        training_request work;
        work.name = std::move(name);
        work.compressor = std::move(compressor);
        work.coded_compressor = std::move(coded);
        work.objective = "mlp(300,100)";
        work.optimizer = "sgd(learning_rate=step_decay(rate=0.1,factor=0.5,every=300))";
        work.nodes = 16;
        work.batch = 200;
        work.rounds = 900;
        work.scale_bucket = 8192;
        p.methods.push_back({std::move(work), raw, published_coded});
    };
    const std::string scale = ",bucketed(max_norm,8192),";
    const std::string fine = "scalar(dithered(levels=3)" + scale;
    const std::string nested = "scalar(nested_dithered(fine=1/3,coarse=1)" + scale;
    const std::string stochastic = "scalar(stochastic(levels=3)" + scale;
    const std::string ternary = "scalar(ternary" + scale;
    const auto half = [&](const std::string& coder) {
        return "alternating(" + fine + coder + ")," + nested + coder + "))";
    };
    add("none", "identity", "", 8530, nothing);
    add("DQSG", fine + "radix)", fine + "range_coder)", nothing, nothing);
    add("nested", half("radix"), half("range_coder"), 610, 328.25);
    add("QSGD", stochastic + "radix)", stochastic + "range_coder)", 780, 359.67);
    add("TernGrad", ternary + "radix)", ternary + "range_coder)", nothing, nothing);
    add("one-bit + EF", "error_feedback(codebook(one_bit,packed,225))",
        "error_feedback(codebook(one_bit,range_coder,225))", 350, 339.13);
    add("top-k 1 % + EF", "error_feedback(sparse(top_k(fraction=0.01)))", "", nothing, nothing);
    add("StoVoQ", "stovoq(dimension=8,codewords=256,bias_bits=3)", "", nothing, nothing);
    return p;
}

const std::vector<preset>& presets() {
    static const std::vector<preset> all{table_2_1()};
    return all;
}

//! A text file of runs, a line each: its name, a colon, the options that `train` would get. What `*` gets, all get.
//! Empty lines and what follows a # are left out.
preset read_runs(const std::filesystem::path& file) {
    preset p{file.string(), "the runs of " + file.string(), {}};
    std::ifstream in(file);
    expect(in.good(), [&] { return "cannot open " + file.string(); });
    training_request for_all;
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        line.erase(std::min(line.find('#'), line.size()));
        if (line.find_first_not_of(" \t\r") == std::string::npos) {
            continue;
        }
        const auto refuse = [&](const std::string& why) {
            throw invalid_input(file.string() + ", line " + std::to_string(number) + ": " + why);
        };
        const auto colon = line.find(':');
        if (colon == std::string::npos) {
            refuse("expected NAME: OPTIONS");
        }
        training_request work = for_all;
        work.name = line.substr(0, colon);
        CLI::App options;
        add_settings(options, work);
        try {
            options.parse(line.substr(colon + 1), false);
        } catch (const CLI::ParseError& e) {
            refuse(e.what());
        }
        if (work.name == "*") {
            for_all = work;
        } else {
            p.methods.push_back({work});
        }
    }
    expect(!p.methods.empty(), [&] { return file.string() + " names no run"; });
    return p;
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

int run_compare(const std::string& name, const std::function<void(training_request&)>& change,
                const std::filesystem::path& out) {
    preset chosen =
        std::filesystem::is_regular_file(name) ? read_runs(name) : find_named(presets(), "comparison", name);
    const result_folder folder(out);

    std::vector<run_report> runs;
    std::vector<std::vector<std::string>> table{{"method", "accuracy %", "raw Kbit", "published", "coded Kbit",
                                                 "published", "encode GB/s", "decode GB/s", "network s", "wraps %"}};
    for (method& m : chosen.methods) {
        change(m.work);
        runs.push_back(train(m.work));
        const run_report& r = runs.back();
        table.push_back({r.name, fixed_text(100 * r.test_accuracy, 2), kilobits(r.payload_bits_per_node_per_round),
                         fixed_text(m.published_raw, 0), kilobits(r.coded_bits_per_node_per_round),
                         fixed_text(m.published_coded, 2), fixed_text(r.encode_gbps, 2), fixed_text(r.decode_gbps, 2),
                         fixed_text(r.seconds_network_simulated, 1), fixed_text(100 * r.wrap_failure_rate, 3)});
        write_report(out, runs);
        write_curves(out, runs);
    }
    const std::string text = aligned_table(table);
    const training_request& work = chosen.methods.front().work;
    std::cout << chosen.meaning << "\nKbit are per worker per iteration; " << work.rounds << " iterations on "
              << work.data << "; network: " << work.network << "\n\n"
              << text;
    write_file(out / "table.txt", text);
    std::cout << '\n' << draw_curves(out, runs, chosen.meaning) << '\n';
    const bool diverged = std::any_of(runs.begin(), runs.end(), [](const run_report& r) { return r.diverged; });
    return diverged ? 1 : 0;
}

}  // namespace frugal::driver
