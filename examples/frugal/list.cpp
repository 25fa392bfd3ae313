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

constexpr const char* how = "Arguments are given by position or by name; those without a default are required.\n\n";

}  // namespace

int run_list(bool markdown) {
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
