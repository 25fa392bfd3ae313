//! The program `frugal`: train, compare, codec, choose, reproduce, list.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iostream>
#include <new>
#include <string>
#include <vector>

#include <frugal/catalogue/term.hpp>
#include <frugal/version.hpp>

#include "commands.hpp"
#include "mpi_session.hpp"

namespace {

using frugal::driver::training_request;

//! A whole number in decimal digits, from low to high. (The parser itself would read -1 as 2^64 - 1 and 010 as 8.)
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

constexpr std::uint64_t many = std::uint64_t{1} << 40;

void add_workload_options(CLI::App& app, training_request& r) {
    app.add_option("--data", r.data, "fashion-mnist, a folder of IDX files, or synthetic(...)")->capture_default_str();
    app.add_option("--rounds", r.rounds, "rounds")->check(whole(1, many))->capture_default_str();
    app.add_option("--seed", r.seed, "the seed of everything random")->check(whole(0, ~0ull))->capture_default_str();
    app.add_option("--threads", r.threads, "threads; 0 for all processors")
        ->check(whole(0, 256))
        ->capture_default_str();
    app.add_option("--network", r.network, "the simulated network: latency=TIME,bandwidth=RATE")->capture_default_str();
    app.add_option("--evaluate-every", r.evaluate_every, "rounds between evaluations; 0 for about 25 of them")
        ->check(whole(0, many))
        ->capture_default_str();
}

int run(int argc, char** argv) {
    using namespace frugal::driver;
    CLI::App app{"frugal: training across many machines with few bits"};
    app.set_version_flag("--version", std::to_string(FRUGAL_VERSION_MAJOR) + "." +
                                          std::to_string(FRUGAL_VERSION_MINOR) + "." +
                                          std::to_string(FRUGAL_VERSION_PATCH));
    app.require_subcommand(1);
    std::filesystem::path out = "out";

    training_request request;
    auto* train = app.add_subcommand("train", "train one objective by one algorithm");
    train->add_option("--algorithm", request.algorithm, "see `frugal list`")->capture_default_str();
    train->add_option("--compressor", request.compressor, "an expression or alias")->capture_default_str();
    train->add_option("--exchange", request.exchange, "how means are taken, an expression; default: a server");
    auto* topology =
        train->add_option("--topology", request.topology, "for decentralized algorithms")->capture_default_str();
    train->add_option("--optimizer", request.optimizer, "an expression")->capture_default_str();
    train->add_option("--objective", request.objective, "an expression")->capture_default_str();
    train->add_option("--partition", request.partition, "iid, shards(...) or dirichlet(...)")->capture_default_str();
    train->add_option("--speed", request.speed, "simulated steps: kind=KIND,mean=SECONDS,slow=FACTOR")
        ->capture_default_str();
    train->add_option("--engine", request.engine, "tbb, mpi or event")->capture_default_str();
    add_workload_options(*train, request);
    train->add_option("--nodes", request.nodes, "workers")->check(whole(1, 1 << 20))->capture_default_str();
    train->add_option("--batch", request.batch, "samples per round, all workers together")
        ->check(whole(1, 1 << 30))
        ->capture_default_str();
    train->add_option("--checkpoint-every", request.checkpoint_every, "rounds between checkpoints; 0 for none")
        ->check(whole(0, many))
        ->capture_default_str();
    train->add_option("--checkpoint", request.checkpoint, "folder of the checkpoints");
    train->add_flag("--resume", request.resume, "go on from the newest checkpoint, if there is one");
    train->add_option("--out", out, "folder for report.json, curves.csv and curves.svg")->capture_default_str();

    std::string preset;
    training_request common;
    common.rounds = 0;
    auto* compare = app.add_subcommand("compare", "several methods on the same work, one table and one picture");
    compare->add_option("PRESET", preset, "see `frugal list`")->required();
    add_workload_options(*compare, common);
    compare->add_option("--out", out, "folder for the results")->capture_default_str()->take_last();

    codec_request codec_options;
    auto* codec = app.add_subcommand("codec", "one real vector through a compressor");
    codec->add_option("--compressor", codec_options.compressor, "an expression or alias")->required();
    codec->add_option("--input", codec_options.input, "an .npy file, or raw little-endian 32-bit floats")->required();
    codec->add_option("--output", codec_options.output, "where to write the decoded vector");
    codec->add_option("--repeat", codec_options.repeat, "repeats, each with a fresh key")
        ->check(whole(1, 1000000))
        ->capture_default_str();
    codec->add_option("--seed", codec_options.seed, "the seed")->check(whole(0, ~0ull))->capture_default_str();

    choose_request choose_options;
    auto* choose = app.add_subcommand("choose", "every codec of the catalogue on one real vector, and which to take");
    choose->add_option("--input", choose_options.input, "an .npy file, or raw little-endian 32-bit floats")->required();
    choose->add_option("--link", choose_options.link, "of a node, in each direction")->capture_default_str();
    choose->add_option("--tensors", choose_options.tensors,
                       "a file with [{\"name\": ..., \"shape\": [...]}, ...]: measures codecs tensor by tensor, too");
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

    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& e) {
        return app.exit(e);
    } catch (const CLI::ParseError& e) {
        std::vector<std::string> commands;
        for (const auto* c : app.get_subcommands([](const CLI::App*) { return true; })) {
            commands.push_back(c->get_name());
        }
        const std::string first = argc > 1 ? argv[1] : "";
        if (!first.empty() && first[0] != '-' && std::find(commands.begin(), commands.end(), first) == commands.end()) {
            std::cerr << "frugal: unknown command '" << first << "'" << frugal::did_you_mean(first, commands)
                      << "; known: " << frugal::joined(commands) << '\n';
        } else {
            std::cerr << "frugal: " << e.what() << " (see frugal --help)\n";
        }
        return 2;
    }
    request.topology_given = topology->count() > 0;
    if (*train) {
        return run_train(request, out);
    }
    if (*compare) {
        return run_compare(preset, common, out);
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
    return *list ? run_list(markdown) : 2;
}

}  // namespace

int main(int argc, char** argv) {
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
