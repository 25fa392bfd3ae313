//! The program `frugal`: train, evaluate, compare, codec, choose, reproduce, list, help.
#include "program.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include <frugal/catalogue/term.hpp>
#include <frugal/kernels/batch.hpp>

#include "commands.hpp"
#include "manual.hpp"
#include "mpi_session.hpp"
#include "settings.hpp"

namespace {

//! The option that a mistyped word of the command line may have meant: "; did you mean --compressor?"
std::string meant_option(const CLI::App& command, const std::vector<std::string>& words) {
    std::vector<std::string> known;
    for (const CLI::Option* o : command.get_options()) {
        known.push_back(o->get_name());
    }
    for (const std::string& word : words) {
        const std::string option = word.substr(0, word.find('='));
        if (option.starts_with("--") && std::find(known.begin(), known.end(), option) == known.end()) {
            return frugal::did_you_mean(option, known);
        }
    }
    return {};
}

int run(int argc, char** argv) {
    using namespace frugal::driver;
    CLI::App app{"frugal: training across many machines with few bits"};
    app.set_version_flag("--version", version_text() + " (" + std::string(frugal::level_name(frugal::compiled_level)) +
                                          ", kernels: " + frugal::default_arch::name() + ")");
    app.require_subcommand(1);
    std::filesystem::path out = "out";

    training_request request;
    auto* train = app.add_subcommand("train", "train one objective by one algorithm");
    add_settings(*train, request);
    std::string from;
    train->add_option("--from", from, "a report.json (or FILE#NAME) whose run is repeated, but for what is given here");
    std::string config;
    train->add_option("--config", config, "a file of options, a line each, such as compressor = \"dqsg\"");
    train->add_option("--checkpoint-every", request.checkpoint_every, "rounds between checkpoints; 0 for none")
        ->check(whole(0, std::uint64_t{1} << 40))
        ->capture_default_str();
    train->add_option("--checkpoint", request.checkpoint, "folder of the checkpoints");
    train->add_flag("--resume", request.resume, "go on from the newest checkpoint, if there is one");
    train->add_option("--save", request.save, "file for the trained parameters: raw 32-bit floats");
    train->add_option("--out", out, "folder for report.json, curves.csv and curves.svg")->capture_default_str();

    training_request judged;
    std::filesystem::path model;
    auto* evaluate = app.add_subcommand("evaluate", "loss and accuracy of parameters that train --save wrote");
    evaluate->add_option("--model", model, "the parameters")->required();
    for (const char* name : {"objective", "data", "seed"}) {
        add_setting(*evaluate, judged, name);
    }

    std::string preset;
    training_request common;
    auto* compare = app.add_subcommand("compare", "several methods on the same work, one table and one picture");
    compare->add_option("PRESET", preset, "see `frugal list`; or a file, a line for each run: NAME: OPTIONS of train")
        ->required();
    add_settings(*compare, common, true);
    compare->add_option("--out", out, "folder for the results")->capture_default_str()->take_last();

    codec_request codec_options;
    auto* codec = app.add_subcommand("codec", "one real vector through a compressor");
    codec->add_option("--compressor", codec_options.compressor, "an expression or alias")->required();
    codec->add_option("--input", codec_options.input,
                      "an .npy file, or raw little-endian 32-bit floats; -: the standard input");
    codec->add_option("--message", codec_options.message, "instead of --input: a message to decode");
    codec->add_option("--output", codec_options.output, "where to write the decoded vector");
    codec->add_option("--write-message", codec_options.written_message, "where to write the first message");
    codec->add_option("--tensors", codec_options.tensors, "a file with the tensors, for per_tensor (see choose)");
    codec->add_option("--repeat", codec_options.repeat, "repeats, each with a fresh key")
        ->check(whole(1, 1000000))
        ->capture_default_str();
    codec->add_option("--seed", codec_options.seed, "the seed")->check(whole(0, ~0ull))->capture_default_str();

    choose_request choose_options;
    auto* choose = app.add_subcommand("choose", "every codec of the catalogue on one real vector, and which to take");
    choose->add_option("--input", choose_options.input, "an .npy file, or raw little-endian 32-bit floats")->required();
    choose->add_option("--link", choose_options.link, "of a node, in each direction")->capture_default_str();
    choose->add_option("--tensors", choose_options.tensors,
                       "a file with [{\"name\": ..., \"shape\": [...]}, ...]: measures codecs per tensor, too");
    choose->add_option("--repeat", choose_options.repeat, "messages that are averaged")
        ->check(whole(1, 1000000))
        ->capture_default_str();
    choose->add_option("--seed", choose_options.seed, "the seed")->check(whole(0, ~0ull))->capture_default_str();
    choose->add_option("--out", out, "folder for choose.json and choose.svg")->capture_default_str();

    std::vector<std::string> claims;
    bool all = false;
    std::uint64_t seed = 1;
    auto* reproduce = app.add_subcommand("reproduce", "published claims at desk scale: claim, ours, verdict");
    reproduce->add_option("NAME", claims, "see `frugal list`");
    reproduce->add_flag("--all", all, "every claim");
    reproduce->add_option("--seed", seed, "the seed")->check(whole(0, ~0ull))->capture_default_str();
    reproduce->add_option("--out", out, "folder for the results")->capture_default_str();

    auto* list = app.add_subcommand("list", "everything that can be named, with parameters and defaults");
    bool markdown = false;
    list->add_flag("--markdown", markdown, "as the page docs/catalogue.md");
    std::string kind, name;
    list->add_option("KIND", kind, "only these, such as compressors");
    list->add_option("NAME", name, "only this one");

    std::string topic;
    auto* help = app.add_subcommand("help", "what a command does and which options it takes");
    help->add_option("COMMAND", topic, "the command");
    bool manual = false;
    help->add_flag("--man", manual, "as a manual page");

    std::vector<std::string> commands;
    for (const auto* c : app.get_subcommands([](const CLI::App*) { return true; })) {
        commands.push_back(c->get_name());
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& e) {
        return app.exit(e);
    } catch (const CLI::ParseError& e) {
        const std::string first = argc > 1 ? argv[1] : "";
        if (!first.empty() && first[0] != '-' && std::find(commands.begin(), commands.end(), first) == commands.end()) {
            std::cerr << "frugal: unknown command '" << first << "'" << frugal::did_you_mean(first, commands)
                      << "; known: " << frugal::joined(commands) << '\n';
        } else {
            const CLI::App& command = first.empty() || first[0] == '-' ? app : *app.get_subcommand(first);
            std::cerr << "frugal: " << e.what() << meant_option(command, {argv + 1, argv + argc}) << " (see frugal help"
                      << (&command == &app ? "" : " " + first) << ")\n";
        }
        return 2;
    }
    if (*help) {
        if (!topic.empty() && std::find(commands.begin(), commands.end(), topic) == commands.end()) {
            std::cerr << "frugal: unknown command '" << topic << "'" << frugal::did_you_mean(topic, commands) << '\n';
            return 2;
        }
        const CLI::App& command = topic.empty() ? app : *app.get_subcommand(topic);
        std::cout << (manual ? manual_page(app)
                             : app.get_formatter()->make_help(&command, "frugal " + topic, CLI::AppFormatMode::Normal));
        return 0;
    }
    if (*train) {
        if (!from.empty()) {
            take_report(from, *train, request);
        }
        if (!config.empty()) {
            take_file(config, *train, request);
        }
        return run_train(request, out);
    }
    if (*evaluate) {
        return run_evaluate(judged, model);
    }
    if (*compare) {
        return run_compare(preset, [&](training_request& r) { copy_given(*compare, common, r); }, out);
    }
    if (*codec) {
        return run_codec(codec_options);
    }
    if (*choose) {
        return run_choose(choose_options, out);
    }
    if (*reproduce) {
        if (all == !claims.empty()) {
            std::cerr << "frugal: reproduce needs the name of a claim, or --all (see frugal list)\n";
            return 2;
        }
        if (all) {
            for (const auto& r : reproductions()) {
                claims.push_back(r.first);
            }
        }
        return run_reproduce(claims, out, seed);
    }
    return *list ? run_list(markdown, kind, name) : 2;
}

int run_guarded(int argc, char** argv) {
    try {
        return frugal::driver::with_mpi(argc, argv, [&] {
            const int status = run(argc, argv);
            if (!std::cout.flush()) {
                throw frugal::error("cannot write to the standard output");
            }
            return status;
        });
    } catch (const std::bad_alloc&) {
        std::cerr << "frugal: there is not enough memory for this\n";
        return 1;
    } catch (const std::exception& e) {
        std::cerr << "frugal: " << e.what() << '\n';
        return 1;
    }
}

}  // namespace

FRUGAL_LEVEL_TABLE(level_program, {&run_guarded})
