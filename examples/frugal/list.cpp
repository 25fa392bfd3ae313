//! `frugal list`: everything that can be named on the command line.
#include <iostream>

#include "choices.hpp"
#include "commands.hpp"

namespace frugal::driver {
namespace {

//! Calls f.operator()<Value>(heading) for each kind.
template <class F>
void for_kinds(F f) {
    f.template operator()<algorithm_choice>("Algorithms (--algorithm)");
    f.template operator()<any_compressor>("Compressors (--compressor)");
    f.template operator()<any_factor_compressor>("Compressors of factors, in factored(...)");
    f.template operator()<any_quantizer>("Quantizers, in scalar(...)");
    f.template operator()<any_scale>("Scales, in scalar(...)");
    f.template operator()<any_coder>("Coders, in scalar(...) and codebook(...)");
    f.template operator()<any_selector>("Selectors, in sparse(...)");
    f.template operator()<any_index_coding>("Codings of indices, in sparse(...)");
    f.template operator()<any_codebook>("Codebooks, in codebook(...)");
    f.template operator()<any_transform>("Transforms, in transformed(...)");
    f.template operator()<any_exchange>("Exchanges (--exchange)");
    f.template operator()<any_aggregator>("Aggregators, in server(...)");
    f.template operator()<any_mixing_matrix>("Topologies (--topology)");
    f.template operator()<any_optimizer>("Optimizers (--optimizer)");
    f.template operator()<schedule>("Learning rates, in optimizers: a number, or");
    f.template operator()<objective_choice>("Objectives (--objective)");
    f.template operator()<any_data_set>("Data (--data), or a folder of IDX files, gzipped or not");
    f.template operator()<any_partitioner>("Partitions (--partition)");
}

void print(const std::vector<std::pair<std::string, std::string>>& rows, const char* heading) {
    std::cout << heading << '\n';
    for (const auto& [name, meaning] : rows) {
        std::cout << "  " << name << "  " << meaning << '\n';
    }
    std::cout << '\n';
}

//! Everything of one kind, named as by its heading, in the singular or plural; or one of it.
int list_kind(const std::string& kind, const std::string& name) {
    std::vector<std::string> kinds, names;
    bool found = false;
    for_kinds([&]<class Value>(const char*) {
        std::string plural(catalogue_of<Value>::kind);
        plural += plural.ends_with('s') ? "es" : "s";
        kinds.push_back(plural.ends_with("ys") ? plural.substr(0, plural.size() - 2) + "ies" : plural);
        if (kind != catalogue_of<Value>::kind && kind != kinds.back()) {
            return;
        }
        for (const listed& one : list_of<Value>()) {
            const std::string its_name = one.signature.substr(0, one.signature.find('('));
            names.push_back(its_name);
            if (name.empty() || name == its_name) {
                std::cout << text_of(one);
                found = true;
            }
        }
    });
    expect(!names.empty(),
           [&] { return "there are no " + kind + did_you_mean(kind, kinds) + "; known: " + joined(kinds); });
    expect(found, [&] {
        return "there is no " + kind + " " + name + did_you_mean(name, names) + "; known: " + joined(names);
    });
    return 0;
}

constexpr const char* how = "Arguments are given by position or by name; those without a default are required.\n\n";

}  // namespace

int run_list(bool markdown, const std::string& kind, const std::string& name) {
    if (!kind.empty()) {
        return list_kind(kind, name);
    }
    if (markdown) {
        std::cout << "# Everything that has a name\n\nThis page is what `frugal list --markdown` prints. " << how;
        bool first = true;
        for_kinds([&]<class Value>(const char* heading) {
            std::cout << (first ? "" : "\n") << "## " << heading << "\n\n" << list_markdown<Value>();
            first = false;
        });
        return 0;
    }
    std::cout << how;
    for_kinds([]<class Value>(const char* heading) { std::cout << heading << '\n' << list_text<Value>() << '\n'; });
    print(comparison_presets(), "Comparisons (frugal compare)");
    print(reproductions(), "Claims (frugal reproduce)");
    return 0;
}

}  // namespace frugal::driver
