#include "settings.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>

#include <frugal/catalogue/term.hpp>
#include <frugal/core/error.hpp>

namespace frugal::driver {
namespace {

constexpr std::uint64_t many = std::uint64_t{1} << 40;

using r = training_request;
constexpr setting all_settings[] = {
    {"algorithm", "see `frugal list`", &r::algorithm},
    {"compressor", "an expression or alias", &r::compressor},
    {"exchange", "how means are taken, an expression; default: a server", &r::exchange},
    {"topology", "for decentralized algorithms; default: a ring", &r::topology},
    {"optimizer", "an expression", &r::optimizer},
    {"objective", "an expression", &r::objective},
    {"data", "fashion-mnist, a folder of IDX files, or synthetic(...)", &r::data, 0, 0, true},
    {"partition", "iid, shards(...) or dirichlet(...)", &r::partition},
    {"network", "the simulated network: latency=TIME,bandwidth=RATE", &r::network, 0, 0, true, true},
    {"speed", "simulated steps: kind=KIND,mean=SECONDS,slow=FACTOR", &r::speed, 0, 0, false, true},
    {"engine", "tbb, mpi or event", &r::engine, 0, 0, false, true},
    {"nodes", "workers", &r::nodes, 1, 1 << 20},
    {"batch", "samples per round, all workers together", &r::batch, 1, 1 << 30},
    {"rounds", "rounds", &r::rounds, 1, many, true, true},
    {"seed", "the seed of everything random", &r::seed, 0, ~std::uint64_t{0}, true},
    {"threads", "threads; 0 for all processors", &r::threads, 0, 256, true, true},
    {"evaluate-every", "rounds between evaluations; 0 for about 25 of them", &r::evaluate_every, 0, many, true, true},
};

//! The settings of one run of a report; an empty name means the only one.
nlohmann::json run_of_report(const std::string& file, const std::string& name) {
    std::ifstream in(file);
    expect(in.good(), [&] { return "cannot open the report " + file; });
    const nlohmann::json report = nlohmann::json::parse(in, nullptr, false);
    expect(report.is_object() && report.contains("runs") && report["runs"].is_array() && !report["runs"].empty(),
           [&] { return file + " is not a report.json of this program"; });
    std::vector<std::string> names;
    for (const auto& run : report["runs"]) {
        names.push_back(run.value("name", ""));
        if (name == names.back() || (name.empty() && report["runs"].size() == 1)) {
            expect(run.contains("settings") && run["settings"].is_object(),
                   [&] { return file + " does not say how its run was set up: it was written by an older version"; });
            return run["settings"];
        }
    }
    throw invalid_input(file + " has several runs: say which, as " + file + "#NAME; its names are " + joined(names));
}

//! Sets what `app` was not given itself.
void take(const std::string& file, const CLI::App& app, training_request& request, const std::string& name,
          std::string value) {
    const auto s = std::ranges::find(settings(), name, &setting::name);
    expect(s != settings().end(), [&] {
        std::vector<std::string> names;
        for (const setting& known : settings()) {
            names.emplace_back(known.name);
        }
        return file + ": there is no setting '" + name + "'" + did_you_mean(name, names) + "; known: " + joined(names);
    });
    if (app.get_option("--" + name)->count() > 0) {
        return;
    }
    if (const auto* text = std::get_if<std::string training_request::*>(&s->member)) {
        request.** text = value;
        return;
    }
    const std::string problem = whole(s->low, s->high)(value);
    expect(problem.empty(), [&] { return file + ": " + name + ": " + problem; });
    request.*std::get<std::uint64_t training_request::*>(s->member) = std::stoull(value);
}

}  // namespace

std::span<const setting> settings() {
    return all_settings;
}

CLI::Validator whole(std::uint64_t low, std::uint64_t high) {
    const std::string range = std::to_string(low) + ".." + std::to_string(high);
    return {[=](std::string& text) {
                std::uint64_t value = 0;
                const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
                if (problem != std::errc() || end != text.data() + text.size() || value < low || value > high) {
                    return "'" + text + "' is not a whole number in " + range;
                }
                text = std::to_string(value);
                return std::string();
            },
            "in " + range};
}

void add_setting(CLI::App& app, training_request& request, std::string_view name) {
    const setting& s = *std::ranges::find(settings(), name, &setting::name);
    const std::string option = "--" + std::string(name);
    if (const auto* text = std::get_if<std::string training_request::*>(&s.member)) {
        auto* added = app.add_option(option, request.**text, s.meaning);
        if (!(request.**text).empty()) {
            added->capture_default_str();
        }
    } else {
        app.add_option(option, request.*std::get<std::uint64_t training_request::*>(s.member), s.meaning)
            ->check(whole(s.low, s.high))
            ->capture_default_str();
    }
}

void add_settings(CLI::App& app, training_request& request, bool of_comparisons) {
    for (const setting& s : settings()) {
        if (s.of_comparisons || !of_comparisons) {
            add_setting(app, request, s.name);
        }
        if (s.of_comparisons && of_comparisons) {  // the defaults are those of each run
            app.get_option("--" + std::string(s.name))->default_str("");
        }
    }
}

void copy_given(const CLI::App& app, const training_request& from, training_request& to) {
    for (const setting& s : settings()) {
        const CLI::Option* option = app.get_option_no_throw("--" + std::string(s.name));
        if (option != nullptr && option->count() > 0) {
            std::visit([&](auto member) { to.*member = from.*member; }, s.member);
        }
    }
}

std::vector<reported_setting> settings_of(const training_request& request) {
    std::vector<reported_setting> all;
    for (const setting& s : settings()) {
        std::visit(
            [&](auto member) {
                if constexpr (requires { (request.*member).empty(); }) {
                    if ((request.*member).empty()) {
                        return;
                    }
                }
                all.emplace_back(std::string(s.name), request.*member);
            },
            s.member);
    }
    return all;
}

std::string configuration_text(const training_request& request) {
    std::string text;
    for (const setting& s : settings()) {
        if (!s.changes_nothing) {
            std::visit(
                [&](auto member) {
                    if constexpr (requires { text += request.*member + "\n"; }) {
                        text += request.*member + "\n";
                    } else {
                        text += std::to_string(request.*member) + "\n";
                    }
                },
                s.member);
        }
    }
    return text;
}

void take_report(const std::string& report, const CLI::App& app, training_request& request) {
    const auto hash = report.find('#');
    const std::string file = report.substr(0, hash);
    const nlohmann::json given = run_of_report(file, hash == std::string::npos ? "" : report.substr(hash + 1));
    for (const auto& [name, value] : given.items()) {
        take(file, app, request, name, value.is_string() ? value.get<std::string>() : value.dump());
    }
}

void take_file(const std::string& file, const CLI::App& app, training_request& request) {
    std::vector<CLI::ConfigItem> items;
    try {
        items = CLI::ConfigTOML().from_file(file);
    } catch (const CLI::Error& e) {
        throw invalid_input(file + ": " + e.what());
    }
    for (const CLI::ConfigItem& item : items) {
        expect(item.inputs.size() == 1, [&] { return file + ": '" + item.name + "' needs one value"; });
        take(file, app, request, item.name, item.inputs[0]);
    }
}

}  // namespace frugal::driver
