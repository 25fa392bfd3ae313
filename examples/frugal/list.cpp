//! `frugal list`: everything that can be named on the command line.
#include <iostream>

#include "commands.hpp"
#include "registries.hpp"

namespace frugal::driver {
namespace {

template <class Registry>
void print(const Registry& r, const std::string& heading) {
    std::cout << heading << '\n';
    for (const auto& e : r.entries()) {
        if (!e.expands_to.empty()) {
            std::cout << "  " << e.name << "  " << e.meaning << "\n      = " << e.expands_to << '\n';
            continue;
        }
        std::string signature = e.name;
        if (e.variadic) {
            signature += "(...)";
        } else if (!e.parameters.empty()) {
            signature += '(';
            for (std::size_t i = 0; i < e.parameters.size(); ++i) {
                const auto& p = e.parameters[i];
                signature += (i == 0 ? "" : ", ") + p.name + (p.default_value.empty() ? "" : "=" + p.default_value);
            }
            signature += ')';
        }
        std::cout << "  " << signature << "  " << e.meaning << '\n';
        for (const auto& p : e.parameters) {
            std::cout << "      " << p.name << ": " << p.meaning << (p.default_value.empty() ? " (required)" : "")
                      << '\n';
        }
    }
    std::cout << '\n';
}

void print(const std::vector<std::pair<std::string, std::string>>& rows, const std::string& heading) {
    std::cout << heading << '\n';
    for (const auto& [name, meaning] : rows) {
        std::cout << "  " << name << "  " << meaning << '\n';
    }
    std::cout << '\n';
}

}  // namespace

int run_list() {
    std::cout << "Arguments are given by position or by name; those without a default are required.\n\n";
    print(algorithms(), "Algorithms (--algorithm)");
    print(compressors(), "Compressors (--compressor)");
    print(quantizers(), "Quantizers, in scalar(...)");
    print(scales(), "Scales, in scalar(...)");
    print(coders(), "Coders, in scalar(...)");
    print(selectors(), "Selectors, in sparse(...)");
    print(topologies(), "Topologies (--topology)");
    print(optimizers(), "Optimizers (--optimizer)");
    print(schedules(), "Learning rates, in optimizers");
    print(objectives(), "Objectives (--objective)");
    print(data_sets(), "Data (--data), or a folder of IDX files, gzipped or not");
    print(partitioners(), "Partitions (--partition)");
    print(comparison_presets(), "Comparisons (frugal compare)");
    print(reproductions(), "Claims (frugal reproduce)");
    return 0;
}

}  // namespace frugal::driver
