//! The subcommands of the program `frugal`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "training.hpp"

namespace frugal::driver {

struct codec_request {
    std::string compressor;
    std::filesystem::path input;   // .npy or raw floats
    std::filesystem::path output;  // the decoded vector; empty: none
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
int run_compare(const std::string& preset, const training_request& common, const std::filesystem::path& out);
int run_codec(const codec_request& request);
int run_choose(const choose_request& request, const std::filesystem::path& out);
int run_reproduce(const std::vector<std::string>& names, const std::filesystem::path& out, std::uint64_t seed);
int run_list(bool markdown);

//! Names and one-line meanings of the presets of `compare` and the claims of `reproduce`.
std::vector<std::pair<std::string, std::string>> comparison_presets();
std::vector<std::pair<std::string, std::string>> reproductions();

}  // namespace frugal::driver
