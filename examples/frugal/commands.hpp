//! The subcommands of the program `frugal`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "training.hpp"

namespace frugal::driver {

struct codec_request {
    std::string compressor;
    std::filesystem::path input;            // a vector, .npy or raw floats; "-": the standard input
    std::filesystem::path message;          // instead: a message to decode
    std::filesystem::path output;           // the decoded vector; empty: none
    std::filesystem::path written_message;  // the first message; empty: none
    std::filesystem::path tensors;          // layout.json; empty: none
    int repeat = 10;
    std::uint64_t seed = 1;
};

struct choose_request {
    std::filesystem::path input;
    std::filesystem::path tensors;  // layout.json; empty: none
    std::string link = "1Gbps";
    int repeat = 16;
    std::uint64_t seed = 1;
};

//! Each returns the exit status; errors are exceptions.
int run_train(const training_request& request, const std::filesystem::path& out);
int run_evaluate(const training_request& request, const std::filesystem::path& model);
//! name: of a preset, or a file of runs; change: what the command line sets for all of them.
int run_compare(const std::string& name, const std::function<void(training_request&)>& change,
                const std::filesystem::path& out);
int run_codec(const codec_request& request);
int run_choose(const choose_request& request, const std::filesystem::path& out);
int run_reproduce(const std::vector<std::string>& names, const std::filesystem::path& out, std::uint64_t seed);
int run_list(bool markdown, const std::string& kind, const std::string& name);

//! Names and one-line meanings of the presets of `compare` and the claims of `reproduce`.
std::vector<std::pair<std::string, std::string>> comparison_presets();
std::vector<std::pair<std::string, std::string>> reproductions();

}  // namespace frugal::driver
