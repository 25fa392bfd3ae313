//! The settings of a run, one line each: options of the command line, what report.json repeats, and what tells one run
//! from another derive from this list.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>

#include "training.hpp"

namespace frugal::driver {

struct setting {
    std::string_view name;  // without the dashes
    const char* meaning;
    std::variant<std::string training_request::*, std::uint64_t training_request::*> member;
    std::uint64_t low = 0;
    std::uint64_t high = ~std::uint64_t{0};
    bool of_comparisons = false;   // may be given for all runs of a comparison together
    bool changes_nothing = false;  // or little enough that a run may be resumed with another value
};

std::span<const setting> settings();

//! A whole number in decimal digits, from low to high. (The parser itself would read -1 as 2^64 - 1 and 010 as 8.)
CLI::Validator whole(std::uint64_t low, std::uint64_t high);

//! Gives `app` the options of all settings, or of those that a comparison shares.
void add_settings(CLI::App& app, training_request& r, bool of_comparisons = false);

//! Gives `app` the option of one setting.
void add_setting(CLI::App& app, training_request& r, std::string_view name);

//! Copies the settings that `app` was given.
void copy_given(const CLI::App& app, const training_request& from, training_request& to);

//! What a report says of a run: all settings but those that are empty.
std::vector<reported_setting> settings_of(const training_request& r);

//! Everything that one run must have in common with another that it continues.
std::string configuration_text(const training_request& r);

//! Takes every setting that `app` was not given itself from a report (FILE, or FILE#NAME for one of several runs), or
//! from a file of lines such as `compressor = "dqsg"` (TOML). Throws `invalid_input` naming the file and what is wrong.
void take_report(const std::string& report, const CLI::App& app, training_request& r);
void take_file(const std::string& file, const CLI::App& app, training_request& r);

}  // namespace frugal::driver
