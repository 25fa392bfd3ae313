//! Vectors in files: raw little-endian 32-bit floats.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace frugal::driver {

//! All bytes of a file, or of the standard input where it is "-". Throws `invalid_input` naming the file and the reason,
//! also where there is more than memory should be asked for (64 GiB).
std::string read_bytes(const std::filesystem::path& file);

//! Throws also where the length is no multiple of 4, or 0.
std::vector<float> read_vector(const std::filesystem::path& file);
void write_vector(const std::filesystem::path& file, std::span<const float> x);

}  // namespace frugal::driver
