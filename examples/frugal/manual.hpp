//! `frugal help --man`: the manual page, made from what the options say of themselves.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace frugal::driver {

//! In the language of man(7).
std::string manual_page(const CLI::App& app);

}  // namespace frugal::driver
