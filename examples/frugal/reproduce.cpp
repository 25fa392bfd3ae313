//! `frugal reproduce`: published claims at desk scale.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "choices.hpp"
#include "commands.hpp"
#include "report.hpp"
#include "reproduce/claims.hpp"

namespace frugal::driver {
namespace {

const std::vector<reproduction>& all() {
    static const std::vector<reproduction> list = [] {
        std::vector<reproduction> claims;
        for (const auto& of_file : {askew_claims,                 //
                                    boolean_claims,               //
                                    ce_sgd_claims,                //
                                    compressive_sampling_claims,  //
                                    dithered_claims,              //
                                    gossip_claims,                //
                                    indirect_claims,              //
                                    over_the_air_claims,          //
                                    stovoq_claims,                //
                                    table_2_1_claims}) {
            std::ranges::move(of_file(), std::back_inserter(claims));
        }
        return claims;
    }();
    return list;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> reproductions() {
    std::vector<std::pair<std::string, std::string>> names;
    for (const auto& r : all()) {
        names.emplace_back(r.name, r.meaning);
    }
    return names;
}

int run_reproduce(const std::vector<std::string>& names, const std::filesystem::path& out, std::uint64_t seed) {
    std::vector<const reproduction*> chosen;
    for (const auto& name : names) {
        const reproduction* r = &find_named(all(), "claim", name);
        if (std::find(chosen.begin(), chosen.end(), r) == chosen.end()) {
            chosen.push_back(r);
        }
    }
    const result_folder folder(out);
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    std::string table = "| claim | source | published | measured | holds |\n|---|---|---:|---:|---|\n";
    bool all_hold = true;
    for (const reproduction* r : chosen) {
        for (const verdict& v : r->run(seed)) {
            json.push_back({{"claim", v.claim},
                            {"source", v.source},
                            {"published", v.published},
                            {"measured", v.measured},
                            {"holds", v.holds}});
            char numbers[80];
            std::snprintf(numbers, sizeof numbers, "%.5g | %.5g", v.published, v.measured);
            const std::string row =
                "| " + v.claim + " | " + v.source + " | " + numbers + " | " + (v.holds ? "yes" : "**no**") + " |\n";
            std::cout << row;
            table += row;
            all_hold = all_hold && v.holds;
        }
    }
    write_file(out / "reproduction.json", json.dump(2) + "\n");
    write_file(out / "reproduction.md", table);
    return all_hold ? 0 : 1;
}

}  // namespace frugal::driver
